"""Graded turns: what the student said of each, live, and the labels that came for it since."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import Author, TrustState
from services.storage.clock import now
from services.storage.samples import SampleState, usable
from services.storage.tables import certificates, evidence, training_samples
from services.storage.upsert import insert_ignore

LIVE = "live"
WAITING, DONE = "waiting", "done"
"""States of an audit: an agreement that waits for a person's look; a turn that had it."""
OF_ONE_CONTACT = 50
"""So many rows of one contact count, the newest, whatever they show: a phone that writes `hola` a
thousand times must not certify the student for everybody."""

_e = evidence.c


class StudentAnswer(NamedTuple):
    """What the model in force said of a turn before anybody labelled it."""

    intent: str
    confidence: float
    model_version: str
    drawn: bool


class Annotation(NamedTuple):
    """A label for a turn, by `teacher`, `second` (the teacher again, blindly) or `person`.

    A label is an intent or contracts.catalogue.OUT_OF_SCOPE. `said` comes with the teacher's.
    """

    turn_id: str
    by: str
    label: str
    text: str
    contact_id: str | None
    origin: str
    at: datetime
    said: StudentAnswer | None = None


class Row(NamedTuple):
    """A drawn turn. `sample` is its training sample, None when there is none that is learned."""

    id: int
    turn_id: str
    text: str
    said: str
    confidence: float
    teacher: str | None
    second: str | None
    person: str | None
    drawn: bool
    sample: int | None


class Check(NamedTuple):
    """A turn that a person is asked to label. `agreed`: student and teacher said the same of it.

    Else the teacher firmly contradicted the student, and its second answer settled nothing.
    """

    turn_id: str
    text: str
    contact_id: str | None
    origin: str
    agreed: bool
    created_at: datetime


async def annotate(connection: AsyncConnection, annotations: Iterable[Annotation]) -> None:
    """Note labels, in whatever order they come; the same again changes nothing.

    The student's first answer to a turn stays: when a turn is classified once more, the model in
    force by then may have learned from it. So there is none where the turn was first labelled
    without any model's answer.
    """
    for annotation in annotations:
        row = {
            "turn_id": annotation.turn_id,
            "text": annotation.text,
            "contact_id": annotation.contact_id,
            "origin": annotation.origin,
            "created_at": annotation.at,
            "drawn": False,
        }
        await insert_ignore(connection, evidence, [row])
        this_turn = update(evidence).where(_e.turn_id == annotation.turn_id)
        await connection.execute(this_turn.values(**_label_columns(annotation)))
        if annotation.said is not None:
            unspoken = this_turn.where(_e.said.is_(None), ~_labelled_without_an_answer().exists())
            await connection.execute(unspoken.values(**_answer_columns(annotation.said)))


async def labelled_by_people(connection: AsyncConnection, turn_ids: Collection[str]) -> set[str]:
    """Those of the turns that a person has labelled."""
    query = select(_e.turn_id).where(_e.turn_id.in_(turn_ids), _e.person.is_not(None))
    return set(await connection.scalars(query))


async def of_turns(connection: AsyncConnection, turn_ids: Collection[str]) -> dict[str, Row]:
    """What is known of these turns, drawn or not, of which a model said something."""
    query = _rows().where(_e.turn_id.in_(turn_ids), _e.said.is_not(None))
    return {row.turn_id: Row(*row) for row in await connection.execute(query)}


async def window(connection: AsyncConnection, days: float, limit: int) -> list[Row]:
    """The newest drawn turns of live traffic that somebody labelled, the oldest first.

    What refuted the student, and what was before it, is left out: it is not held against what it
    has learned since. Of one contact the newest OF_ONE_CONTACT are there, whatever they show.
    """
    since = await now(connection) - timedelta(days=days)
    query = _rows().where(_e.id.in_(_counted(_e.created_at >= since, _e.id > _refuted_up_to())))
    newest = await connection.execute(query.order_by(_e.id.desc()).limit(limit))
    return [Row(*row) for row in newest][::-1]


async def oldest(connection: AsyncConnection, days: float, limit: int) -> int:
    """The id of the first row that `window` would have, had nothing refuted the student; else 0."""
    since = await now(connection) - timedelta(days=days)
    ids = _counted(_e.created_at >= since).subquery().c
    newest = select(ids.id).order_by(ids.id.desc()).limit(limit).subquery().c
    return int(await connection.scalar(select(func.min(newest.id))) or 0)


async def count(connection: AsyncConnection, days: float, limit: int) -> tuple[int, int]:
    """How many rows `window` has, and how many such rows there ever were, of whatever contact."""
    since = await now(connection) - timedelta(days=days)
    ids = _counted(_e.created_at >= since, _e.id > _refuted_up_to()).subquery()
    found = await connection.scalar(select(func.count()).select_from(ids)) or 0
    ever = await connection.scalar(select(func.count()).where(_graded())) or 0
    return min(int(found), limit), int(ever)


