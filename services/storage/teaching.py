"""What the teacher needs and leaves behind: the history, its paid answers, questions to people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from pydantic_core import to_json
from sqlalchemy import RowMapping, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import ReplyKind, TurnReady
from contracts.fields import MAX_TEXT
from services.storage.clock import now
from services.storage.tables import messages, questions, reply_claims, teacher_answers, turns
from services.storage.turns import taken_over
from services.storage.upsert import insert_ignore

WAITING = "waiting"
ANSWERED = "answered"


class Line(NamedTuple):
    """One message of a conversation's history; `direction` is `in` or `out`."""

    direction: str
    author: str | None
    text: str


class PaidAnswer(NamedTuple):
    """What the teacher answered, as JSON, and what it cost in tokens."""

    answer: Mapping[str, Any]
    model: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A turn that waits for a person, or that one has answered and labelled."""

    turn: TurnReady
    text: str
    reason: str
    state: str
    created_at: datetime
    answered_by: str | None = None
    answer: str | None = None
    intent: str | None = None
    answered_at: datetime | None = None


async def history(connection: AsyncConnection, turn: TurnReady, limit: int) -> list[Line]:
    """The last texts of the turn's conversation before the turn, oldest first."""
    ordinal = select(turns.c.ordinal).where(turns.c.id == turn.turn_id).scalar_subquery()
    not_before = select(turns.c.id).where(
        turns.c.conversation_id == turn.conversation_id, turns.c.ordinal >= ordinal
    )
    before = (messages.c.turn_id != turn.turn_id) & messages.c.turn_id.not_in(not_before)
    newest = (
        select(messages.c.direction, messages.c.author, messages.c.text)
        .where(messages.c.conversation_id == turn.conversation_id)
        .where(messages.c.text.is_not(None), or_(messages.c.turn_id.is_(None), before))
        .order_by(messages.c.created_at.desc(), messages.c.id)
        .limit(limit)
    )
    return [Line(*row) for row in await connection.execute(newest)][::-1]


async def paid_answer(connection: AsyncConnection, turn_id: str) -> dict[str, Any] | None:
    """What the teacher answered to this turn before, as it was kept."""
    answer = select(teacher_answers.c.answer).where(teacher_answers.c.turn_id == turn_id)
    found: dict[str, Any] | None = await connection.scalar(answer)
    return found


async def keep_answer(connection: AsyncConnection, turn_id: str, paid: PaidAnswer) -> None:
    """Keep an answer, so that it is never paid for again; an earlier one stays."""
    row = {**paid._asdict(), "turn_id": turn_id, "created_at": await now(connection)}
    await insert_ignore(connection, teacher_answers, [row])


async def ask(connection: AsyncConnection, turn: TurnReady, reason: str) -> None:
    """Let a turn wait for a person; one that waits or was answered already stays as it is."""
    row = {
        "turn_id": turn.turn_id,
        "conversation_id": turn.conversation_id,
        "gateway": turn.gateway,
        "text": turn.text[:MAX_TEXT],
        "turn": turn.model_dump(mode="json"),
        "reason": reason,
        "state": WAITING,
        "created_at": await now(connection),
    }
    await insert_ignore(connection, questions, [row])


async def question(connection: AsyncConnection, turn_id: str) -> Question | None:
    """The question of a turn, if a person was ever asked."""
    row = await connection.execute(select(questions).where(questions.c.turn_id == turn_id))
    found = row.mappings().first()
    return None if found is None else _question(found)


async def settled(connection: AsyncConnection, turn_id: str) -> bool:
    """Whether nothing is left to promise: the turn has its answer, or a person took over."""
    answered = select(reply_claims.c.turn_id).where(
        reply_claims.c.turn_id == turn_id, reply_claims.c.kind == ReplyKind.ANSWER
    )
    has_answer = await connection.scalar(answered) is not None
    return has_answer or bool(await taken_over(connection, [turn_id]))


async def waiting(connection: AsyncConnection, limit: int) -> Sequence[Question]:
    """The questions that wait for a person and were not answered since, the oldest first."""
    answered = select(reply_claims.c.turn_id).where(
        reply_claims.c.turn_id == questions.c.turn_id, reply_claims.c.kind == ReplyKind.ANSWER
    )
    oldest = (
        select(questions)
        .where(questions.c.state == WAITING, ~answered.exists())
        .order_by(questions.c.created_at, questions.c.turn_id)
        .limit(limit)
    )
    return [_question(row) for row in (await connection.execute(oldest)).mappings()]


async def answer(
    connection: AsyncConnection, turn_id: str, person: str, text: str, intent: str | None
) -> Question | None:
    """Answer a waiting question once; None when it is not there or was answered before.

    The caller claims the answer of the turn and writes the events to the outbox in the same
    transaction. A None for ``intent`` says that no intent of the catalogue fits.
    """
    answered = (
        update(questions)
        .where(questions.c.turn_id == turn_id, questions.c.state == WAITING)
        .values(
            state=ANSWERED,
            answered_by=person,
            answer=text[:MAX_TEXT],
            intent=intent,
            answered_at=await now(connection),
        )
    )
    if (await connection.execute(answered)).rowcount == 0:
        return None
    return await question(connection, turn_id)


def _question(row: RowMapping) -> Question:
    return Question(
        turn=TurnReady.model_validate_json(to_json(row["turn"])),
        text=row["text"] or "",
        reason=row["reason"],
        state=row["state"],
        created_at=row["created_at"],
        answered_by=row["answered_by"],
        answer=row["answer"],
        intent=row["intent"],
        answered_at=row["answered_at"],
    )
