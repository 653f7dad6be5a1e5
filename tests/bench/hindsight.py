"""What a stream lets a student answer alone at best, beside what it answered.

``python -m tests.bench.hindsight --base BASE --stream STREAM [--language es] [--target 0.95]
[--seeds 20]``: BASE and STREAM are FILE or FILE:SPLIT,... as for ``aprendiz simulate``, whose first
phase and retraining it keeps. Medians of shuffles, shares of the second half's messages: those
answered alone; those that might have been after the first phase, when all turns are graded, at the
one threshold that reaches the target in hindsight; and those that the student named rightly and in
scope then, which is what a perfect choice would have answered.
"""

import random
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from contracts.catalogue import OUT_OF_SCOPE
from services.learning.certifying.trust import Policy
from services.learning.judging.simulation import Plan, Turn, simulate
from tests.bench.streams import asks, read


def main() -> None:
    """Print one line."""
    given = asks(__doc__, seeds=20).parse_args()
    base, stream = read(given)
    plan = Plan(Policy(target=given.target), language=given.language)
    shares = []
    for seed in range(given.seeds):
        shuffled = list(stream)
        random.Random(seed).shuffle(shuffled)  # as `simulate --shuffle` does
        turns = simulate(base, shuffled, replace(plan, seed=seed)).turns
        shares.append(_shares(turns, plan.policy))
    alone, at_best, rightly = (median(each) for each in zip(*shares, strict=True))
    print(
        f"{given.seeds} shuffles, second half: {alone:.1%} alone, {at_best:.1%} at the best "
        f"threshold, {rightly:.1%} named rightly"
    )


def _shares(turns: Sequence[Turn], policy: Policy) -> tuple[float, float, float]:
    half = len(turns) // 2
    free = [turn for turn in turns[max(half, policy.first) :] if turn.said != OUT_OF_SCOPE]
    counts = (
        sum(turn.alone for turn in turns[half:]),
        _most_at(policy.target, free),
        sum(_right(turn) for turn in free),
    )
    alone, at_best, rightly = (count / len(turns[half:]) for count in counts)
    return alone, at_best, rightly


def _most_at(target: float, turns: Sequence[Turn]) -> int:
    """How many of the surest turns reach the target together, at most."""
    surest, right, most = sorted(turns, key=lambda turn: -turn.confidence), 0, 0
    for count, turn in enumerate(surest, 1):
        right += _right(turn)
        if right >= target * count:
            most = count
    return most


def _right(turn: Turn) -> bool:
    return turn.said == turn.message.intent


if __name__ == "__main__":
    main()
