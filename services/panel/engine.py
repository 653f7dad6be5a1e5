"""What the API asks of this process: the student's word, and how everything is."""

from importlib.metadata import version

from contracts.events import Reason
from services.learning.certifying.slot import ModelSlot
from services.learning.certifying.trust import Trust, judge
from services.panel.bodies import Classified, Guess, Health
from services.panel.refusals import ApiError
from services.runtime.health import Outside, readiness


def classify(slot: ModelSlot, text: str, trust: Trust) -> Classified:
    """The student's word on a text. Raises ApiError 503 when there is no student."""
    student = slot.student
    if student is None:
        raise ApiError(503, "model", expected="a trained model", got=slot.problem or "none yet")
    prediction = student.predict([text])[0].clamped()
    reason = judge(prediction, trust)
    return Classified(
        intent=prediction.intent,
        confidence=prediction.confidence,
        alternatives=tuple(
            Guess(intent=each.intent, confidence=each.confidence)
            for each in prediction.alternatives
        ),
        model_version=student.version,
        threshold=trust.threshold,
        state=trust.state,
        accepted=reason is Reason.ACCEPTED,
        reason=reason,
    )


async def health(slot: ModelSlot, outside: Outside) -> Health:
    """How everything is."""
    away = await readiness(outside._asdict())
    student = slot.student
    well = not away and student is not None and slot.problem is None
    return Health(
        status="ok" if well else "degraded",
        version=version("aprendiz"),
        model=None if student is None else student.version,
        problem=slot.problem,
        broker=away.get("broker", "ok"),
        database=away.get("database", "ok"),
    )
