"""An intent that is renamed keeps what the operator has decided of it."""

from typing import get_type_hints

from services.runtime.live import LiveSettings, Names
from services.storage.intents import NAMING


def test_every_setting_that_names_intents_follows_a_rename() -> None:
    types = get_type_hints(LiveSettings, include_extras=True)
    fields = LiveSettings.model_fields
    naming = {name: fields[name].default for name in fields if types[name] == Names}
    assert naming == NAMING
