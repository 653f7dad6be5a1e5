"""A conversations service as a process assembles it, and a look at what it wrote."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry
from sqlalchemy import Engine, Table, event, select

from contracts.codec import decode
from contracts.envelope import Envelope, cause, originate
from contracts.events import (
    Author,
    Chat,
    Contact,
    Event,
    HumanReplied,
    Kind,
    MessageReceived,
    ReplyKind,
    ReplyRequested,
    TurnReady,
)
from services.conversations.wiring import assemble
from services.runtime.batch import Result
from services.runtime.embedded import EmbeddedBroker
from services.runtime.live import Live, LiveSettings
from services.runtime.metrics import Metrics
from services.runtime.process import Frame
from services.runtime.settings import SIMULATOR, Settings
from services.storage import tables
from services.storage.engine import Database

SHOP = "tienda"
"""A gateway with a quiet window; the simulated phone has none."""


class Desk:
    """One process of the service."""

    def __init__(self, database: Database, **settings: Any) -> None:
        self.database = database
        self.registry = CollectorRegistry()
        self.woken = 0
        self.live = Live(LiveSettings(**settings))
        broker = EmbeddedBroker(Path("never-opened.sqlite"))
        fixed = Settings(gateways=(SIMULATOR, SHOP))
        frame = Frame(fixed, self.live, broker, Metrics(self.registry), self._wake)
        self.part = assemble(frame, database)
        [self.clock] = self.part.background

    def _wake(self) -> None:
        self.woken += 1

    async def handle(self, *envelopes: Envelope[Event]) -> Sequence[Result]:
        return await self.part.intakes[0].handler(envelopes)

    def counted(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(f"aprendiz_{name}_total", labels) or 0

    async def rows(self, table: Table, **where: Any) -> list[Any]:
        """Rows as named tuples; messages and turns in their order."""
        order = {"messages": "created_at", "turns": "ordinal", "outbox": "id"}
        query = select(table).filter_by(**where).order_by(order.get(table.name, "id"))
        async with self.database.read() as connection:
            return list(await connection.execute(query))

    async def turns(self, conversation: str = "c1") -> list[Any]:
        return await self.rows(tables.turns, conversation_id=conversation)

    async def states(self, conversation: str = "c1") -> list[str]:
        return [turn.state for turn in await self.turns(conversation)]

    async def history(self, conversation: str = "c1") -> list[Any]:
        return await self.rows(tables.messages, conversation_id=conversation)

    async def conversation(self, conversation: str = "c1") -> Any:
        [row] = await self.rows(tables.conversations, id=conversation)
        return row

    async def published(self) -> list[TurnReady]:
        """Every TurnReady that was put into the outbox, in order."""
        return [decode(row.body).data for row in await self.rows(tables.outbox)]

    async def everything(self) -> dict[str, list[Any]]:
        kept = (tables.conversations, tables.turns, tables.messages, tables.outbox)
        return {table.name: await self.rows(table) for table in kept}


@contextmanager
def statements_noted() -> Iterator[list[str]]:
    """The statements that are sent to any database meanwhile; a batch of rows is one."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def wrap(data: Event, given_id: str = "e-1") -> Envelope[Event]:
    return originate(data, source="/test", given_id=given_id)


def ago(seconds: float) -> datetime:
    return datetime.now(UTC) - timedelta(seconds=seconds)


def wrote(
    text: str | None,
    name: str,
    *,
    conversation: str = "c1",
    gateway: str = SIMULATOR,
    sent_at: datetime | None = None,
    chat: Chat = Chat.DIRECT,
    kind: Kind = Kind.TEXT,
) -> Envelope[Event]:
    """A customer's message; ``name`` is what the provider calls it."""
    return wrap(
        MessageReceived(
            conversation_id=conversation,
            contact=Contact(id=f"contact-{conversation}", phone="+5215512345678", name="Ana 🌵"),
            gateway=gateway,
            provider_message_id=name,
            text=text,
            sent_at=sent_at or ago(1),
            chat=chat,
            kind=kind,
        )
    )


def person_wrote(
    text: str, name: str, *, conversation: str = "c1", sent_at: datetime | None = None
) -> Envelope[Event]:
    """What a person of the shop wrote by hand."""
    return wrap(
        HumanReplied(
            conversation_id=conversation,
            gateway=SIMULATOR,
            provider_message_id=name,
            text=text,
            sent_at=sent_at or ago(0.5),
        )
    )


def reply(
    turn: TurnReady, text: str = "Con gusto", *, given_id: str | None = None, **fields: Any
) -> Envelope[Event]:
    """The router's reply to a turn, unless ``fields`` say otherwise."""
    words = ReplyRequested(
        turn_id=turn.turn_id,
        conversation_id=turn.conversation_id,
        contact=turn.contact,
        gateway=turn.gateway,
        text=text,
        received_at=turn.messages[0].sent_at,
        in_reply_to=turn.messages[-1].provider_message_id,
        **{"author": Author.ROUTER, "kind": ReplyKind.ANSWER, **fields},
    )
    parent = wrap(turn, given_id or turn.turn_id)
    return cause(parent, [words], source="/test")[0]
