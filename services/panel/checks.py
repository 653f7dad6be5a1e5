"""Turns that a person is asked to label: student and teacher shall not only grade each other."""

from uuid import NAMESPACE_URL, uuid5

from fastapi import FastAPI

from contracts.catalogue import OUT_OF_SCOPE
from contracts.envelope import originate
from contracts.events import Author, Origin, SampleRecorded
from services.panel.dependencies import BODY, Dependencies, Limit, refusals
from services.panel.intents import require_known
from services.panel.question_bodies import Answered, Check, Checks, Label
from services.panel.refusals import ApiError, shown
from services.panel.trainings import SOURCE
from services.storage import evidence, outbox
from services.storage.audit import Change, record
from services.storage.engine import Database, Transaction
from services.storage.outbox import NewRow


def add_checks(app: FastAPI, deps: Dependencies) -> None:
    """Serve the list of checks and take labels."""

    @app.get("/checks", summary="Turns that a person is asked to label", responses=refusals(503))
    async def waiting(limit: Limit = 100) -> Checks:
        within = deps.live.settings.evidence_window
        async with deps.database.read() as connection:
            first = await evidence.oldest(connection, *within)
            found = await evidence.waiting_checks(connection, limit, first)
        return Checks(checks=tuple(map(_shown, found)))

    @app.post(
        "/checks/{turn_id}",
        status_code=202,
        summary="Say what a customer meant; nobody is answered",
        responses=refusals(*BODY, 404, 409, 503),
    )
    async def label(turn_id: str, body: Label) -> Answered:
        await _label(deps.database, turn_id, body)
        deps.wake_outbox()
        return Answered(turn_id=turn_id)


def _shown(check: evidence.Check) -> Check:
    # What student and teacher said is left out on purpose: who has read it is no witness.
    return Check(
        turn_id=check.turn_id,
        text=check.text,
        why="agreement" if check.agreed else "disagreement",
        created_at=check.created_at,
    )


async def _label(database: Database, turn_id: str, given: Label) -> None:
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
        change = Change("label", turn_id, None, given.intent or OUT_OF_SCOPE)
        await record(connection, given.person, [change])


async def _not_waiting(transaction: Transaction, turn_id: str) -> ApiError:
    if await evidence.is_checked(transaction, turn_id):
        return ApiError(409, "turn_id", expected="a check that waits", got="one that is settled")
    expected = "the turn_id of a check that GET /checks lists"
    return ApiError(404, "turn_id", expected=expected, got=shown(turn_id))
