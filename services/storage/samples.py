"""Samples: the labelled texts that the student learns from, and which of them it may learn from."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, case, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import Origin
from services.storage.catalogue import BASE
from services.storage.clock import now
from services.storage.tables import training_samples
from services.storage.upsert import insert_ignore

MOST_NEW = 10_000
"""New texts that are read: so many start a training in any case."""
MOST_HELD, MOST_ALIKE = 1_000, 5_000
"""Held samples that are read at once, and samples of their labels that may confirm them."""
PLAYED = (Origin.SIMULATED, Origin.REPLAYED)
"""Origins of what no customer has just written."""

_samples = training_samples.c


class SampleState(StrEnum):
    """What may be learned from a sample; without a state it may, as other programs insert them."""

    HELD = "held"
    """It firmly contradicts the student: it waits for another voice."""
    RELEASED = "released"
    DROPPED = "dropped"
    """A person labelled the turn, which outranks it."""
    CAPPED = "capped"
    """Its contact has sent more than a day's share."""


class NewSample(NamedTuple):
    """A labelled text. `intent` None: none of the catalogue fits.

    `said` and `said_confidence` are the student's word on it, before it was labelled; `proposed` is
    the new intent that the labeller would name it.
    """

    event_id: str
    text: str
    intent: str | None
    labelled_by: str
    confidence: float | None
    origin: str
    conversation_id: str | None
    contact_id: str | None
    turn_id: str | None
    created_at: datetime
    state: SampleState | None = None
    reason: str | None = None
    said: str | None = None
    said_confidence: float | None = None
    proposed: str | None = None


class Written(NamedTuple):
    """A stored text and its intent, as `Labelled`, and who wrote it."""

    id: int
    text: str
    intent: str | None
    contact_id: str | None


class Labelled(NamedTuple):
    """A stored text and its intent, None: nothing fits; `id` rises in the order of storing."""

    id: int
    text: str
    intent: str | None


async def store(connection: AsyncConnection, samples: Iterable[NewSample]) -> None:
    """Keep samples; one whose event id is known changes nothing."""
    await insert_ignore(connection, training_samples, [_sample(each) for each in samples])


async def known(connection: AsyncConnection, event_ids: Collection[str]) -> set[str]:
    """Those of the events whose sample is kept already."""
    query = select(_samples.event_id).where(_samples.event_id.in_(event_ids))
    return set(await connection.scalars(query))


async def release(connection: AsyncConnection, turn_id: str, intent: str | None) -> None:
    """Let a turn's held sample be learned from, under the label that two voices agree on."""
    held = and_(_samples.turn_id == turn_id, _samples.estado == SampleState.HELD)
    freed = {"estado": SampleState.RELEASED, "intencion": intent}
    await connection.execute(update(training_samples).where(held).values(freed))


async def release_ids(connection: AsyncConnection, ids: Collection[int]) -> None:
    """Let held samples be learned from under their own labels."""
    held = and_(_samples.id.in_(ids), _samples.estado == SampleState.HELD)
    freed = {"estado": SampleState.RELEASED}
    await connection.execute(update(training_samples).where(held).values(freed))


async def overrule(connection: AsyncConnection, turn_ids: Collection[str], person: str) -> None:
    """Drop what others than a person said of these turns."""
    others = and_(_samples.turn_id.in_(turn_ids), _samples.etiquetado_por != person)
    gone = {"estado": SampleState.DROPPED, "motivo": "a person labelled the turn"}
    await connection.execute(update(training_samples).where(others).values(gone))


async def sent_today(connection: AsyncConnection, contacts: Collection[str]) -> dict[str, int]:
    """How many samples each of these contacts sent in the last 24 hours."""
    since = await now(connection) - timedelta(days=1)
    query = select(_samples.contact_id, func.count()).group_by(_samples.contact_id)
    query = query.where(_samples.contact_id.in_(contacts), _samples.created_at >= since)
    return {contact: int(found) for contact, found in await connection.execute(query)}


