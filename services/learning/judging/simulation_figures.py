"""What a simulation was worth, as figures over all messages."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from services.learning.judging.simulation import Simulated, Turn

WINDOW = 250
"""Messages of a window in the course of a simulation."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of some turns; shares are of all their messages, in [0, 1].

    `answered_alone` by the student; of those `precision` meant what it said, and in `agreement` the
    teacher would have said so too (None: it answered none). `teacher_calls` are all calls: for
    turns that it did not answer alone, `shadow_calls` for drawn ones that it did, and
    `blind_calls`, the second questions. `accuracy` is of all answers, the teacher's included.
    `cost` is in USD for 1,000 messages. `state` and `threshold` were in force at the last turn.
    """

    messages: int
    answered_alone: float
    precision: float | None
    agreement: float | None
    teacher_calls: float
    shadow_calls: float
    blind_calls: float
    accuracy: float
    cost: float
    state: str
    threshold: float


@dataclass(frozen=True, slots=True)
class Report:
    """A simulation's figures: of all messages, of the second half, and in its course.

    `teacher_alone` is what 1,000 messages would cost without a student, in USD. `new_intents`
    counts the messages of intents that the shop did not begin with.
    """

    whole: Figures
    second_half: Figures
    windows: tuple[Figures, ...]
    teacher_alone: float
    state: str
    threshold: float
    why: str
    new_intents: dict[str, int]
    looks: tuple[dict[str, object], ...] = field(repr=False)
    alarms: tuple[dict[str, object], ...] = field(repr=False)
    trainings: tuple[dict[str, object], ...] = field(repr=False)

    def figures(self) -> dict[str, object]:
        """Everything, for JSON."""
        return asdict(self)


def report(simulated: Simulated, price: float) -> Report:
    """The figures of a simulation of at least one turn; `price` is in USD for 1,000 calls."""
    turns = simulated.turns
    starts = range(0, len(turns), WINDOW)
    return Report(
        whole=_figures(turns, price),
        second_half=_figures(turns[len(turns) // 2 :], price),
        windows=tuple(_figures(turns[start : start + WINDOW], price) for start in starts),
        teacher_alone=price,
        state=simulated.end.state,
        threshold=simulated.end.threshold,
        why=simulated.end.why,
        new_intents=simulated.new_intents,
        looks=tuple({"after": after, **asdict(look)} for after, look in simulated.looks),
        alarms=tuple({"after": after, "why": why} for after, why in simulated.alarms),
        trainings=tuple(asdict(each) for each in simulated.trainings),
    )


def _figures(turns: Sequence[Turn], price: float) -> Figures:
    count, alone = len(turns), [turn for turn in turns if turn.alone]
    shadow = sum(turn.drawn for turn in alone)
    blind = sum(turn.asked_again for turn in turns)
    calls = count - len(alone) + shadow + blind
    return Figures(
        messages=count,
        answered_alone=len(alone) / count,
        precision=_share([turn.said == turn.message.intent for turn in alone]),
        agreement=_share([turn.said == turn.message.teacher for turn in alone]),
        teacher_calls=calls / count,
        shadow_calls=shadow / count,
        blind_calls=blind / count,
        accuracy=sum(turn.answer == turn.message.intent for turn in turns) / count,
        cost=price * calls / count,
        state=turns[-1].state,
        threshold=turns[-1].threshold,
    )


def _share(of: Sequence[bool]) -> float | None:
    return sum(of) / len(of) if of else None
