"""What the student would save a shop that has not started yet: figures of its past messages."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date

import numpy as np

from services.learning.arrays import Mask
from services.learning.certifying.bounds import lower_bound
from services.learning.certifying.trust import Policy
from services.learning.estimation.held_out import HeldOut, guess_held_out
from services.learning.estimation.labels import match
from services.learning.estimation.least_known import Question, least_known
from services.learning.estimation.messages import Message, Turn, UnusableMessages, gather
from services.learning.measures import THRESHOLD
from services.learning.student import Example

# A teacher's call, assumed: the request with the shipped catalogue and some history has about 4,300
# letters, the answer 300, and Spanish has some 3.6 letters a token.
TOKENS_IN, TOKENS_OUT = 1_200, 100
# List prices of gpt-4o-mini, early 2026, in USD.
USD_PER_MILLION_IN, USD_PER_MILLION_OUT = 0.15, 0.60
USD_PER_THOUSAND_CALLS = (TOKENS_IN * USD_PER_MILLION_IN + TOKENS_OUT * USD_PER_MILLION_OUT) / 1_000

SHADOW_SHARE = Policy().share
"""Of the turns answered alone, those that the teacher grades too after a new shop's first 300."""
LEVEL = 0.05
"""How often the lower bound of a precision may be too high."""
MONTH = 30
_MOSTLY = 0.9


@dataclass(frozen=True, slots=True)
class Volume:
    """What came in. `days` counts the first and the last; None where too few messages have a date.

    `turns` have words in them, the rest is `media_turns`; `unread` turns have both. `*_a_month` are
    for 30 days.
    """

    messages: int
    turns: int
    media_turns: int
    unread: int
    contacts: int
    first: date | None
    last: date | None
    days: int | None
    messages_a_month: float | None
    turns_a_month: float | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a threshold does; shares in [0, 1] of turns with words.

    `target` None: the fixed threshold; `threshold` None: none reaches the target. `judged` of the
    turns answered alone have a label, `right` agree with it; `precision_bound` is the lower 95 %
    bound of Clopper and Pearson. `calls` of the teacher and `usd` are a month's.
    """

    target: float | None
    threshold: float | None
    alone: int
    coverage: float
    judged: int
    right: int
    precision: float | None
    precision_bound: float | None
    calls: float
    usd: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """All figures. `labelled` turns have an intent; `unknown` are labels the catalogue lacks.

    `calls_before` and `usd_before`: every turn with words goes to the teacher. Calls and USD are
    for a month, where none is known (`volume.turns_a_month` None) for 1,000 turns.
    """

    volume: Volume
    labelled: int
    unknown: dict[str, int]
    usd_per_thousand_calls: float
    calls_before: float
    usd_before: float
    outcomes: tuple[Outcome, ...]
    least_known: tuple[Question, ...]

    def figures(self) -> dict[str, object]:
        """All figures, for JSON."""
        days = {name: getattr(self.volume, name) for name in ("first", "last")}
        written = {name: day.isoformat() if day else None for name, day in days.items()}
        return asdict(self) | {"volume": asdict(self.volume) | written}


def estimate(
    messages: Sequence[Message],
    base: Sequence[Example],
    *,
    language: str = "es",
    target: float = 0.95,
    usd_per_thousand_calls: float = USD_PER_THOUSAND_CALLS,
) -> Estimate:
    """Trains on `base` and the labelled messages, and asks nobody anything.

    Raises:
        UnusableMessages: no customer wrote a word.
        TrainingDataError: the rows teach nothing.
    """
    turns = gather(messages)
    spoken = [turn for turn in turns if turn.has_words]
    if not spoken:
        raise UnusableMessages(
            "no customer's message has words. If the shop was taken for the customer, name it with "
            "--shop-name NAME; if these are the wrong cells, name theirs with --column NAME."
        )
    labels = match([turn.label for turn in spoken], {row.intent for row in base})
    held_out = guess_held_out(
        [turn.text for turn in spoken], labels.intents, base, language=language
    )
    volume = _volume(messages, turns)
    price = usd_per_thousand_calls / 1_000
    scale = 1_000 if volume.turns_a_month is None else volume.turns_a_month
    chosen = (
        (None, THRESHOLD, held_out.accepted(THRESHOLD)),
        (target, held_out.threshold(target), held_out.accepted_for(target)),
    )
    readable = ~np.array([turn.unread for turn in spoken], dtype=bool)
    return Estimate(
        volume=volume,
        labelled=int(held_out.labelled.sum()),
        unknown=labels.unknown,
        usd_per_thousand_calls=usd_per_thousand_calls,
        calls_before=scale,
        usd_before=price * scale,
        outcomes=tuple(
            _outcome(held_out, accepted & readable, wanted, threshold, scale, price)
            for wanted, threshold, accepted in chosen
        ),
        least_known=least_known(spoken, held_out, language),
    )


def tell_a_month(messages: Sequence[Message]) -> bool:
    """Whether so many have a date that one can say how many come in a month."""
    dated = sum(message.at is not None for message in messages)
    return dated > 0 and dated >= _MOSTLY * len(messages)


def _volume(messages: Sequence[Message], turns: Sequence[Turn]) -> Volume:
    customers = [message for message in messages if not message.from_shop]
    dates = [message.at.date() for message in customers if message.at]
    days = (max(dates) - min(dates)).days + 1 if tell_a_month(customers) else None
    spoken = sum(turn.has_words for turn in turns)
    return Volume(
        messages=len(customers),
        turns=spoken,
        media_turns=len(turns) - spoken,
        unread=sum(turn.unread and turn.has_words for turn in turns),
        contacts=len({message.contact for message in customers if message.contact}),
        first=min(dates, default=None),
        last=max(dates, default=None),
        days=days,
        messages_a_month=len(customers) / days * MONTH if days else None,
        turns_a_month=spoken / days * MONTH if days else None,
    )


def _outcome(
    held_out: HeldOut, alone: Mask, target: float | None, threshold: float | None, scale: float,
    price: float,
) -> Outcome:  # fmt: skip
    coverage = float(alone.mean())
    judged = int((alone & held_out.labelled).sum())
    right = int((alone & held_out.labelled & held_out.guesses.right).sum())
    calls = scale * (1 - coverage + SHADOW_SHARE * coverage)
    return Outcome(
        target=target,
        threshold=threshold,
        alone=int(alone.sum()),
        coverage=coverage,
        judged=judged,
        right=right,
        precision=right / judged if judged else None,
        precision_bound=lower_bound(right, judged, LEVEL) if judged else None,
        calls=calls,
        usd=price * calls,
    )
