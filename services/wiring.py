"""The composition root: opens broker and database once, and puts a process together by hand."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from prometheus_client import CollectorRegistry

from contracts import topology
from services.champion import ChampionKeeper
from services.classifier import wiring as classifier
from services.conversations import wiring as conversations
from services.failures import wiring as failures
from services.gateway import wiring as gateway
from services.in_force import settings_in_force
from services.learning.certifying.slot import ModelSlot, TrustSlot
from services.opening import open_broker, open_database
from services.panel import wiring as panel
from services.retrainer import wiring as retrainer
from services.router import wiring as router
from services.runtime.follower import Callback
from services.runtime.health import Outside
from services.runtime.keeping import Background
from services.runtime.keys import Keys, read_keys
from services.runtime.link import Link
from services.runtime.live import Live, LiveSettings
from services.runtime.metrics import Metrics
from services.runtime.outbox import Outbox
from services.runtime.policy import Rules
from services.runtime.process import Dependencies, Frame, Part, Process
from services.runtime.settings import Settings, environment
from services.storage import catalogue, leases, migrate, versions
from services.storage import settings as stored_settings
from services.storage.engine import Database
from services.storage.errors import DatabaseAway
from services.storage.outbox import OutboxStore
from services.teacher import wiring as teacher
from services.trusting import TrustKeeper


@dataclass(frozen=True)
class Opened:
    """What a process has open, for the parts that stand on it."""

    frame: Frame
    database: Database
    keys: Keys
    model_slot: ModelSlot
    trust_slot: TrustSlot
    outside: Outside


ASSEMBLE: Mapping[str, Callable[[Opened], Part]] = {
    "conversations": lambda it: conversations.assemble(it.frame, it.database),
    "classifier": lambda it: classifier.assemble(it.frame, it.model_slot, it.trust_slot),
    "router": lambda it: router.assemble(it.frame, it.database),
    "teacher": lambda it: teacher.assemble(it.frame, it.database),
    "retrainer": lambda it: retrainer.assemble(it.frame, it.database, it.keys),
    "gateway": lambda it: gateway.assemble(it.frame, it.database),
    "failures": lambda it: failures.assemble(it.frame, it.database),
    "panel": lambda it: panel.assemble(
        it.frame,
        it.database,
        it.model_slot,
        it.trust_slot,
        it.outside,
        it.keys.signing,
    ),
}
WITH_MODEL = frozenset({"classifier", "panel", "retrainer"})
"""Who loads the model in force: two ask it, and the retrainer's machine forgets old ones with it.

For all others it would be 50 MB, and two seconds of a processor at each promotion, for nothing.
"""


@asynccontextmanager
async def open_process(settings: Settings, names: Sequence[str]) -> AsyncIterator[Process]:
    """A process of these services, ready to run.

    Raises:
        SchemaMismatch: the tables are not this release's; names the command.
        PortBusy: a port is taken; names the setting.
    """
    name = names[0] if len(names) == 1 else "all"
    keys = read_keys(settings)
    async with open_database(settings) as database:
        await migrate.require_current(settings.database)
        live = Live()
        take_settings = partial(_refresh, live, database, keys, environment())
        await take_settings()
        broker = open_broker(settings, name)
        link = Link(broker, topology.build(settings.gateways))
        rules = Rules().also_away(DatabaseAway)
        metrics = Metrics(CollectorRegistry())
        outbox = Outbox(OutboxStore(database, leases.this_process()), broker, rules.away, metrics)
        dependencies = Dependencies(link, database.ping, lambda: _versions(database), rules, outbox)
        frame = Frame(settings, live, broker, metrics, outbox.wake)
        opened = Opened(frame, database, keys, ModelSlot(), TrustSlot(), dependencies.outside)
        champion = ChampionKeeper(database, opened.model_slot, settings.models_dir, keys.signing)
        trust = TrustKeeper(database, live, opened.trust_slot)
        await trust.refresh()
        common = followed(names, take_settings, trust.refresh, champion.refresh, trust.run)
        parts = [common, *(ASSEMBLE[each](opened) for each in names)]
        yield Process(frame, parts, dependencies)


def followed(
    names: Sequence[str],
    settings: Callback,
    trust: Callback,
    model: Callback,
    count_evidence: Background,
) -> Part:
    """What a process of these services follows: the settings; where it is asked, model and trust.

    Each is called to bring in force what the database holds.
    """
    if not WITH_MODEL.intersection(names):
        # Nobody here asks how far the student is trusted: nothing need be counted every minute.
        return Part("process", follows={versions.SETTINGS: settings})

    async def settings_and_trust() -> None:
        await settings()
        await trust()

    async def trust_and_model() -> None:
        # In this order: a model that needs a higher threshold must not act by the former's.
        await trust()
        await model()

    follows = {
        versions.SETTINGS: settings_and_trust,
        versions.TRUST: trust,
        versions.CATALOGUE: trust,
        versions.MODEL: trust_and_model,
    }
    return Part("process", background=[count_evidence], follows=follows)


async def _refresh(live: Live, database: Database, keys: Keys, environ: Mapping[str, str]) -> None:
    async with database.read() as connection:
        live.take(await settings_in_force(connection, lambda: keys, environ))


async def _versions(database: Database) -> Mapping[str, int]:
    """The numbers that processes follow.

    Settings and intents are the shop's tables: its own programs write there and raise no version.
    """
    ours = LiveSettings.model_fields.keys()
    async with database.read() as connection:
        return await versions.read(connection) | {
            versions.SETTINGS: await stored_settings.fingerprint(connection, ours),
            versions.CATALOGUE: await catalogue.fingerprint(connection),
        }
