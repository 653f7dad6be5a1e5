"""Questions that wait for a person, by HTTP."""

from fastapi import FastAPI

from services.panel import questions
from services.panel.dependencies import BODY, Dependencies, Limit, refusals
from services.panel.question_bodies import Answer, Answered, Questions


def add_questions(app: FastAPI, deps: Dependencies) -> None:
    """Serve the questions that wait and take answers."""

    @app.get("/questions", summary="Questions that wait for a person", responses=refusals(503))
    async def waiting_ones(limit: Limit = 100) -> Questions:
        return Questions(questions=tuple(await questions.waiting(deps.database, limit)))

    @app.post(
        "/questions/{turn_id}/answer",
        status_code=202,
        summary="Answer a customer, and say what was meant",
        responses=refusals(*BODY, 404, 409, 503),
    )
    async def take_answer(turn_id: str, body: Answer) -> Answered:
        await questions.answer(deps.database, turn_id, body)
        deps.wake_outbox()
        return Answered(turn_id=turn_id)
