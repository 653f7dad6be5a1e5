"""A phone on the command line: says something to the shop and follows what becomes of it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter
from typing import Any
from uuid import uuid4

from pydantic import ValidationError

from contracts import topology
from contracts.codec import DecodeError, decode
from contracts.envelope import Envelope, originate
from contracts.events import (
    Contact,
    HandoffRequested,
    IntentClassified,
    MessageReceived,
    ReplyFailed,
    ReplyKind,
    ReplyRequested,
    ReplySent,
)
from services.learning.percent import certainty, tenths
from services.opening import open_broker
from services.runtime.batch import outgoing
from services.runtime.broker import Broker, Listener
from services.runtime.settings import SIMULATOR, Settings

SOURCE = "/aprendiz/cli"
FOLLOWED = (
    topology.CONFIDENT,
    topology.UNSURE,
    HandoffRequested.TYPE,
    f"{ReplyRequested.TYPE}.{SIMULATOR}",
    ReplySent.TYPE,
    ReplyFailed.TYPE,
)


class Unsayable(ValueError):
    """Words, or a conversation's name, that no message can carry; the message says why."""


@dataclass
class Answer:
    """What came back for a message: the words, who said them, why, and after how long."""

    reply: ReplyRequested
    classified: IntentClassified | None
    delivered: bool
    seconds: float


def explain(answer: Answer) -> str:
    """Who answered, why, and how fast, in one line."""
    held = answer.reply.kind is ReplyKind.HOLDING
    words = [f"{answer.reply.author}, who asks a person" if held else str(answer.reply.author)]
    if answer.classified is not None:
        event = answer.classified
        guess = f"{event.intent} {certainty(event.confidence)}" if event.intent else "no intent"
        words.append(f"{event.reason}: {guess}, threshold {tenths(event.threshold)}")
    words.append(f"{answer.seconds * 1000:.0f} ms")
    if not answer.delivered:
        words.append("NOT delivered")
    return " · ".join(words)


def no_reply(seconds: float) -> str:
    """What may be the matter when nothing has come back for so long."""
    return (
        f"no reply within {seconds:g} s: is `aprendiz run` running, and may the bot speak in this "
        "conversation? It may not once `baja` was written, or while a person has it"
    )


class Line:
    """A conversation of the simulated phone."""

    def __init__(self, broker: Broker, listener: Listener, conversation_id: str) -> None:
        """Use ``open_line``."""
        self.conversation_id = conversation_id
        self.handed_over = False
        """Whether a person was asked for: the bot keeps quiet from then on."""
        self._broker = broker
        self._listener = listener

    async def say(self, text: str) -> str:
        """Publish a message; returns its id. It is the broker's when this returns.

        Raises:
            Unsayable: the text is not valid Unicode, or holds NUL.
        """
        message = _message(self.conversation_id, text)
        envelope = originate(message, source=SOURCE, given_id=message.provider_message_id)
        await self._broker.publish([outgoing(envelope)])
        return envelope.id

    async def answer(self, since: float) -> Answer:
        """The next delivered reply of this conversation; ``since`` is a ``perf_counter`` reading.

        Words are shown once the phone has them, so this waits for the delivery.
        """
        classified: IntentClassified | None = None
        replies: dict[str, ReplyRequested] = {}
        while True:
            for delivery in await self._listener.take(64):
                envelope = read(delivery.body)
                if envelope is None or envelope.subject != self.conversation_id:
                    continue
                match envelope.data:
                    case IntentClassified() as event:
                        classified = event
                    case HandoffRequested():
                        self.handed_over = True
                    case ReplyRequested() as reply:
                        replies[envelope.id] = reply
                    case ReplySent(reply_id=reply_id) | ReplyFailed(reply_id=reply_id) as end:
                        if reply_id in replies:
                            sent = isinstance(end, ReplySent)
                            seconds = perf_counter() - since
                            return Answer(replies[reply_id], classified, sent, seconds)
                    case _:
                        pass


def read(body: bytes) -> Envelope[Any] | None:
    """The event in a body; None for what is none: anyone may publish anything."""
    try:
        return decode(body)
    except DecodeError:
        return None


def _message(conversation_id: str, text: str) -> MessageReceived:
    try:
        return MessageReceived(
            conversation_id=conversation_id,
            contact=Contact(id=conversation_id),
            gateway=SIMULATOR,
            provider_message_id=str(uuid4()),
            text=text,
            sent_at=datetime.now(UTC),
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        words = first["msg"].removeprefix("Value error, ")
        raise Unsayable(f"Not sent: {first['loc'][0]}: {words}") from error


@asynccontextmanager
async def open_line(settings: Settings, conversation_id: str | None) -> AsyncIterator[Line]:
    """A line to the shop that listens before it speaks, so that no answer is missed."""
    async with connected(settings) as broker, broker.listen(FOLLOWED) as listener:
        yield Line(broker, listener, conversation_id or f"simulado-{uuid4().hex[:8]}")


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[Broker]:
    """A broker connection for one command, with the topology declared."""
    settings.make_home()
    broker = open_broker(settings, "cli")
    await broker.connect()
    try:
        await broker.declare(topology.build(settings.gateways))
        yield broker
    finally:
        await broker.close()


async def tapped(settings: Settings, keys: Sequence[str]) -> AsyncIterator[bytes]:
    """The bodies of what is published under ``keys`` from now on."""
    async with connected(settings) as broker, broker.listen(keys) as listener:
        while True:
            for delivery in await listener.take(64):
                yield delivery.body
                await asyncio.sleep(0)
