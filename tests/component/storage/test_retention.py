"""Settled rows are forgotten when they are old; what waits, is learned from or was said stays."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Table, func, insert, select

from services.storage import retention, tables
from services.storage.clock import now
from services.storage.engine import Database

DAYS = 180


class Shelf:
    """Puts rows of an age into a database, and counts what is left."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def put(self, table: Table, days: float, *dates: str, **row: object) -> None:
        async with self.database.begin() as connection:
            moment: datetime = await now(connection) - timedelta(days=days)
            stamps = dict.fromkeys(dates, moment)
            await connection.execute(insert(table).values(**row, **stamps))

    async def claim(self, turn_id: str, days: float, kind: str = "answer") -> None:
        row = {"turn_id": turn_id, "kind": kind, "owner": "o", "envelope": b"{}"}
        await self.put(tables.reply_claims, days, "created_at", **row)

    async def question(self, turn_id: str, days: float, state: str) -> None:
        row: Mapping[str, Any] = {
            "turn_id": turn_id, "conversation_id": "c", "gateway": "g", "turn": {},
            "reason": "r", "state": state,
        }  # fmt: skip
        dates = ("created_at", "answered_at") if state == "answered" else ("created_at",)
        await self.put(tables.questions, days, *dates, **row)

    async def delivery(self, reply_id: str, days: float, state: str) -> None:
        row = {"reply_id": reply_id, "turn_id": "t", "conversation_id": "c", "gateway": "g"}
        await self.put(tables.deliveries, days, "created_at", "updated_at", state=state, **row)

    async def failure(self, key: str, days: float, state: str) -> None:
        row: Mapping[str, Any] = {
            "failure_key": key, "source_queue": "q", "routing_key": "k", "reason": "r",
            "error": "e", "attempts": 1, "body": b"{}", "headers": {}, "state": state,
        }  # fmt: skip
        dates = ("buried_at",) if state == "buried" else ("buried_at", "settled_at")
        await self.put(tables.mensajes_fallidos, days, *dates, **row)

    async def forget(self, limit: int = retention.BATCH) -> dict[str, int]:
        gone = dict.fromkeys(retention.RULES, 0)
        for table in gone:
            done = 1
            while done:
                async with self.database.begin() as connection:
                    done = await retention.forget(connection, table, DAYS, limit)
                gone[table] += done
        return {table: count for table, count in gone.items() if count}

    async def left(self, table: Table, column: str) -> set[str]:
        async with self.database.read() as connection:
            return set(await connection.scalars(select(table.c[column])))


@pytest.fixture
def shelf(database: Database) -> Shelf:
    return Shelf(database)


async def test_old_claims_go_with_all_their_kinds(shelf: Shelf) -> None:
    for kind in ("holding", "answer"):
        await shelf.claim("old", 181, kind)
    await shelf.claim("young", 179)
    assert await shelf.forget() == {"reply_claims": 2}
    assert await shelf.left(tables.reply_claims, "turn_id") == {"young"}


async def test_a_claim_stays_as_long_as_its_question_waits(shelf: Shelf) -> None:
    """Else a question that the bot has answered would wait again."""
    await shelf.claim("holding", 181, "holding")
    await shelf.question("holding", 181, "waiting")
    assert await shelf.forget() == {}


async def test_questions_that_a_person_or_the_bot_has_answered_go(shelf: Shelf) -> None:
    await shelf.question("by-person", 181, "answered")
    await shelf.question("by-bot", 181, "waiting")
    await shelf.claim("by-bot", 181)
    await shelf.question("waits", 400, "waiting")
    await shelf.question("young", 179, "answered")
    assert await shelf.forget() == {"questions": 2, "reply_claims": 1}
    assert await shelf.left(tables.questions, "turn_id") == {"waits", "young"}


async def test_a_delivery_of_unknown_outcome_waits_for_a_person(shelf: Shelf) -> None:
    for state in ("sent", "failed", "unknown", "sending"):
        await shelf.delivery(state, 181, state)
    await shelf.delivery("young", 1, "sent")
    assert await shelf.forget() == {"deliveries": 2}
    assert await shelf.left(tables.deliveries, "reply_id") == {"unknown", "sending", "young"}


async def test_a_failure_that_is_buried_waits_for_a_person(shelf: Shelf) -> None:
    for state in ("buried", "retried", "dropped"):
        await shelf.failure(state, 181, state)
    assert await shelf.forget() == {"mensajes_fallidos": 2}
    assert await shelf.left(tables.mensajes_fallidos, "failure_key") == {"buried"}


async def test_paid_answers_and_events_that_nobody_took_go(shelf: Shelf) -> None:
    for days, name in ((181, "old"), (179, "young")):
        await shelf.put(tables.teacher_answers, days, "created_at", turn_id=name, answer={})
        row = {"event_id": name, "routing_key": "k", "body": b"{}"}
        await shelf.put(tables.outbox, days, "created_at", **row)
    assert await shelf.forget() == {"teacher_answers": 1, "outbox": 1}
    assert await shelf.left(tables.outbox, "event_id") == {"young"}


async def test_many_rows_go_in_small_steps(shelf: Shelf) -> None:
    for number in range(7):
        await shelf.claim(f"t-{number}", 181)
    async with shelf.database.begin() as connection:
        assert await retention.forget(connection, "reply_claims", DAYS, limit=3) == 3
    assert await shelf.forget(limit=3) == {"reply_claims": 4}


async def test_what_is_learned_said_or_remembered_is_never_forgotten(shelf: Shelf) -> None:
    kept = (
        tables.training_samples, tables.evidence, tables.certificates, tables.log_entrenamientos,
        tables.metricas_modelo, tables.auditoria, tables.messages, tables.turns,
        tables.conversations, tables.model_artifacts, tables.model_chunks,
    )  # fmt: skip
    assert not {each.name for each in kept} & retention.RULES.keys()
    dates = {
        "training_samples": {"texto": "hola", "created_at": None},
        "evidence": {"turn_id": "t", "created_at": None},
    }
    for name in dates:
        row = {column: value for column, value in dates[name].items() if value is not None}
        await shelf.put(tables.metadata.tables[name], 4_000, "created_at", **row)
    assert await shelf.forget() == {}
    async with shelf.database.read() as connection:
        for name in dates:
            count = select(func.count()).select_from(tables.metadata.tables[name])
            assert await connection.scalar(count) == 1
