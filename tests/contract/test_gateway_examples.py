"""The page for gateway authors does not rot: its messages are read, its examples are run."""

import asyncio
import dataclasses
import json
import os
import re
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.codec import decode
from contracts.envelope import Envelope
from contracts.events import Contact, Event, MessageReceived, ReplyRequested, ReplySent
from contracts.samples import golden
from contracts.topology import Topology, build, gateway_queue, queue_of
from infra.servers.packages import program
from services.runtime.batch import outgoing
from services.runtime.rabbitmq import RabbitBroker

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "gateways.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"<!-- (\S+) -->\n```\w+\n(.*?)```", PAGE, re.DOTALL))
MESSAGES = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
PACKAGES = ROOT / "tests" / "gateways"
GATEWAY = "my-gateway"
TOPOLOGY = build([GATEWAY])
INSTALL_S = 100
ARRIVES_S = 20


@pytest.fixture
async def broker(vhost_url: str) -> AsyncIterator[RabbitBroker]:
    broker = RabbitBroker(vhost_url)
    await broker.connect()
    yield broker
    await broker.close()


@pytest.fixture
async def declared(broker: RabbitBroker) -> RabbitBroker:
    await broker.declare(TOPOLOGY)
    return broker


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """What the Node.js example needs, installed once from the lock."""
    installed = PACKAGES / "node_modules" / ".package-lock.json"
    lock = PACKAGES / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        subprocess.run([program("npm"), "ci"], cwd=PACKAGES, check=True, timeout=INSTALL_S)
        installed.touch()
    return installed.parent


@pytest.fixture
def node_gateway(node_modules: Path, tmp_path: Path) -> list[str]:
    """The command that runs the page's Node.js gateway."""
    (tmp_path / "node_modules").symlink_to(node_modules)
    (tmp_path / "gateway.mjs").write_text(EXAMPLES["gateway.mjs"], encoding="utf-8")
    return [program("node"), str(tmp_path / "gateway.mjs")]


async def start(command: list[str], url: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, "AMQP_URL": url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def shell(name: str, url: str) -> tuple[int | None, str]:
    """Exit code and standard output of one of the page's shell examples."""
    process = await start(["sh", "-eu", "-c", EXAMPLES[name]], url)
    out, errors = await asyncio.wait_for(process.communicate(), ARRIVES_S)
    assert errors == b""
    return process.returncode, out.decode()


async def taken(broker: RabbitBroker, count: int) -> list[Envelope[Any]]:
    """The next events that conversations would take, in their order."""
    events: list[Envelope[Any]] = []
    async with broker.subscribe(queue_of("conversations"), prefetch=count) as subscription:
        async with asyncio.timeout(ARRIVES_S):
            while len(events) < count:
                deliveries = await subscription.take(count)
                events += [decode(each.body) for each in deliveries]
                await subscription.ack(deliveries)
    return events


def requested(text: str) -> Envelope[Event]:
    """The golden reply, for the page's gateway."""
    sample = golden()[ReplyRequested.TYPE]
    data = sample.data.model_copy(update={"gateway": GATEWAY, "text": text})
    return dataclasses.replace(sample, type=data.type, data=data)


def assert_is_the_question_of_the_page(event: Event) -> None:
    assert isinstance(event, MessageReceived)
    assert datetime.now(UTC) - event.sent_at < timedelta(minutes=1)
    assert event == MessageReceived(
        conversation_id=f"{GATEWAY}:5215512345678",
        contact=Contact(id="5215512345678"),
        gateway=GATEWAY,
        provider_message_id=event.provider_message_id,
        text="¿a qué hora abren hoy?",
        sent_at=event.sent_at,
    )


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message["type"])
def test_every_message_on_the_page_is_read(message: dict[str, Any]) -> None:
    envelope = decode(json.dumps(message).encode())
    assert envelope.type == message["type"]
    assert envelope.data.gateway == GATEWAY


def test_the_page_shows_each_event_that_a_gateway_publishes() -> None:
    shown = [message["type"] for message in MESSAGES]
    assert shown == ["message.received", "human.replied", "reply.sent", "reply.failed"]


def test_the_message_that_the_page_calls_complete_has_six_fields() -> None:
    minimal = MESSAGES[0]
    assert set(minimal) == {"specversion", "id", "source", "type", "data"}
    assert len(minimal["data"]) == 6
    for name in set(minimal["data"]) - {"text"}:
        incomplete = {key: value for key, value in minimal["data"].items() if key != name}
        with pytest.raises(ValueError, match=rf"data\.{name}: expected a value"):
            decode(json.dumps({**minimal, "data": incomplete}).encode())


def test_the_page_quotes_what_a_missing_field_is_called() -> None:
    data = {key: value for key, value in MESSAGES[0]["data"].items() if key != "sent_at"}
    with pytest.raises(ValueError, match="sent_at") as refused:
        decode(json.dumps({**MESSAGES[0], "data": data}).encode())
    assert f"`{refused.value}`" in PAGE


async def test_the_command_line_publishes_a_message(declared: RabbitBroker, vhost_url: str) -> None:
    assert await shell("publish.sh", vhost_url) == (0, "")
    [received] = await taken(declared, 1)
    assert_is_the_question_of_the_page(received.data)


@pytest.mark.parametrize("example", ["take.sh", "get.sh"])
async def test_the_command_line_takes_a_reply(
    declared: RabbitBroker, vhost_url: str, example: str
) -> None:
    await declared.publish([outgoing(requested("¡Hola! Abrimos a las 9 🌵"))])
    code, printed = await shell(example, vhost_url)
    assert code == 0
    assert decode(printed.encode()) == requested("¡Hola! Abrimos a las 9 🌵")
    assert await declared.depth(gateway_queue(GATEWAY)) == 0


async def test_the_command_line_says_that_there_is_no_reply(
    declared: RabbitBroker, vhost_url: str
) -> None:
    assert await shell("get.sh", vhost_url) == (2, "")


async def test_node_publishes_a_message_and_delivers_a_reply_once(
    declared: RabbitBroker, vhost_url: str, node_gateway: list[str]
) -> None:
    gateway = await start(node_gateway, vhost_url)
    try:
        [received] = await taken(declared, 1)
        assert_is_the_question_of_the_page(received.data)
        reply = requested("¡Hola! Abrimos a las 9 🌵")
        await declared.publish([outgoing(reply), outgoing(reply)])
        events = await taken(declared, 4)
    finally:
        gateway.terminate()
        out, errors = await gateway.communicate()
    assert (gateway.returncode, out.decode(), errors) == (0, "¡Hola! Abrimos a las 9 🌵\n", b"")
    sent, again = (each for each in events if each.type == "reply.sent")
    assert sent.id == again.id
    assert isinstance(sent.data, ReplySent)
    assert isinstance(reply.data, ReplyRequested)
    assert (sent.data.reply_id, sent.data.turn_id) == (reply.id, reply.data.turn_id)
    assert await declared.depth(gateway_queue(GATEWAY)) == 0


async def test_node_learns_that_nobody_takes_its_message(
    broker: RabbitBroker, vhost_url: str, node_gateway: list[str]
) -> None:
    await broker.declare(Topology(exchanges=TOPOLOGY.exchanges, queues=()))
    gateway = await start(node_gateway, vhost_url)
    _, errors = await asyncio.wait_for(gateway.communicate(), ARRIVES_S)
    assert gateway.returncode == 1
    assert b"nobody takes message.received" in errors