async def to_audit(connection: AsyncConnection, turn_ids: Collection[str]) -> None:
    """Queue agreements for a person's look; those that had one stay as they are.

    Turns of the simulated phone and replayed ones certify nothing, so nobody is asked about them.
    """
    waits = and_(
        _e.turn_id.in_(turn_ids), _e.origin == LIVE, _e.audit.is_(None), _e.person.is_(None)
    )
    await connection.execute(update(evidence).where(waits).values(audit=WAITING))


async def waiting_checks(connection: AsyncConnection, limit: int, first: int = 0) -> list[Check]:
    """Turns that wait for a person's label, the oldest first.

    Agreements of before the evidence's row `first`, of before the student was last refuted, or of a
    contact that has enough newer ones, show nothing any more; disagreements still settle what is
    learned.
    """
    shows = and_(_e.id >= first, _e.id > _refuted_up_to(), _e.id.in_(_counted()))
    counts = or_(_e.audit.is_(None), shows)
    query = _checks().where(_waits(), counts).order_by(_e.id).limit(limit)
    return [Check(*row) for row in await connection.execute(query)]


async def take_check(connection: AsyncConnection, turn_id: str) -> Check | None:
    """Take a turn off the list of checks, once; None when it is not on it.

    The caller writes the person's label to the outbox in the same transaction.
    """
    row = (await connection.execute(_checks().where(_e.turn_id == turn_id))).first()
    taken = update(evidence).where(_e.turn_id == turn_id, _waits()).values(audit=DONE)
    if row is None or (await connection.execute(taken)).rowcount == 0:
        return None
    return Check(*row)


async def is_checked(connection: AsyncConnection, turn_id: str) -> bool:
    """Whether a person has labelled the turn, or just took it off the list."""
    settled = or_(_e.audit == DONE, _e.person.is_not(None))
    query = select(_e.id).where(_e.turn_id == turn_id, settled)
    return await connection.scalar(query) is not None


def _labelled_without_an_answer() -> Select[Any]:
    """The teacher's sample of the same turn, kept when no model had said anything of it."""
    sample = training_samples.c
    by_teacher = sample.etiquetado_por == Author.TEACHER
    return select(sample.id).where(sample.turn_id == _e.turn_id, by_teacher, sample.dicho.is_(None))


def _checks() -> Select[Any]:
    agreed = func.coalesce(_e.audit == WAITING, False)
    return select(
        _e.turn_id, func.coalesce(_e.text, ""), _e.contact_id, _e.origin, agreed, _e.created_at
    )


def _waits() -> ColumnElement[bool]:
    # Listed once: asked of each turn, SQLite goes through all held samples every time.
    held = select(training_samples.c.turn_id).where(training_samples.c.estado == SampleState.HELD)
    doubtful = and_(_e.audit.is_(None), _e.turn_id.in_(held))
    return and_(_e.person.is_(None), or_(_e.audit == WAITING, doubtful))


def _rows() -> Select[Any]:
    sample = (
        select(func.max(training_samples.c.id))
        .where(training_samples.c.turn_id == _e.turn_id, usable)
        .scalar_subquery()
    )
    return select(
        _e.id, _e.turn_id, func.coalesce(_e.text, ""), _e.said, _e.confidence, _e.teacher,
        _e.second, _e.person, _e.drawn, sample,
    )  # fmt: skip


def _graded() -> ColumnElement[bool]:
    labelled = or_(_e.teacher.is_not(None), _e.person.is_not(None))
    return and_(_e.drawn.is_(True), _e.origin == LIVE, _e.said.is_not(None), labelled)


def _counted(*also: ColumnElement[bool]) -> Select[Any]:
    """The ids of the graded rows for which all that holds, of one contact the newest."""
    place = func.row_number().over(partition_by=_e.contact_id, order_by=_e.id.desc())
    rows = select(_e.id, _e.contact_id, place.label("place"))
    each = rows.where(_graded(), *also).subquery().c
    return select(each.id).where(or_(each.contact_id.is_(None), each.place <= OF_ONE_CONTACT))


def _refuted_up_to() -> ScalarSelect[int]:
    newest = func.coalesce(func.max(certificates.c.seen_up_to), 0)
    return select(newest).where(certificates.c.state == TrustState.REFUTED).scalar_subquery()


def _label_columns(annotation: Annotation) -> dict[str, object]:
    values: dict[str, object] = {annotation.by: annotation.label}
    if annotation.by == "person":
        values["audit"] = DONE
    return values


def _answer_columns(answer: StudentAnswer) -> dict[str, object]:
    return {
        "said": answer.intent,
        "confidence": answer.confidence,
        "model_version": answer.model_version,
        "drawn": answer.drawn,
    }
