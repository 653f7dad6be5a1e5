"""How often a certificate was false: whole simulations, one a seed, each with its own order.

``python -m tests.bench.certificates --base BASE --stream STREAM [--language es] [--target 0.95]
[--retrain-every 50] [--seeds 40] [--first-seed 0]``: BASE and STREAM are FILE or FILE:SPLIT,... as
for ``aprendiz simulate``. A run is certified when a look certified a threshold. It counts as false
*afterwards* when fewer of the answers that the student gave alone while certified agreed with the
teacher than the target says, and *over all* when fewer of all turns at a threshold that was
certified did, each by the word that was given live. A file is no endless shop: of its errors, those
that a lucky test did not meet are all among the answers afterwards, but the whole holds them all.
"""

import argparse
import random
from collections.abc import Sequence
from dataclasses import replace

from contracts.catalogue import OUT_OF_SCOPE
from contracts.events import TrustState
from services.learning.certifying.trust import Policy
from services.learning.judging.labelled import LabelledMessage
from services.learning.judging.simulation import Plan, Simulated, Turn, simulate
from services.learning.student import Example
from tests.bench.streams import asks, read

FEWEST = 20
"""Answers below which a share says nothing."""


def main() -> None:
    """Print one line."""
    given = _arguments()
    base, stream = read(given)
    plan = Plan(
        Policy(target=given.target), retrain_every=given.retrain_every, language=given.language
    )
    seeds = range(given.first_seed, given.first_seed + given.seeds)
    runs = [_run(base, stream, replace(plan, seed=seed)) for seed in seeds]
    certified = [run for run in runs if any(look.threshold for _, look in run.looks)]
    afterwards = sum(_misses_afterwards(run, given.target) for run in certified)
    over_all = sum(_misses_over_all(run, given.target) for run in certified)
    print(
        f"{len(runs)} runs, {len(certified)} certified, of those under {given.target:.0%}: "
        f"{afterwards} afterwards, {over_all} over all"
    )


def _arguments() -> argparse.Namespace:
    parser = asks(__doc__, seeds=40)
    parser.add_argument("--retrain-every", type=int, default=50)
    parser.add_argument("--first-seed", type=int, default=0)
    return parser.parse_args()


def _run(base: Sequence[Example], stream: Sequence[LabelledMessage], plan: Plan) -> Simulated:
    return simulate(base, random.Random(plan.seed).sample(stream, len(stream)), plan)


def _misses_afterwards(run: Simulated, target: float) -> bool:
    turns = [turn for turn in run.turns if turn.alone and turn.state == TrustState.CERTIFIED]
    return _misses(turns, target)


def _misses_over_all(run: Simulated, target: float) -> bool:
    known = [turn for turn in run.turns if turn.said != OUT_OF_SCOPE]
    certified = {look.threshold for _, look in run.looks if look.threshold is not None}
    return any(
        _misses([turn for turn in known if turn.confidence >= threshold], target)
        for threshold in certified
    )


def _misses(turns: Sequence[Turn], target: float) -> bool:
    agreed = sum(turn.said == turn.message.teacher for turn in turns)
    return len(turns) >= FEWEST and agreed < target * len(turns)


if __name__ == "__main__":
    main()
