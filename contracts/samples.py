"""One golden example of every event: a small conversation, from its first message on."""

from datetime import UTC, datetime, timedelta

from contracts.envelope import Envelope, originate
from contracts.events import (
    Alternative,
    Asked,
    Author,
    CertificateIssued,
    Contact,
    Event,
    Graded,
    HandoffRequested,
    HumanReplied,
    IntentClassified,
    MessageReceived,
    ModelPromoted,
    Reason,
    ReplyFailed,
    ReplyRequested,
    ReplySent,
    Route,
    SampleRecorded,
    SettingsChanged,
    TrainingRequested,
    TrustState,
    TurnMessage,
    TurnReady,
)

_AT = datetime(2026, 11, 2, 15, 30, 0, 250_000, tzinfo=UTC)
_TURN = "5b0e1b76-52a5-5a0c-8d3a-3f6e0a1b2c3d"
_CHAT = "whatsapp:5215512345678"
_ANA = Contact(id="MX.1020304050", phone="+5215512345678", name="Ana Pérez 🌵")
_HELLO = MessageReceived(
    conversation_id=_CHAT,
    contact=_ANA,
    gateway="whatsapp",
    provider_message_id="wamid.HBgNNTIx",
    text="buenas, a q hora abren hoy?",
    sent_at=_AT,
)
_READY = TurnReady(
    turn_id=_TURN,
    conversation_id=_CHAT,
    contact=_ANA,
    gateway="whatsapp",
    messages=(
        TurnMessage(
            id=originate(_HELLO, source="/whatsapp", given_id="1").id,
            provider_message_id=_HELLO.provider_message_id,
            kind=_HELLO.kind,
            text=_HELLO.text,
            sent_at=_AT,
        ),
    ),
    asked=Asked(intent="estado_pedido", text="¿Me das tu número de pedido?"),
    opened_at=_AT + timedelta(seconds=1.5),
    deadline_at=_AT + timedelta(seconds=61.5),
)
_REPLY_ID = "0d3ff1b6-3c9c-5d1e-9b4d-6f0f5f6a7b8c"

SAMPLES: tuple[Event, ...] = (
    _HELLO,
    HumanReplied(
        conversation_id=_CHAT,
        gateway="whatsapp",
        provider_message_id="wamid.HBgNNTIy",
        text="Hola Ana, te atiendo yo.",
        sent_at=_AT + timedelta(minutes=5),
    ),
    _READY,
    IntentClassified(
        turn=_READY,
        route=Route.CONFIDENT,
        reason=Reason.ACCEPTED,
        intent="horario",
        confidence=0.97,
        alternatives=(
            Alternative(intent="ubicacion", confidence=0.01),
            Alternative(intent="saludo", confidence=0.005),
            Alternative(intent="disponibilidad", confidence=0.005),
        ),
        model_version="20261101T060000-1a2b3c4d",
        threshold=0.8,
        state=TrustState.CERTIFIED,
        drawn=True,
    ),
    ReplyRequested(
        turn_id=_TURN,
        conversation_id=_CHAT,
        contact=_ANA,
        gateway="whatsapp",
        text="¡Hola! Hoy abrimos de 9:00 a 19:00.",
        author=Author.ROUTER,
        intent="horario",
        in_reply_to=_HELLO.provider_message_id,
        received_at=_AT,
    ),
    ReplySent(
        reply_id=_REPLY_ID,
        turn_id=_TURN,
        conversation_id=_CHAT,
        gateway="whatsapp",
        provider_message_id="wamid.HBgNNTIz",
        sent_at=_AT + timedelta(seconds=2),
    ),
    ReplyFailed(
        reply_id=_REPLY_ID,
        turn_id=_TURN,
        conversation_id=_CHAT,
        gateway="whatsapp",
        error="131047: the 24-hour window is closed",
    ),
    HandoffRequested(
        turn_id=_TURN,
        conversation_id=_CHAT,
        gateway="whatsapp",
        requested_by=Author.ROUTER,
        intent="humano_contacto",
        note="quiero hablar con una persona",
    ),
    SampleRecorded(
        text="buenas, a q hora abren hoy?",
        intent="horario",
        labelled_by=Author.TEACHER,
        confidence=0.93,
        turn_id=_TURN,
        conversation_id=_CHAT,
        contact_id=_ANA.id,
        graded=Graded(
            said="horario", confidence=0.97, model_version="20261101T060000-1a2b3c4d", drawn=True
        ),
    ),
    TrainingRequested(
        training_id="7f1d7e0a-9d7f-4b9e-8a3f-2f1e0d9c8b7a", requested_by="panel:admin"
    ),
    ModelPromoted(
        version="20261102T160000-5e6f7a8b",
        digest="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        previous="20261101T060000-1a2b3c4d",
    ),
    CertificateIssued(
        version=3,
        state=TrustState.CERTIFIED,
        threshold=0.85,
        target=0.95,
        rows=212,
        bound=0.957,
        model_version="20261102T160000-5e6f7a8b",
        why="209 of 212 rows agree with their labels at 85%: at least 95.7% with 95.0% certainty",
    ),
    SettingsChanged(version=7, keys=("ml_umbral_confianza",), changed_by="panel:admin"),
)


def golden() -> dict[str, Envelope[Event]]:
    """Every sample in an envelope that is the same in each release, by event type."""
    return {event.TYPE: _fixed(event) for event in SAMPLES}


def _fixed(event: Event) -> Envelope[Event]:
    made = originate(event, source="/sample", given_id=f"sample-{event.TYPE}")
    return Envelope(
        id=made.id,
        type=made.type,
        source=made.source,
        subject=made.subject,
        time=_AT,
        data=event,
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )
