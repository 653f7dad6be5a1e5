"""The router answers batches of turns: claimed, once, with the shop's words of this moment."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import structlog
from prometheus_client import CollectorRegistry
from sqlalchemy import event, insert
from sqlalchemy.engine import Engine

from contracts.catalogue import parse_catalogue
from contracts.codec import decode, encode
from contracts.envelope import Envelope, cause
from contracts.events import (
    Author,
    Event,
    HandoffRequested,
    IntentClassified,
    Reason,
    ReplyKind,
    ReplyRequested,
    Route,
    TurnReady,
)
from services.router.wiring import assemble
from services.runtime.embedded import EmbeddedBroker
from services.runtime.live import Live, LiveSettings
from services.runtime.metrics import Metrics
from services.runtime.process import Frame
from services.runtime.settings import Settings
from services.storage import catalogue, claims, intents
from services.storage.engine import Database
from services.storage.shop import parse_stock, seed_demo
from services.storage.tables import messages, productos, turns
from tests.turns import SENT_AT, envelope_of, row_of, sure_of, turn_of, written_by_a_person

DATA = Path(__file__).parents[3] / "training_data"


class Stand:
    """A router as a process assembles it, over a database with the demonstration shop."""

    def __init__(self, frame: Frame, database: Database) -> None:
        self.frame, self.database = frame, database
        self.part = assemble(frame, database)

    async def handle(self, *envelopes: Envelope[Event]) -> list[list[Event]]:
        results = await self.part.intakes[0].handler(envelopes)
        return [list(result) for result in results if isinstance(result, Sequence)]

    async def answer(self, intent: str, text: str, **turn: Any) -> list[Event]:
        [events] = await self.handle(sure(intent, text, **turn))
        return events

    async def edit(self, intent: str, **changes: Any) -> None:
        """Edit the catalogue, and follow its version as the process does."""
        async with self.database.begin() as connection:
            await catalogue.edit(connection, intent, changes, "ana")
        await self.part.follows["catalogue"]()

    def outcomes(self) -> dict[str, float]:
        """How many turns had each outcome."""
        value = self.frame.metrics.registry.get_sample_value
        name = "aprendiz_router_outcomes_total"
        kinds = ("reply", "handoff", "escalate")
        return {kind: value(name, {"outcome": kind}) or 0.0 for kind in kinds}

    def dropped(self) -> float:
        labels = {"service": "router", "what": "claimed"}
        value = self.frame.metrics.registry.get_sample_value
        return value("aprendiz_repeats_dropped_total", labels) or 0.0


def sure(intent: str, text: str, *, given_id: str = "e-1", **turn: Any) -> Envelope[Event]:
    return envelope_of(sure_of(intent, turn_of(text, **turn)), given_id)


@pytest.fixture
async def stand(database: Database, tmp_path: Path) -> Stand:
    intents = parse_catalogue((DATA / "base_intents.json").read_bytes()).intents
    async with database.begin() as connection:
        await catalogue.seed(connection, intents)
        await seed_demo(connection, parse_stock((DATA / "demo_shop.json").read_bytes()))
    live = Live(LiveSettings(negocio_nombre="Jacarandá", negocio_horario="de 9 a 19"))
    broker = EmbeddedBroker(tmp_path / "broker.sqlite")
    frame = Frame(Settings(), live, broker, Metrics(CollectorRegistry()), lambda: None)
    return Stand(frame, database)


async def test_an_answer_goes_to_the_turns_gateway_and_quotes_its_last_message(
    stand: Stand,
) -> None:
    turn = turn_of("hola", "cuanto vale la camisa negra?")
    [[reply]] = await stand.handle(envelope_of(sure_of("precio", turn)))
    assert isinstance(reply, ReplyRequested)
    assert reply.type == "reply.requested.whatsapp"
    assert reply.text == "Estos son los precios:\n• Camisa negra de lino: $89.900"
    assert (reply.kind, reply.author, reply.intent) == (ReplyKind.ANSWER, Author.ROUTER, "precio")
    assert (reply.in_reply_to, reply.received_at) == ("wamid.t-1.1", SENT_AT)
    assert (reply.turn_id, reply.asks) == ("t-1", None)


async def test_a_question_back_says_what_it_asks_for(stand: Stand) -> None:
    [reply] = await stand.answer("estado_pedido", "donde esta mi pedido?")
    assert isinstance(reply, ReplyRequested)
    assert reply.asks == "estado_pedido"


async def test_orders_are_looked_up_by_number(stand: Stand) -> None:
    [reply] = await stand.answer("estado_pedido", "a1045", asked="estado_pedido")
    assert isinstance(reply, ReplyRequested)
    assert reply.text == "Tu pedido A-1045 está: listo para recoger en la tienda."


async def test_a_handover_is_an_answer_and_a_call_for_a_person(stand: Stand) -> None:
    reply, call = await stand.answer("humano_contacto", "quiero un asesor")
    assert isinstance(reply, ReplyRequested)
    assert isinstance(call, HandoffRequested)
    assert (call.turn_id, call.requested_by) == (reply.turn_id, Author.ROUTER)
    assert "«quiero un asesor»" in call.note


async def test_what_the_router_cannot_do_goes_to_the_teacher_unclaimed(stand: Stand) -> None:
    [event] = await stand.answer("ubicacion", "donde estan?")
    assert isinstance(event, IntentClassified)
    assert (event.route, event.reason) == (Route.UNSURE, Reason.ESCALATED)
    assert (event.intent, event.confidence, event.model_version) == ("ubicacion", 0.93, "v1")
    assert event.type == "intent.classified.unsure"
    async with stand.database.read() as connection:
        assert await claims.of_turns(connection, ["t-1"]) == []


# Redelivery


async def test_a_redelivered_batch_gives_the_same_events_with_the_same_ids(stand: Stand) -> None:
    batch = [
        sure("precio", "la camisa negra", turn_id="t-1", given_id="1"),
        sure("humano_contacto", "un asesor", turn_id="t-2", given_id="2"),
        sure("ubicacion", "donde estan?", turn_id="t-3", given_id="3"),
    ]
    first, again = await stand.handle(*batch), await stand.handle(*batch)
    assert first == again
    for envelope, events, repeated in zip(batch, first, again, strict=True):
        ids = [child.id for child in cause(envelope, events, source="/x")]
        assert ids == [child.id for child in cause(envelope, repeated, source="/x")]


async def test_a_redelivered_turn_is_counted_once(stand: Stand) -> None:
    batch = [
        sure("precio", "la camisa negra", turn_id="t-1", given_id="1"),
        sure("humano_contacto", "un asesor", turn_id="t-2", given_id="2"),
    ]
    await stand.handle(*batch)
    await stand.handle(*batch)
    assert stand.outcomes() == {"reply": 1, "handoff": 1, "escalate": 0}


async def test_a_crash_between_commit_and_publish_repeats_what_was_stored(stand: Stand) -> None:
    """Even if the shop has edited the reply, or switched the intent off, in between."""
    lost = await stand.handle(sure("humano_contacto", "un asesor"))
    await stand.edit("humano_contacto", reply="¡Ya va!")
    assert await stand.handle(sure("humano_contacto", "un asesor")) == lost
    await stand.edit("humano_contacto", active=False)
    assert await stand.handle(sure("humano_contacto", "un asesor")) == lost
    assert stand.dropped() == 0


async def test_the_same_message_twice_in_a_batch_is_one_answer(stand: Stand) -> None:
    twice = [sure("saludo", "hola"), sure("saludo", "hola")]
    one, other = await stand.handle(*twice)
    assert one == other
    async with stand.database.read() as connection:
        [claim] = await claims.of_turns(connection, ["t-1"])
    assert decode(claim.envelope).data == one[0]


async def test_a_turn_that_another_has_answered_is_dropped_and_counted(stand: Stand) -> None:
    theirs = claims.Claim("t-1", "answer", "teacher:x", b"...")
    async with stand.database.begin() as connection:
        await claims.claim_all(connection, [theirs])
    assert await stand.handle(
        sure("precio", "la camisa"), sure("saludo", "hola", turn_id="t-2", given_id="2")
    ) == [[], [await stand.answer("saludo", "hola", turn_id="t-2", given_id="2")][0]]
    assert stand.dropped() == 1


async def test_a_turn_that_another_claims_meanwhile_is_dropped_with_its_handoff(
    stand: Stand,
) -> None:
    """Two words on one turn in one batch: the first claim wins, the other says nothing."""
    results = await stand.handle(
        sure("humano_contacto", "un asesor", given_id="1"),
        sure("humano_contacto", "un asesor", given_id="2"),
    )
    assert sorted(len(events) for events in results) == [0, 2]
    assert stand.dropped() == 1


async def test_who_loses_a_turn_calls_nobody(stand: Stand) -> None:
    """A plain reply wins the turn; that the other word would have called a person is nothing."""
    first, second = sorted("12", key=lambda given: sure("saludo", "hola", given_id=given).id)
    calling = sure("humano_contacto", "un asesor", given_id=second)
    [lost, [reply]] = await stand.handle(calling, sure("saludo", "hola", given_id=first))
    assert lost == []
    assert isinstance(reply, ReplyRequested)
    assert reply.intent == "saludo"


async def taken_over(stand: Stand, turn: TurnReady, state: str) -> None:
    """A person of the shop has written to the customer since the turn was opened."""
    by_hand = written_by_a_person(turn, turn.deadline_at)
    async with stand.database.begin() as connection:
        await connection.execute(insert(turns).values(row_of(turn, state)))
        await connection.execute(insert(messages).values(by_hand))


@pytest.mark.parametrize("state", ["human", "expired"])
async def test_a_person_who_was_faster_is_not_talked_over(stand: Stand, state: str) -> None:
    """The router was away; when it is back, somebody of the shop has spoken to the customer."""
    await taken_over(stand, turn_of("hola"), state)
    assert await stand.answer("saludo", "hola") == []
    assert await stand.answer("humano_contacto", "un asesor") == []
    assert stand.dropped() == 2
    async with stand.database.read() as connection:
        assert await claims.of_turns(connection, ["t-1"]) == []


async def test_what_goes_to_the_teacher_goes_also_when_a_person_was_faster(stand: Stand) -> None:
    await taken_over(stand, turn_of("hola"), "human")
    [escalated] = await stand.answer("ubicacion", "donde estan?")
    assert isinstance(escalated, IntentClassified)


async def test_a_holding_reply_does_not_keep_the_answer_back(stand: Stand) -> None:
    holding = claims.Claim("t-1", "holding", "teacher:x", b"...")
    async with stand.database.begin() as connection:
        await claims.claim_all(connection, [holding])
    assert len(await stand.answer("saludo", "hola")) == 1


# The shop edits


async def test_an_edited_reply_is_said_from_the_next_batch_on(stand: Stand) -> None:
    await stand.answer("saludo", "hola")
    await stand.edit("saludo", reply="¡Bienvenido a {shop}!")
    [reply] = await stand.answer("saludo", "hola", turn_id="t-2", given_id="2")
    assert isinstance(reply, ReplyRequested)
    assert reply.text == "¡Bienvenido a Jacarandá!"


async def test_a_broken_placeholder_is_escalated_and_logged_by_its_intent(stand: Stand) -> None:
    await stand.edit("precio", reply="Cuesta {precio}")
    with structlog.testing.capture_logs() as logs:
        results = await stand.handle(
            sure("precio", "la camisa"), sure("saludo", "hola", turn_id="t-2", given_id="2")
        )
    assert [type(event) for [event] in results] == [IntentClassified, ReplyRequested]
    [entry] = [entry for entry in logs if entry["log_level"] == "error"]
    assert entry["intent"] == "precio"
    assert "{precio}" in entry["why"]


async def test_an_intent_that_is_switched_off_goes_to_the_teacher(stand: Stand) -> None:
    await stand.edit("pago", active=False)
    [event] = await stand.answer("pago", "aceptan tarjeta?")
    assert isinstance(event, IntentClassified)


async def test_an_intent_that_was_renamed_or_never_was_goes_to_the_teacher(stand: Stand) -> None:
    """A model names intents by the names that it learned, until the next one is in force."""
    async with stand.database.begin() as connection:
        await intents.rename(connection, "saludo", "bienvenida", "ana")
    await stand.part.follows["catalogue"]()
    for name in ("saludo", "nunca_fue", "__oos__"):
        [escalated] = await stand.answer(name, "hola", turn_id=f"t-{name}")
        assert isinstance(escalated, IntentClassified)
        assert escalated.route is Route.UNSURE
    [reply] = await stand.answer("bienvenida", "hola", turn_id="t-new")
    assert isinstance(reply, ReplyRequested)


async def test_an_answer_to_a_question_of_an_intent_that_is_gone_harms_nothing(
    stand: Stand,
) -> None:
    await stand.edit("estado_pedido", active=False)
    [escalated] = await stand.answer("afirmar", "sí", asked="estado_pedido")
    assert isinstance(escalated, IntentClassified)


async def test_a_changed_setting_is_said_from_the_next_batch_on(stand: Stand) -> None:
    stand.frame.live.settings = LiveSettings(negocio_horario="solo por la mañana")
    [reply] = await stand.answer("horario", "a que hora abren?")
    assert isinstance(reply, ReplyRequested)
    assert reply.text == "Nuestro horario de atención: solo por la mañana."


async def test_a_product_that_another_program_adds_is_found_at_once(stand: Stand) -> None:
    await stand.answer("precio", "la bicicleta")
    async with stand.database.begin() as connection:
        await connection.execute(
            insert(productos).values(nombre="Bicicleta roja", precio=1).inline()
        )
    [reply] = await stand.answer("precio", "la bicicleta", turn_id="t-2", given_id="2")
    assert isinstance(reply, ReplyRequested)
    assert "Bicicleta roja" in reply.text


# Batches


@dataclass
class Statements:
    """What was sent to the database, transactions aside."""

    sent: list[str] = field(default_factory=list)

    def note(self, _c: Any, _k: Any, statement: str, *_rest: Any) -> None:
        self.sent.append(statement)


@pytest.fixture
def statements() -> Iterator[Statements]:
    noted = Statements()
    event.listen(Engine, "before_cursor_execute", noted.note)
    yield noted
    event.remove(Engine, "before_cursor_execute", noted.note)


async def test_a_batch_of_64_costs_a_handful_of_statements(
    stand: Stand, statements: Statements
) -> None:
    kinds = [
        ("precio", "la camisa negra"),
        ("estado_pedido", "pedido 1042"),
        ("disponibilidad", "hay gorras?"),
        ("humano_contacto", "un asesor"),
        ("afirmar", "si"),
        ("saludo", "hola"),
        ("promociones", "ofertas?"),
        ("ubicacion", "donde?"),
    ]
    await stand.part.follows["catalogue"]()
    statements.sent.clear()
    batch = [
        sure(*kinds[place % 8], turn_id=f"t-{place}", given_id=str(place)) for place in range(64)
    ]
    results = await stand.handle(*batch)
    assert len(results) == 64
    assert all(results)
    assert len(statements.sent) <= 12, statements.sent


async def test_every_answer_can_travel(stand: Stand) -> None:
    envelope = sure("humano_contacto", "un asesor")
    [events] = await stand.handle(envelope)
    for child in cause(envelope, events, source="/aprendiz/router"):
        assert decode(encode(child)).data == child.data
