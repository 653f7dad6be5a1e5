"""The prompt says why no reply comes, as far as it knows."""

import asyncio
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput
from rich.console import Console

from contracts.envelope import originate
from contracts.events import HandoffRequested, MessageReceived
from contracts.samples import golden
from services.cli import chat
from services.cli.line import connected
from services.runtime.batch import outgoing
from services.runtime.settings import Settings

CONVERSATION = "simulado-1"


@pytest.fixture
def keyboard() -> Iterator[PipeInput]:
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        yield pipe


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A home of its own, and a person who does not wait for long."""
    monkeypatch.setattr(chat, "PATIENCE", 2.0)
    return Settings(home=tmp_path, amqp_url=None, database_url=None)


async def converse(settings: Settings) -> str:
    """All that the prompt has shown once the person has left."""
    console = Console(file=StringIO(), width=500)
    await chat.converse(settings, console, CONVERSATION)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


async def test_where_nobody_answers_no_person_is_said_to_have_been_asked(
    settings: Settings, keyboard: PipeInput
) -> None:
    keyboard.send_text("baja\r/salir\r")
    shown = await converse(settings)
    assert "(no reply within 2 s: is `aprendiz run` running" in shown
    assert "once `baja` was written" in shown
    assert chat.HANDED_OVER not in shown


async def test_after_a_person_was_asked_for_the_quiet_is_explained_by_that(
    settings: Settings, keyboard: PipeInput
) -> None:
    async with connected(settings) as broker, broker.listen([MessageReceived.TYPE]) as listener:
        keyboard.send_text("quiero hablar con alguien\r/salir\r")
        talk = asyncio.create_task(converse(settings))
        await listener.take(1)
        wished = golden()[HandoffRequested.TYPE].data
        handoff = wished.model_copy(update={"conversation_id": CONVERSATION})
        await broker.publish([outgoing(originate(handoff, source="/test", given_id="1"))])
        shown = await talk
    assert f"({chat.HANDED_OVER}; /nuevo begins another one)" in shown
    assert "is `aprendiz run` running" not in shown
