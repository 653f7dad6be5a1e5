"""Changes of the intent catalogue that reach further than one row: added, renamed, proposed."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.catalogue import HARMLESS, NAME_RULE, CatalogueIntent, is_name
from services.storage import audit, catalogue, settings, versions
from services.storage.catalogue import StoredIntent, UnknownIntent
from services.storage.clock import now
from services.storage.samples import label_of, usable
from services.storage.tables import (
    auditoria,
    conversations,
    evidence,
    training_samples,
)
from services.storage.tables import intenciones_sistema as table

NAMING: Mapping[str, Iterable[str]] = {
    "ml_intenciones_inofensivas": HARMLESS,
    "ml_intenciones_siempre_preguntar": (),
    "ml_intenciones_nunca_preguntar": (),
}
"""Settings that name intents, separated by commas, and what holds where none is stored."""
_LABELS = (
    training_samples.c.intencion,
    training_samples.c.dicho,
    training_samples.c.propuesta,
    evidence.c.said,
    evidence.c.teacher,
    evidence.c.second,
    evidence.c.person,
    conversations.c.asked_intent,
)
"""Where an intent is written by its name and still means something. History keeps what it says."""
_RENAMED = "intent name"
"""What the history of changes calls a rename."""
_EXAMPLES = 3  # words of customers that are shown beside a proposal
_samples = training_samples.c


class IntentExists(ValueError):
    """The catalogue has an intent of that name, active or not."""


class UnusableName(ValueError):
    """No intent can be called that."""


class Proposed(NamedTuple):
    """A new intent that the teacher proposed, how often, and some of the customers' words."""

    name: str
    samples: int
    examples: tuple[str, ...]


async def add(
    connection: AsyncConnection, intent: CatalogueIntent, who: str
) -> tuple[StoredIntent, int]:
    """Add an intent; samples for which it was proposed are learned as it: how many, is told.

    Raises:
        IntentExists: there is one of that name.
    """
    await versions.bump(connection, versions.CATALOGUE)
    await _must_be_free(connection, intent.name)
    moment = await now(connection)
    row = catalogue.row_of(intent) | {"created_at": moment, "updated_at": moment}
    await connection.execute(insert(table).values(row))
    await audit.record(connection, who, [audit.Change("intent", intent.name, None, "added")])
    waiting = select(func.count()).where(_waiting(intent.name))
    stored = await catalogue.one(connection, intent.name)
    return stored, await connection.scalar(waiting) or 0


async def rename(connection: AsyncConnection, old: str, new: str, who: str) -> StoredIntent:
    """Give an intent another name wherever it means something: samples, evidence, settings.

    Raises:
        UnknownIntent: there is none of the old name.
        IntentExists: there is one of the new name.
        UnusableName: no intent can be called that.
    """
    _check_name(new)
    await versions.bump(connection, versions.CATALOGUE)
    await catalogue.one(connection, old)
    await _must_be_free(connection, new)
    moment = await now(connection)
    renamed = update(table).where(table.c.nombre == old)
    await connection.execute(renamed.values(nombre=new, updated_at=moment))
    for column in _LABELS:
        relabelled = update(column.table).where(column == old).values({column: new})
        await connection.execute(relabelled)
    await _rename_in_settings(connection, old, new, who)
    await audit.record(connection, who, [audit.Change(_RENAMED, new, old, new)])
    return await catalogue.one(connection, new)


async def renamed(connection: AsyncConnection, names: Collection[str]) -> dict[str, str]:
    """What intents of these names are called today; without those that the catalogue has."""
    known = set(await connection.scalars(select(table.c.nombre)))
    if known.issuperset(names):
        return {}
    log = auditoria.c
    history = select(log.before, log.after).where(log.what == _RENAMED).order_by(log.id)
    later: dict[str, str] = {row.before: row.after for row in await connection.execute(history)}
    return {
        name: today
        for name in set(names) - known
        if (today := _followed(name, later, known)) in known
    }


async def called_today(
    connection: AsyncConnection, names: Collection[str], since: datetime
) -> dict[str, str]:
    """What the intents that had these names then are called today; without those that still are."""
    log = auditoria.c
    history = select(log.before, log.after).where(log.what == _RENAMED, log.at >= since)
    today = {name: name for name in names}
    for before, after in await connection.execute(history.order_by(log.id)):
        for name, called in today.items():
            if called == before:
                today[name] = after
    return {name: called for name, called in today.items() if name != called}


async def proposed(connection: AsyncConnection, limit: int) -> list[Proposed]:
    """What the teacher proposed and the catalogue lacks, the most wanted first."""
    count, name = func.count(), _samples.propuesta
    known = select(table.c.nombre).where(table.c.nombre == name).exists()
    query = select(name, count).where(
        name.is_not(None), ~known, _samples.intencion.is_(None), usable
    )
    most_wanted = query.group_by(name).order_by(count.desc(), name).limit(limit)
    found = (await connection.execute(most_wanted)).all()
    return [
        Proposed(each, int(samples), await _examples(connection, each, _EXAMPLES))
        for each, samples in found
    ]


async def counts(connection: AsyncConnection, intents: Iterable[str]) -> dict[str, int]:
    """How many different texts of each intent can be learned from; those without are left out."""
    names = list(intents)
    label = label_of(names).label("label")
    learned = select(label, _samples.texto).where(usable, label.in_(names)).subquery().c
    query = select(learned.label, func.count(func.distinct(learned.texto)))
    rows = await connection.execute(query.group_by(learned.label))
    return {name: int(found) for name, found in rows}


def _waiting(name: str) -> ColumnElement[bool]:
    """Samples of which a labeller said that nothing fits but this, which the catalogue lacks."""
    return and_(_samples.propuesta == name, _samples.intencion.is_(None), usable)


async def _examples(connection: AsyncConnection, name: str, limit: int) -> tuple[str, ...]:
    newest = func.max(_samples.id)
    query = select(_samples.texto).where(_waiting(name)).group_by(_samples.texto)
    return tuple(await connection.scalars(query.order_by(newest.desc()).limit(limit)))


async def _must_be_free(connection: AsyncConnection, name: str) -> None:
    try:
        found = await catalogue.one(connection, name)
    except UnknownIntent:
        return
    state = "active" if found.active else "switched off: `aprendiz intents activate` brings it back"
    raise IntentExists(f"The catalogue has an intent {name!r} already, it is {state}")


def _followed(name: str, later: Mapping[str, str], known: Collection[str]) -> str:
    """The last name that an intent was given, or the first of them that the catalogue has."""
    passed: set[str] = set()
    while name not in known and name not in passed and name in later:
        passed.add(name)
        name = later[name]
    return name


def _check_name(name: str) -> None:
    if not is_name(name):
        raise UnusableName(f"No intent can be called {name[:80]!r}: {NAME_RULE}")


async def _rename_in_settings(connection: AsyncConnection, old: str, new: str, who: str) -> None:
    # An intent of which the operator said that it is always asked must not lose that by its name.
    stored = (await settings.read(connection)).values
    changes: dict[str, str | None] = {}
    for key, otherwise in NAMING.items():
        names = [each.strip() for each in (stored.get(key) or ",".join(otherwise)).split(",")]
        if old in names:
            changes[key] = ",".join(new if each == old else each for each in names)
    if changes:
        await settings.write(connection, changes, who)
