"""Turns that a person is asked to label: student and teacher shall not only grade each other."""

from uuid import NAMESPACE_URL, uuid5

from contracts.envelope import originate
from contracts.events import Author, Origin, SampleRecorded
from services.panel.labels import require_known
from services.panel.question_bodies import Check, Label
from services.panel.refusals import ApiError, shown
from services.panel.trainings import SOURCE
from services.storage import evidence, outbox
from services.storage.audit import Change, record
from services.storage.engine import Database, Transaction
from services.storage.outbox import NewRow


async def waiting(database: Database, within: tuple[int, int], limit: int) -> list[Check]:
    """The checks that wait, of the evidence that is ``within`` so many days and rows."""
    async with database.read() as connection:
        first = await evidence.oldest(connection, *within)
        found = await evidence.waiting_checks(connection, limit, first)
    return [_shown(each) for each in found]


def _shown(check: evidence.Check) -> Check:
    # What student and teacher said is left out on purpose: who has read it is no witness.
    return Check(
        turn_id=check.turn_id,
        text=check.text,
        why="agreement" if check.agreed else "disagreement",
        created_at=check.created_at,
    )


async def label(database: Database, turn_id: str, given: Label) -> None:
    """Take a person's label: the student gets a sample.

    Raises:
        ApiError: 404 there is no such check, 409 it is settled, 422 no such intent.
    """
    async with database.begin() as connection:
        await require_known(connection, given.intent)
        check = await evidence.take_check(connection, turn_id)
        if check is None:
            raise await _not_waiting(connection, turn_id)
        sample = SampleRecorded(
            text=check.text,
            intent=given.intent,
            labelled_by=Author.PERSON,
            origin=Origin(check.origin),
            turn_id=turn_id,
            contact_id=check.contact_id,
        )
        given_id = str(uuid5(NAMESPACE_URL, f"aprendiz:check:{turn_id}"))
        envelope = originate(sample, source=SOURCE, given_id=given_id)
        await outbox.add(connection, [NewRow.of(envelope)])
        change = Change("label", turn_id, None, sample.label)
        await record(connection, given.person, [change])


async def _not_waiting(transaction: Transaction, turn_id: str) -> ApiError:
    if await evidence.is_checked(transaction, turn_id):
        return ApiError(409, "turn_id", expected="a check that waits", got="one that is settled")
    expected = "the turn_id of a check that GET /checks lists"
    return ApiError(404, "turn_id", expected=expected, got=shown(turn_id))
