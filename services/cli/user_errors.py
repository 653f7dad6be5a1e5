"""Errors whose message tells a person all that is needed; any other one shows its traceback."""

from services.cli.charts import ChartsMissing
from services.cli.line import Unsayable
from services.cli.report import Unwritable
from services.learning.estimation.messages import UnusableMessages
from services.learning.judging.labelled import LabelledFileError
from services.panel.by_hand import NotPromoted
from services.panel.intents import UnusableIntent
from services.runtime.broker import BrokerAway, TopologyMismatch
from services.runtime.http import PortBusy
from services.runtime.settings import SettingsError
from services.storage.catalogue import UnknownIntent
from services.storage.errors import DatabaseAway, DatabaseError, UnusableUrl
from services.storage.intents import IntentExists, UnusableName
from services.storage.models import ModelMissing

USER_ERRORS = (
    BrokerAway,
    ChartsMissing,
    DatabaseAway,
    DatabaseError,
    IntentExists,
    LabelledFileError,
    ModelMissing,
    NotPromoted,
    PortBusy,
    SettingsError,
    TopologyMismatch,
    UnknownIntent,
    Unsayable,
    UnusableIntent,
    UnusableMessages,
    UnusableName,
    UnusableUrl,
    Unwritable,
)
