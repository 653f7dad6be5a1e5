"""Each reply reaches the phone once and in order, wherever the process dies."""

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.codec import encode
from contracts.envelope import Envelope
from contracts.events import Author, Event, ReplyFailed, ReplyKind, ReplyRequested, ReplySent
from services.gateway.handler import Deliverer
from services.gateway.metrics import GatewayMetrics
from services.gateway.phone import Reply, Undelivered
from services.gateway.simulator import SimulatedPhone
from services.runtime.batch import Result
from services.runtime.metrics import Metrics
from services.storage import deliveries, tables
from services.storage.engine import Database
from services.storage.tables import simulated_phone
from tests.component.counting import count
from tests.turns import ANA, SENT_AT, envelope_of

CHAT = "simulador:1"


async def on_phone(connection: AsyncConnection) -> Sequence[Row[Any]]:
    """What has arrived in the conversation, in order."""
    of = select(simulated_phone).where(simulated_phone.c.conversation_id == CHAT)
    in_order = of.order_by(simulated_phone.c.delivered_at, simulated_phone.c.reply_id)
    return (await connection.execute(in_order)).all()


class Crash(BaseException):
    """The process dies here."""


class Provider:
    """A provider that keeps texts in a list; ``dies`` and ``refuses`` name texts.

    It keeps the port's promises: it takes a reply each time that it is given, as WhatsApp would,
    and finds what it has taken.
    """

    def __init__(self, *, can_be_asked: bool = True) -> None:
        self.can_be_asked = can_be_asked
        self.taken: list[Reply] = []
        self.refuses = ""
        self.dies_before = ""
        self.dies_after = ""

    async def deliver(self, reply: Reply) -> str:
        if reply.text == self.refuses:
            raise Undelivered("131026: undeliverable")
        if reply.text == self.dies_before:
            raise Crash
        self.taken.append(reply)
        if reply.text == self.dies_after:
            raise Crash
        return f"wamid.{reply.id}"

    async def find(self, reply_id: str) -> str | None:
        found = [reply for reply in self.taken if reply.id == reply_id]
        return f"wamid.{reply_id}" if found and self.can_be_asked else None

    @property
    def texts(self) -> list[str]:
        return [reply.text for reply in self.taken]


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def deliverer(
    database: Database, phone: Provider | SimulatedPhone, registry: CollectorRegistry | None = None
) -> Deliverer:
    """A fresh process's handler."""
    metrics = GatewayMetrics(Metrics(registry or CollectorRegistry()))
    return Deliverer(database, phone, metrics)


def reply(text: str, *, kind: ReplyKind = ReplyKind.ANSWER) -> Envelope[Event]:
    asked = ReplyRequested(
        turn_id=f"t-{text}",
        conversation_id=CHAT,
        contact=ANA,
        gateway="simulador",
        text=text,
        kind=kind,
        author=Author.ROUTER,
        received_at=SENT_AT,
    )
    return envelope_of(asked, given_id=text)


def events(results: Sequence[Result]) -> list[Any]:
    return [event for result in results if not isinstance(result, Exception) for event in result]


async def dies(handler: Deliverer, batch: Sequence[Envelope[Event]]) -> None:
    with pytest.raises(Crash):
        await handler.handle(batch)


async def test_replies_arrive_on_the_simulated_phone_in_order(database: Database) -> None:
    batch = [reply("¡Hola! 🌵"), reply("Cuesta $10"), reply("Adiós")]
    sent = events(await deliverer(database, SimulatedPhone(database)).handle(batch))
    async with database.read() as connection:
        arrived = await on_phone(connection)
    assert [each.text for each in arrived] == ["¡Hola! 🌵", "Cuesta $10", "Adiós"]
    assert [each.reply_id for each in sent] == [each.id for each in batch]
    assert all(isinstance(each, ReplySent) for each in sent)


async def test_a_reply_that_comes_again_is_told_again_and_not_sent_again(
    database: Database, registry: CollectorRegistry
) -> None:
    provider = Provider()
    batch = [reply("a"), reply("b"), reply("a")]
    handler = deliverer(database, provider, registry)
    first = await handler.handle(batch)
    assert await handler.handle(batch) == first
    assert provider.texts == ["a", "b"]
    repeats = {"service": "gateway", "what": "delivered"}
    assert registry.get_sample_value("aprendiz_repeats_dropped_total", repeats) == 3


async def test_what_the_provider_refuses_has_failed_and_is_not_tried_again(
    database: Database,
) -> None:
    provider = Provider()
    provider.refuses = "a"
    handler = deliverer(database, provider)
    [failed, sent] = events(await handler.handle([reply("a"), reply("b")]))
    assert isinstance(failed, ReplyFailed)
    assert (failed.error, failed.outcome_unknown) == ("131026: undeliverable", False)
    assert isinstance(sent, ReplySent)
    provider.refuses = ""
    assert events(await handler.handle([reply("a")])) == [failed]


