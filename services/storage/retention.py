"""Forgets rows that are settled and old; what is learned from, proven or said is never among them.

Never touched: training_samples, evidence, certificates, metricas_modelo, log_entrenamientos,
auditoria, messages, turns, conversations, and whatever still waits for somebody.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Column, ColumnElement, Table, and_, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events import ReplyKind
from services.storage import failures, teaching
from services.storage.clock import now
from services.storage.deliveries import FAILED, SENT
from services.storage.tables import (
    deliveries,
    mensajes_fallidos,
    outbox,
    questions,
    reply_claims,
    teacher_answers,
)

BATCH = 500
"""Rows that one transaction forgets: nobody waits long for its locks."""


class _Rule(NamedTuple):
    """What of a table is settled, given the moment before which it is old."""

    table: Table
    key: Column[object]
    settled: Callable[[datetime], ColumnElement[bool]]


def _old_claims(before: datetime) -> ColumnElement[bool]:
    # A question that waits is known to be answered by the claim of its turn alone.
    waiting = select(questions.c.turn_id).where(
        questions.c.turn_id == reply_claims.c.turn_id, questions.c.state == teaching.WAITING
    )
    return and_(reply_claims.c.created_at < before, ~waiting.exists())


def _old_questions(before: datetime) -> ColumnElement[bool]:
    answered = select(reply_claims.c.turn_id).where(
        reply_claims.c.turn_id == questions.c.turn_id, reply_claims.c.kind == ReplyKind.ANSWER
    )
    by_person = and_(questions.c.state == teaching.ANSWERED, questions.c.answered_at < before)
    by_bot = and_(questions.c.state == teaching.WAITING, answered.exists())
    return and_(questions.c.created_at < before, or_(by_person, by_bot))


def _old_deliveries(before: datetime) -> ColumnElement[bool]:
    # `unknown` ones are for a person to look at, `sending` ones for their gateway to settle.
    settled = deliveries.c.state.in_((SENT, FAILED))
    return and_(settled, deliveries.c.updated_at < before)


def _old_failures(before: datetime) -> ColumnElement[bool]:
    settled = mensajes_fallidos.c.state.in_((failures.RETRIED, failures.DROPPED))
    return and_(settled, mensajes_fallidos.c.settled_at < before)


RULES = {
    rule.table.name: rule
    for rule in (
        # Questions before claims: see _old_claims.
        _Rule(questions, questions.c.turn_id, _old_questions),
        _Rule(reply_claims, reply_claims.c.turn_id, _old_claims),
        _Rule(deliveries, deliveries.c.reply_id, _old_deliveries),
        _Rule(
            teacher_answers, teacher_answers.c.turn_id, lambda at: teacher_answers.c.created_at < at
        ),
        _Rule(mensajes_fallidos, mensajes_fallidos.c.id, _old_failures),
        _Rule(outbox, outbox.c.id, lambda at: outbox.c.created_at < at),
    )
}
"""By table, in the order in which they are to be forgotten."""


async def forget(connection: AsyncConnection, table: str, days: float, limit: int = BATCH) -> int:
    """Forget about ``limit`` rows of a table that have been settled for so many days.

    Returns how many went; 0: there are no more.
    """
    rule = RULES[table]
    old = rule.settled(await now(connection) - timedelta(days=days))
    keys = list(await connection.scalars(select(rule.key).where(old).limit(limit)))
    if not keys:
        return 0
    # The condition once more: what somebody has opened again meanwhile stays.
    gone = await connection.execute(delete(rule.table).where(rule.key.in_(keys), old))
    return gone.rowcount
