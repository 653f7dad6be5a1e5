"""What all contenders share: the queues, the models, and the count of what has arrived."""

import asyncio
from datetime import datetime

from pydantic import BaseModel

EXCHANGE = "aprendiz.events"
FIRST_QUEUE = "aprendiz.conversations"
SECOND_QUEUE = "aprendiz.classifier"
FIRST_KEY = "message.received"
SECOND_KEY = "turn.ready"
PREFETCH = 128


class Person(BaseModel):
    """A contact."""

    id: str
    phone: str | None = None
    name: str | None = None


class Message(BaseModel):
    """The data of ``message.received``, for contenders that bring no contracts of their own."""

    conversation_id: str
    contact: Person
    gateway: str
    provider_message_id: str
    text: str
    sent_at: datetime
    kind: str
    chat: str


class Received(BaseModel):
    """What is in the first queue."""

    id: str
    type: str
    source: str
    subject: str
    time: datetime
    data: Message


class Part(BaseModel):
    """One of a turn's messages."""

    id: str
    provider_message_id: str
    kind: str
    text: str
    sent_at: datetime


class Turn(BaseModel):
    """The data of ``turn.ready``."""

    turn_id: str
    conversation_id: str
    contact: Person
    gateway: str
    messages: tuple[Part, ...]
    opened_at: datetime
    deadline_at: datetime


class Ready(BaseModel):
    """What goes to the second queue."""

    id: str
    type: str
    source: str
    subject: str
    time: datetime
    data: Turn


def ready(received: Received) -> Ready:
    """The trivial work of the first hop."""
    message = received.data
    part = Part(
        id=received.id,
        provider_message_id=message.provider_message_id,
        kind=message.kind,
        text=message.text,
        sent_at=message.sent_at,
    )
    turn = Turn(
        turn_id=received.id,
        conversation_id=message.conversation_id,
        contact=message.contact,
        gateway=message.gateway,
        messages=(part,),
        opened_at=received.time,
        deadline_at=received.time,
    )
    return Ready(
        id=f"{received.id}-1",
        type=SECOND_KEY,
        source="/bench",
        subject=received.subject,
        time=received.time,
        data=turn,
    )


class Arrivals:
    """Counts the distinct conversations that reached the end of the second hop."""

    def __init__(self, expected: int) -> None:
        self.seen: set[str] = set()
        self.all_there = asyncio.Event()
        self._expected = expected

    def note(self, conversation_id: str) -> None:
        self.seen.add(conversation_id)
        if len(self.seen) == self._expected:
            self.all_there.set()
