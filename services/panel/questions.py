"""Questions that wait for a person, and what an answer brings about, all in one transaction."""

from collections.abc import Sequence
from uuid import NAMESPACE_URL, uuid5

from contracts.codec import encode
from contracts.envelope import Envelope, originate
from contracts.events import Author, Event, ReplyKind, ReplyRequested, SampleRecorded, TurnReady
from services.panel.labels import require_known
from services.panel.question_bodies import Answer, Question
from services.panel.refusals import ApiError, shown
from services.panel.trainings import SOURCE
from services.runtime.settings import origin_of
from services.storage import claims, outbox, teaching
from services.storage.engine import Database
from services.storage.outbox import NewRow


async def waiting(database: Database, limit: int) -> list[Question]:
    """The questions that wait, the oldest first."""
    async with database.read() as connection:
        found = await teaching.waiting(connection, limit)
    return [
        Question(
            turn_id=each.turn.turn_id,
            conversation_id=each.turn.conversation_id,
            gateway=each.turn.gateway,
            text=each.text,
            reason=each.reason,
            created_at=each.created_at,
        )
        for each in found
    ]


async def answer(database: Database, turn_id: str, given: Answer) -> None:
    """Answer a question: the customer gets the reply, the student a sample.

    Raises:
        ApiError: 404 there is no such question, 409 it was answered, 422 no such intent.
    """
    async with database.begin() as connection:
        await require_known(connection, given.intent)
        answered = await teaching.answer(
            connection, turn_id, given.person, given.text, given.intent
        )
        if answered is None:
            raise _not_waiting(turn_id, await teaching.question(connection, turn_id))
        reply, *others = events(answered.turn, given)
        owner = f"panel:{turn_id}"
        kept = await claims.claim(connection, turn_id, ReplyKind.ANSWER, owner, encode(reply))
        if kept is None:
            raise _claimed(turn_id)
        rows = [NewRow.of(each) for each in (reply, *others)]
        await outbox.add(connection, rows)


def events(turn: TurnReady, given: Answer) -> Sequence[Envelope[Event]]:
    """The reply to the customer first; then the sample, if the customer wrote anything."""
    reply = ReplyRequested.to(turn, given.text, Author.PERSON, intent=given.intent)
    found: list[Event] = [reply]
    if turn.text.strip():
        found.append(_sample(turn, given.intent))
    return [_originated(turn, event) for event in found]


def _sample(turn: TurnReady, intent: str | None) -> SampleRecorded:
    return SampleRecorded(
        text=turn.text,
        intent=intent,
        labelled_by=Author.PERSON,
        origin=origin_of(turn.gateway),
        turn_id=turn.turn_id,
        conversation_id=turn.conversation_id,
        contact_id=turn.contact.id,
    )


def _originated(turn: TurnReady, event: Event) -> Envelope[Event]:
    # Named after the turn: a question is answered once, whatever is repeated.
    given_id = str(uuid5(NAMESPACE_URL, f"aprendiz:person:{turn.turn_id}:{event.TYPE}"))
    return originate(event, source=SOURCE, given_id=given_id)


def _not_waiting(turn_id: str, found: teaching.Question | None) -> ApiError:
    if found is None:
        expected = "the turn_id of a question that GET /questions lists"
        return ApiError(404, "turn_id", expected=expected, got=shown(turn_id))
    got = f"one that {found.answered_by} has answered"
    return ApiError(409, "turn_id", expected="a question that waits", got=got)


def _claimed(turn_id: str) -> ApiError:
    got = f"{shown(turn_id)}, which was answered by the bot meanwhile"
    return ApiError(409, "turn_id", expected="a turn without an answer", got=got)