async def sent_like(
    connection: AsyncConnection,
    intents: Collection[str],
    labels: Collection[str | None],
) -> list[Written]:
    """The newest samples of known contacts that can be learned from, with one of these labels.

    Of live traffic, or of other programs: who plays a phone or old messages may be anybody.
    """
    label = label_of(intents)
    real = or_(_samples.origen.is_(None), _samples.origen.not_in(PLAYED))
    none_fits = and_(label.is_(None), _samples.etiquetado_por.is_not(None))
    alike = or_(label.in_([each for each in labels if each is not None]), none_fits)
    query = select(_samples.id, _samples.texto, label, _samples.contact_id)
    query = query.where(
        usable, real, alike, _samples.texto.is_not(None), _samples.contact_id.is_not(None)
    )
    newest_first = query.order_by(_samples.id.desc()).limit(MOST_ALIKE)
    return [Written(*row) for row in await connection.execute(newest_first)]


async def held(connection: AsyncConnection, intents: Collection[str]) -> list[Written]:
    """Held samples, the newest first."""
    query = select(_samples.id, _samples.texto, label_of(intents), _samples.contact_id)
    query = query.where(_samples.estado == SampleState.HELD, _samples.texto.is_not(None))
    newest_first = query.order_by(_samples.id.desc()).limit(MOST_HELD)
    return [Written(*row) for row in await connection.execute(newest_first)]


async def newest(connection: AsyncConnection) -> int:
    """The id of the newest sample, labelled or not; 0 when there is none."""
    return int(await connection.scalar(select(func.max(_samples.id))) or 0)


async def new_texts(
    connection: AsyncConnection, intents: Collection[str], after: int, limit: int = MOST_NEW
) -> list[str]:
    """What `labelled` would give of those that came after a sample, the catalogue's own aside."""
    fresh = and_(_samples.id > after, or_(_samples.origen.is_(None), _samples.origen != BASE))
    query = select(_samples.texto).where(fresh, _teaches(intents)).order_by(_samples.id)
    return list(await connection.scalars(query.limit(limit)))


async def labelled(
    connection: AsyncConnection, intents: Collection[str], up_to: int
) -> list[Labelled]:
    """All samples that can be learned from, up to and with a sample's id, in their order."""
    query = select(_samples.id, _samples.texto, label_of(intents))
    query = query.where(_samples.id <= up_to, _teaches(intents)).order_by(_samples.id)
    return [Labelled(*row) for row in await connection.execute(query)]


def label_of(intents: Collection[str]) -> ColumnElement[str | None]:
    """What a sample is learned as, where the catalogue has these `intents`; NULL: none fits.

    One that the labeller proposed because the catalogue had none is one, once the catalogue has it:
    accepted since, renamed, or switched on again.
    """
    proposed = case((_samples.propuesta.in_(intents), _samples.propuesta))
    return func.coalesce(_samples.intencion, proposed)


usable = or_(_samples.estado.is_(None), _samples.estado == SampleState.RELEASED)
"""What may be learned from: no state, as other programs insert samples, or a good one."""


def _teaches(intents: Collection[str]) -> ColumnElement[bool]:
    """Samples with one of the intents, or of which a labeller said that nothing fits.

    In an adopted table a row may lack its text, and one without a labeller may just not be labelled
    yet.
    """
    none_fits = and_(_samples.intencion.is_(None), _samples.etiquetado_por.is_not(None))
    known = or_(_samples.intencion.in_(intents), none_fits)
    return and_(known, _samples.texto.is_not(None), usable)


def _sample(sample: NewSample) -> dict[str, Any]:
    return {
        "event_id": sample.event_id,
        "texto": sample.text,
        "intencion": sample.intent,
        "etiquetado_por": sample.labelled_by,
        "confianza": sample.confidence,
        "origen": sample.origin,
        "conversation_id": sample.conversation_id,
        "contact_id": sample.contact_id,
        "turn_id": sample.turn_id,
        "created_at": sample.created_at,
        "estado": sample.state,
        "motivo": sample.reason,
        "dicho": sample.said,
        "seguridad": sample.said_confidence,
        "propuesta": sample.proposed,
    }
