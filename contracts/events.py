"""Every event of Aprendiz, in the order in which a message meets them."""

from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field

from contracts.catalogue import OUT_OF_SCOPE
from contracts.fields import (
    Gateway,
    Id,
    Key,
    Moment,
    OptionalPhone,
    Share,
    Text,
    open_enum,
)


class Part(BaseModel):
    """A frozen piece of an event. Unknown fields are ignored, wrong types are refused."""

    model_config = ConfigDict(
        frozen=True, strict=True, extra="ignore", allow_inf_nan=False, hide_input_in_errors=True
    )


class Event(Part):
    """Something that happened or is asked for. Its type is also its routing key."""

    TYPE: ClassVar[str]

    @property
    def type(self) -> str:
        """The event's type, which is its routing key."""
        return self.TYPE


class Chat(StrEnum):
    """Where a message was written. What is unknown is treated as a channel: not answered."""

    DIRECT = "direct"
    GROUP = "group"
    STATUS = "status"
    CHANNEL = "channel"


class Kind(StrEnum):
    """What a message is. What is unknown reads as ``unsupported``."""

    TEXT = "text"
    BUTTON = "button"
    LIST = "list"
    ORDER = "order"
    AUDIO = "audio"
    IMAGE = "image"
    VIDEO = "video"
    DOCUMENT = "document"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACTS = "contacts"
    REACTION = "reaction"
    EDITED = "edited"
    DELETED = "deleted"
    UNSUPPORTED = "unsupported"


class Route(StrEnum):
    """Where a classified turn goes."""

    CONFIDENT = "confident"
    UNSURE = "unsure"
    SHADOW = "shadow"


class Reason(StrEnum):
    """Why a turn went where it went."""

    ACCEPTED = "accepted"
    BELOW_THRESHOLD = "below_threshold"
    AMBIGUOUS = "ambiguous"
    OUT_OF_SCOPE = "out_of_scope"
    UNSUPPORTED_KIND = "unsupported_kind"
    NO_MODEL = "no_model"
    UNPROVEN = "unproven"
    REFUTED = "refuted"
    ALWAYS_ASK = "always_ask"
    DISPUTED = "disputed"
    ESCALATED = "escalated"
    OTHER = "other"


class ReplyKind(StrEnum):
    """An answer, or the one polite sentence that says a person will answer."""

    ANSWER = "answer"
    HOLDING = "holding"


class Author(StrEnum):
    """Who wrote a reply or gave a label."""

    ROUTER = "router"
    TEACHER = "teacher"
    PERSON = "person"
    OTHER = "other"


class TrustState(StrEnum):
    """What the evidence says of the student. What is unknown counts as unproven."""

    CERTIFIED = "certified"
    UNPROVEN = "unproven"
    REFUTED = "refuted"


class Basis(StrEnum):
    """What a bound is on. What is unknown counts as the weaker one, agreement."""

    AGREEMENT = "agreement"
    """With the labels, of which most are the teacher's."""
    PRECISION = "precision"
    """The share of right answers, as people have checked."""


class Origin(StrEnum):
    """Where a sample's text came from. Only live traffic can certify a model."""

    LIVE = "live"
    SIMULATED = "simulated"
    REPLAYED = "replayed"


OpenChat = Annotated[Chat, open_enum(Chat, Chat.CHANNEL)]
OpenKind = Annotated[Kind, open_enum(Kind, Kind.UNSUPPORTED)]
OpenReason = Annotated[Reason, open_enum(Reason, Reason.OTHER)]
OpenState = Annotated[TrustState, open_enum(TrustState, TrustState.UNPROVEN)]
OpenBasis = Annotated[Basis, open_enum(Basis, Basis.AGREEMENT)]
OpenAuthor = Annotated[Author, open_enum(Author, Author.OTHER)]
OpenOrigin = Annotated[Origin, open_enum(Origin, Origin.REPLAYED)]


class Contact(Part):
    """A person who writes to the shop, keyed by the provider's stable user id."""

    id: Id
    phone: OptionalPhone = None
    name: Text | None = None


class MessageReceived(Event):
    """A customer's message, as a gateway saw it."""

    TYPE = "message.received"

    conversation_id: Key
    contact: Contact
    gateway: Gateway
    provider_message_id: Key
    text: Text | None = None
    sent_at: Moment
    kind: OpenKind = Kind.TEXT
    chat: OpenChat = Chat.DIRECT


class HumanReplied(Event):
    """A person of the shop wrote to the customer: the bot steps back."""

    TYPE = "human.replied"

    conversation_id: Key
    gateway: Gateway
    provider_message_id: Key
    text: Text | None = None
    sent_at: Moment


class TurnMessage(Part):
    """One of the messages that a turn gathers."""

    id: Id
    provider_message_id: Id
    kind: OpenKind
    text: Text | None = None
    sent_at: Moment


class Asked(Part):
    """What the bot asked last and has no answer to yet."""

    intent: Id
    text: Text


class TurnReady(Event):
    """A burst of messages that wants one answer, and what the bot asked last."""

    TYPE = "turn.ready"

    turn_id: Id
    conversation_id: Id
    contact: Contact
    gateway: Gateway
    messages: Annotated[tuple[TurnMessage, ...], Field(min_length=1)]
    asked: Asked | None = None
    opened_at: Moment
    deadline_at: Moment

    @property
    def text(self) -> str:
        """The texts of the turn's messages, a line each; empty when there is none."""
        return "\n".join(message.text for message in self.messages if message.text)


class Alternative(Part):
    """An intent that the model also considered."""

    intent: Id
    confidence: Share


