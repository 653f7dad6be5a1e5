"""The port to a provider of messages: what a gateway may ask of it."""

from typing import NamedTuple, Protocol

from contracts.envelope import Envelope
from contracts.events import Contact, ReplyRequested


class Reply(NamedTuple):
    """Words for a customer; `id` is the reply's event id, the same whenever it comes again."""

    id: str
    conversation_id: str
    contact: Contact
    text: str
    in_reply_to: str | None

    @classmethod
    def of(cls, envelope: Envelope[ReplyRequested]) -> "Reply":
        """The reply that an event asks for."""
        asked = envelope.data
        whom = (asked.conversation_id, asked.contact)
        return cls(envelope.id, *whom, asked.text, asked.in_reply_to)


class Undelivered(Exception):
    """The provider refused a reply for good: it did not reach the customer and never will."""


class Phone(Protocol):
    """One provider. Whatever else ``deliver`` raises leaves open whether the reply arrived."""

    can_be_asked: bool
    """Whether ``find`` tells for certain if a reply arrived."""

    async def deliver(self, reply: Reply) -> str:
        """Hand a reply over; returns the provider's id of the message.

        Raises:
            Undelivered: the provider refused it for good.
        """

    async def find(self, reply_id: str) -> str | None:
        """The provider's id of a reply that arrived; None when it did not, or nobody can say."""
