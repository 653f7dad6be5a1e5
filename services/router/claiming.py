"""Claims turns before they are answered, and tells what was answered already."""

from collections.abc import Sequence

from contracts.codec import decode, encode
from contracts.envelope import Envelope, cause
from contracts.events import Event, IntentClassified, ReplyKind
from contracts.topology import source_of
from services.storage.claims import Claim, claim_all
from services.storage.engine import Database

NAME = "router"
_HANDOFF = "handoff"
"""Kept beside the answer, so that a redelivery calls for a person again too."""

Cause = Envelope[IntentClassified]
Events = Sequence[Event]


def owner_of(envelope: Cause) -> str:
    """Whoever claims for this cause."""
    return f"{NAME}:{envelope.id}"


def answered(envelope: Cause, claims: Sequence[Claim]) -> Events | None:
    """The events this cause brought before; none when another answered; None when nobody did."""
    turn_id = envelope.data.turn.turn_id
    held = {claim.kind: claim for claim in claims if claim.turn_id == turn_id}
    answer = held.get(ReplyKind.ANSWER)
    if answer is None:
        return None
    owner = owner_of(envelope)
    kept = [answer, held.get(_HANDOFF)]
    return [_event(each.envelope) for each in kept if each and each.owner == owner]


async def claim_answers(
    database: Database, answers: Sequence[tuple[Cause, Events]]
) -> list[Events]:
    """Claim each turn for its cause's events, a reply and perhaps a handoff, and commit.

    Returns the events to publish: what the cause stored first; none where another was faster.
    """
    if not answers:
        return []
    wished = [_claims(envelope, events) for envelope, events in answers]
    async with database.begin() as connection:
        replies = await claim_all(connection, [claims[0] for claims in wished])
        won = [place for place, reply in enumerate(replies) if reply is not None]
        # Only beside an answer of one's own: else a loser would keep the winner from calling.
        calling = [place for place in won if len(wished[place]) > 1]
        calls = await claim_all(connection, [wished[place][1] for place in calling])
    called = dict(zip(calling, calls, strict=True))
    return [
        [_event(each) for each in (reply, called.get(place)) if each is not None]
        for place, reply in enumerate(replies)
    ]


def _claims(envelope: Cause, events: Events) -> list[Claim]:
    # As the road will wrap them.
    children = cause(envelope, events, source=source_of(NAME))
    kinds = (ReplyKind.ANSWER, _HANDOFF)
    turn_id, owner = envelope.data.turn.turn_id, owner_of(envelope)
    pairs = zip(kinds, children, strict=False)
    return [Claim(turn_id, str(kind), owner, encode(child)) for kind, child in pairs]


def _event(stored: bytes) -> Event:
    event: Event = decode(stored).data
    return event