@pytest.mark.parametrize("moment", ["dies_before", "dies_after"])
async def test_a_crash_around_the_call_neither_loses_nor_doubles_where_one_can_ask(
    database: Database, moment: str
) -> None:
    provider = Provider()
    setattr(provider, moment, "b")
    batch = [reply("a"), reply("b"), reply("c")]
    await dies(deliverer(database, provider), batch)
    setattr(provider, moment, "")
    sent = events(await deliverer(database, provider).handle(batch))
    assert provider.texts == ["a", "b", "c"]
    assert [each.provider_message_id for each in sent] == [f"wamid.{each.id}" for each in batch]


@pytest.mark.parametrize("moment", ["dies_before", "dies_after"])
async def test_a_crash_around_the_call_is_never_sent_again_where_nobody_can_say(
    database: Database, registry: CollectorRegistry, moment: str
) -> None:
    provider = Provider(can_be_asked=False)
    setattr(provider, moment, "b")
    batch = [reply("a"), reply("b"), reply("c")]
    await dies(deliverer(database, provider), batch)
    setattr(provider, moment, "")
    taken = provider.texts.count("b")
    handler = deliverer(database, provider, registry)
    [_, unknown, _] = events(await handler.handle([*batch[:2], reply("d")]))
    assert isinstance(unknown, ReplyFailed)
    assert unknown.outcome_unknown
    assert provider.texts.count("b") == taken
    outcome = {"outcome": "unknown"}
    assert registry.get_sample_value("aprendiz_replies_total", outcome) == 1
    unknown_state = tables.deliveries.c.state == deliveries.UNKNOWN
    async with database.read() as connection:
        assert await count(connection, tables.deliveries, unknown_state) == 1
    assert events(await handler.handle([batch[1]])) == [unknown]


async def test_what_was_sent_before_a_failure_in_the_batch_stays_sent(database: Database) -> None:
    """Without a provider that can be asked, only the note tells."""
    provider = Provider(can_be_asked=False)
    provider.dies_after = "b"
    await dies(deliverer(database, provider), [reply("a"), reply("b")])
    [sent] = events(await deliverer(database, provider).handle([reply("a")]))
    assert isinstance(sent, ReplySent)
    assert provider.texts == ["a", "b"]


async def test_a_simulated_phone_that_lost_its_note_finds_the_reply(database: Database) -> None:
    phone = SimulatedPhone(database)
    asked = reply("a")
    moment = datetime.now(UTC)
    new = deliveries.NewDelivery(asked.id, "t-a", CHAT, "simulador")
    async with database.begin() as connection:
        await deliveries.open_all(connection, [new], moment)
    assert await phone.find(asked.id) is None
    await phone.deliver(Reply.of(asked))  # type: ignore[arg-type]  # a reply, made by ``reply``
    [sent] = events(await deliverer(database, phone).handle([asked]))
    assert sent.provider_message_id == await phone.find(asked.id)
    async with database.read() as connection:
        assert len(await on_phone(connection)) == 1


KILLED = """
import asyncio, os, sys
from prometheus_client import CollectorRegistry
from contracts.codec import decode
from services.gateway.handler import Deliverer
from services.gateway.metrics import GatewayMetrics
from services.gateway.simulator import SimulatedPhone
from services.runtime.metrics import Metrics
from services.storage.engine import Database

class Killed(SimulatedPhone):
    async def deliver(self, reply):
        if reply.text == "b" and sys.argv[2] == "before":
            os._exit(9)
        await super().deliver(reply)
        if reply.text == "b":
            os._exit(9)

async def main():
    database = Database.open(sys.argv[1])
    metrics = GatewayMetrics(Metrics(CollectorRegistry()))
    batch = [decode(line) for line in sys.stdin.buffer.read().splitlines()]
    await Deliverer(database, Killed(database), metrics).handle(batch)

asyncio.run(main())
"""


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_process_killed_around_the_call_leaves_each_text_on_the_phone_once(
    database: Database, database_url: str, moment: str
) -> None:
    batch = [reply("a"), reply("b"), reply("c")]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, database_url, moment, stdin=asyncio.subprocess.PIPE
    )
    await process.communicate(b"\n".join(encode(each) for each in batch))
    assert process.returncode == 9
    sent = events(await deliverer(database, SimulatedPhone(database)).handle(batch))
    assert all(isinstance(each, ReplySent) for each in sent)
    async with database.read() as connection:
        arrived = await on_phone(connection)
    assert [each.text for each in arrived] == ["a", "b", "c"]


async def test_only_answers_that_were_sent_now_count_as_waited_for(
    database: Database, registry: CollectorRegistry
) -> None:
    handler = deliverer(database, Provider(), registry)
    batch = [reply("a"), reply("un momento", kind=ReplyKind.HOLDING)]
    await handler.handle(batch)
    await handler.handle(batch)
    author = {"author": "router"}
    assert registry.get_sample_value("aprendiz_answer_wait_seconds_count", author) == 1
