"""An answer is paid for once, whatever comes again, is killed or is away."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.codec import encode
from contracts.events import (
    Reason,
    ReplyRequested,
    Route,
    SampleRecorded,
)
from services.storage import claims
from services.storage.engine import Database
from services.storage.errors import DatabaseAway
from tests.component.teacher.conftest import ANSWER, Stand, lesson, said, teach
from tests.servers.openai_server import OpenAIServer, Rule
from tests.turns import turn_of


async def test_a_redelivery_pays_once_and_says_the_same(stand: Stand, server: OpenAIServer) -> None:
    server.rules = [ANSWER, Rule(reply="otra cosa", times=None)]
    first = await teach(stand.teacher(), lesson(turn_of("pan?")))
    again = await teach(stand.teacher(), lesson(turn_of("pan?")), lesson(turn_of("pan?")))
    assert again == first * 2
    assert len(server.calls) == 1
    repeats = {"service": "teacher", "what": "paid"}
    assert stand.count("aprendiz_repeats_dropped_total", **repeats) == 2


class Forgetful(Database):
    """A database that is away when the first paid answer is to be kept."""

    away = False

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        if self.away:
            self.away = False
            raise DatabaseAway("away for a moment")
        async with super().begin() as connection:
            yield connection


async def test_an_answer_paid_while_the_database_is_away_is_not_paid_again(
    stand: Stand, server: OpenAIServer
) -> None:
    server.rules = [ANSWER, Rule(reply="otra cosa", times=None)]
    async with Forgetful.open(stand.database.url.render_as_string(hide_password=False)) as database:
        stand.database = database
        database.away = True
        teacher = stand.teacher()
        with pytest.raises(DatabaseAway):
            await teacher.handle([lesson(turn_of("pan?"))])
        [[reply, _]] = await teach(teacher, lesson(turn_of("pan?")))
    assert isinstance(reply, ReplyRequested)
    assert (reply.text, len(server.calls)) == (ANSWER.reply, 1)


async def test_a_shadow_that_is_escalated_later_is_paid_once(
    stand: Stand, server: OpenAIServer
) -> None:
    server.rules = [ANSWER]
    turn = turn_of("pan?")
    await teach(stand.teacher(), lesson(turn, Route.SHADOW, "e-1"))
    [[reply, _]] = await teach(stand.teacher(), lesson(turn, Route.UNSURE, "e-2"))
    assert isinstance(reply, ReplyRequested)
    assert reply.text == "El pan cuesta $10 🥖"
    assert len(server.calls) == 1


async def test_a_drawn_turn_that_the_router_gives_back_is_paid_and_recorded_once(
    stand: Stand, server: OpenAIServer
) -> None:
    server.rules = [replace(ANSWER, delay=0.3), Rule(reply="otra cosa", times=None)]
    turn, teacher = turn_of("pan?"), stand.teacher()
    word = said("precio", 0.97)
    back = lesson(turn, Route.UNSURE, "e-2", **{**word, "reason": Reason.ESCALATED})
    [[sample]], [[reply]] = await asyncio.gather(
        teach(teacher, lesson(turn, Route.SHADOW, "e-1", **word)), teach(teacher, back)
    )
    assert isinstance(sample, SampleRecorded)
    assert isinstance(reply, ReplyRequested)
    assert reply.text == ANSWER.reply
    assert len(server.calls) == 1


async def test_a_turn_that_the_router_gives_back_undrawn_is_answered_and_recorded(
    stand: Stand, server: OpenAIServer
) -> None:
    """It has no shadow that would record it."""
    server.rules = [ANSWER]
    word = {**said("precio", 0.97, drawn=False), "reason": Reason.ESCALATED}
    [[reply, sample]] = await teach(stand.teacher(), lesson(turn_of("pan?"), **word))
    assert isinstance(reply, ReplyRequested)
    assert isinstance(sample, SampleRecorded)
    assert (reply.text, sample.intent) == (ANSWER.reply, "precio")


async def test_a_turn_that_another_has_answered_is_only_labelled(
    stand: Stand, server: OpenAIServer
) -> None:
    async with stand.database.begin() as connection:
        await claims.claim(connection, "t-1", "answer", "router:e-0", b"theirs")
    [events] = await teach(stand.teacher(), lesson(turn_of("pan?")))
    assert [event.type for event in events] == ["sample.recorded"]
    repeats = {"service": "teacher", "what": "claimed"}
    assert stand.count("aprendiz_repeats_dropped_total", **repeats) == 1


KILLED = """
import asyncio, os, sys
from prometheus_client import CollectorRegistry
from contracts.codec import decode
from services.runtime.live import Live, LiveSettings
from services.runtime.metrics import Metrics
from services.storage.engine import Database
from services.teacher.client import TeacherClient
from services.teacher.handler import Teacher
from services.teacher.metrics import TeacherMetrics

async def main():
    live = Live(LiveSettings(openai_base_url=sys.argv[2]))
    metrics = TeacherMetrics(Metrics(CollectorRegistry()))
    database = Database.open(sys.argv[1])
    teacher = Teacher(database, live, TeacherClient(), metrics, lambda: None)
    await teacher.handle([decode(sys.stdin.buffer.read())])
    os._exit(9)

asyncio.run(main())
"""


async def test_a_process_killed_after_the_answer_was_kept_neither_pays_nor_says_otherwise(
    stand: Stand, server: OpenAIServer, database_url: str
) -> None:
    server.rules = [ANSWER, Rule(reply="otra cosa", times=None)]
    asked = lesson(turn_of("pan?"))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, database_url, server.url, stdin=asyncio.subprocess.PIPE
    )
    await process.communicate(encode(asked))
    assert process.returncode == 9
    [[reply, sample]] = await teach(stand.teacher(), asked)
    assert isinstance(reply, ReplyRequested)
    assert isinstance(sample, SampleRecorded)
    assert (reply.text, sample.intent) == ("El pan cuesta $10 🥖", "precio")
    assert len(server.calls) == 1