class IntentClassified(Event):
    """The student's word on a turn, and where that sends it."""

    TYPE = "intent.classified"

    turn: TurnReady
    route: Route
    reason: OpenReason
    intent: Id | None = None
    confidence: Share = 0.0
    alternatives: Annotated[tuple[Alternative, ...], Field(max_length=3)] = ()
    model_version: Id | None = None
    threshold: Share
    state: OpenState = TrustState.UNPROVEN
    """What was proven of the student when it said this."""
    drawn: bool = False
    """Drawn for grading before it was classified: only such turns are evidence."""

    @property
    def type(self) -> str:
        """``intent.classified.<route>``."""
        return f"{self.TYPE}.{self.route}"


class ReplyRequested(Event):
    """Words for the customer, to be delivered by the conversation's gateway."""

    TYPE = "reply.requested"

    turn_id: Id
    conversation_id: Id
    contact: Contact
    gateway: Gateway
    text: Text
    kind: ReplyKind = ReplyKind.ANSWER
    author: OpenAuthor
    intent: Id | None = None
    asks: Id | None = None
    """The intent whose missing detail this reply asks for."""
    in_reply_to: Id | None = None
    """The provider's id of the last message that is answered."""
    received_at: Moment
    """When the first message of the turn was sent: the start of the customer's wait."""

    @classmethod
    def to(
        cls,
        turn: TurnReady,
        text: str,
        author: Author,
        *,
        kind: ReplyKind = ReplyKind.ANSWER,
        intent: str | None = None,
        asks: str | None = None,
    ) -> Self:
        """A reply to the turn's last message; the customer waits since the first one."""
        return cls(
            turn_id=turn.turn_id,
            conversation_id=turn.conversation_id,
            contact=turn.contact,
            gateway=turn.gateway,
            text=text,
            kind=kind,
            author=author,
            intent=intent,
            asks=asks,
            in_reply_to=turn.messages[-1].provider_message_id,
            received_at=turn.messages[0].sent_at,
        )

    @property
    def type(self) -> str:
        """``reply.requested.<gateway>``."""
        return f"{self.TYPE}.{self.gateway}"


class ReplySent(Event):
    """The provider took a reply."""

    TYPE = "reply.sent"

    reply_id: Id
    turn_id: Id
    conversation_id: Key
    gateway: Gateway
    provider_message_id: Key
    sent_at: Moment


class ReplyFailed(Event):
    """A reply did not reach the provider, or nobody knows whether it did."""

    TYPE = "reply.failed"

    reply_id: Id
    turn_id: Id
    conversation_id: Key
    gateway: Gateway
    outcome_unknown: bool = False
    """True when the call's outcome is not known: never sent again blindly, shown to a person."""
    error: Text


class HandoffRequested(Event):
    """A person of the shop should take over the conversation."""

    TYPE = "handoff.requested"

    turn_id: Id
    conversation_id: Id
    gateway: Gateway
    requested_by: OpenAuthor
    intent: Id | None = None
    note: Text


class Graded(Part):
    """What the student had said, live, of a text that is now labelled."""

    said: Id
    confidence: Share
    model_version: Id
    drawn: bool = False


class SampleRecorded(Event):
    """A text with a label: what the student learns from."""

    TYPE = "sample.recorded"

    text: Text
    intent: Id | None = None
    """None: the labeller says that no intent of the catalogue fits."""
    labelled_by: OpenAuthor
    confidence: Share | None = None
    origin: OpenOrigin = Origin.LIVE
    turn_id: Id | None = None
    conversation_id: Id | None = None
    contact_id: Id | None = None
    graded: Graded | None = None
    """None: no model had said anything of it."""
    second: bool = False
    """The teacher was asked again, blindly, because its first label firmly contradicts the student:
    another voice on that turn, no sample of its own."""
    proposed: Id | None = None
    """The name of a new intent that the labeller proposes where none of the catalogue fits."""

    @property
    def label(self) -> str:
        """What it is learned as: its intent, or the class of what none fits."""
        return self.intent or OUT_OF_SCOPE


class TrainingRequested(Event):
    """Somebody asks for a training now."""

    TYPE = "training.requested"

    training_id: Id
    requested_by: Id


class ModelPromoted(Event):
    """A new model is in force. A hint: the version number in the database is the truth."""

    TYPE = "model.promoted"

    version: Id
    digest: Id
    previous: Id | None = None


class CertificateIssued(Event):
    """Another threshold or state is in force, also once a certificate lapses or is refused.

    A hint: the database is the truth.
    """

    TYPE = "certificate.issued"

    version: Annotated[int, Field(ge=0)]
    state: OpenState
    threshold: Share
    target: Share
    rows: Annotated[int, Field(ge=0)]
    bound: Share | None = None
    """The share that is at least there; None: nothing was tested."""
    basis: OpenBasis = Basis.AGREEMENT
    model_version: Id | None = None
    why: Text


class SettingsChanged(Event):
    """Settings were changed. A hint: the version number in the database is the truth."""

    TYPE = "settings.changed"

    version: Annotated[int, Field(ge=0)]
    keys: tuple[Id, ...]
    changed_by: Id


EVENTS: tuple[type[Event], ...] = (
    MessageReceived,
    HumanReplied,
    TurnReady,
    IntentClassified,
    ReplyRequested,
    ReplySent,
    ReplyFailed,
    HandoffRequested,
    SampleRecorded,
    TrainingRequested,
    ModelPromoted,
    CertificateIssued,
    SettingsChanged,
)


def event_class(event_type: str) -> type[Event] | None:
    """The class of an event type; families such as ``reply.requested.<gateway>`` included."""
    return _BY_TYPE.get(event_type) or _BY_TYPE.get(event_type.rpartition(".")[0])


_BY_TYPE = {event.TYPE: event for event in EVENTS}
