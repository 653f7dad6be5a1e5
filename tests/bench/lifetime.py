"""How many shops have seen a false certificate, as their graded rows grow over the years.

``python -m tests.bench.lifetime [--truth 0.949] [--rows 12000] [--worlds 60]``: in each world a
student is right with the same chance at every confidence, just under the target of 95 %. Every ten
graded rows the production's look is asked whether it is due; a refutation begins the tests anew.
There is no alarm, and no training ever makes the student better.
"""

import argparse
import random
from itertools import count, takewhile

from contracts.events import TrustState
from services.learning.certifying.evidence import Evidence
from services.learning.certifying.looking import look_if_due
from services.learning.certifying.trust import GradedCount, Policy, Standing

WINDOW, EVERY = 2_000, 10
POLICY = Policy()


def main() -> None:
    """Print the share of the worlds at some numbers of rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--truth", type=float, default=0.949)
    parser.add_argument("--rows", type=int, default=12_000)
    parser.add_argument("--worlds", type=int, default=60)
    given = parser.parse_args()
    first = [first_certificate(seed, given.truth, given.rows) for seed in range(given.worlds)]
    for rows in takewhile(lambda rows: rows <= given.rows, (750 * 2**n for n in count())):
        false = sum(each is not None and each <= rows for each in first)
        print(f"{rows:>6,} rows: {false} of {given.worlds} certified falsely")


def first_certificate(seed: int, truth: float, rows: int) -> int | None:
    """After how many graded rows a student of this truth is first certified; None: never."""
    dealer = random.Random(seed)
    standing, graded, looks, refuted = Standing(), list[Evidence](), list[int](), 0
    for number in range(1, rows + 1):
        label = "precio" if dealer.random() < truth else "envio"
        graded.append(Evidence("precio", dealer.uniform(0.8, 1), label))
        if number % EVERY:
            continue
        left = number - WINDOW
        tested = graded[max(left, refuted) :] if max(left, refuted) > 0 else graded
        fresh = min(number - (looks[-1] if looks else 0), len(tested))
        found = look_if_due(
            tested,
            standing,
            POLICY,
            GradedCount(len(tested), number),
            fresh=fresh,
            number=1 + sum(each > left for each in looks),
        )
        if found is None:
            continue
        _, standing = found
        looks.append(number)
        if standing.state is TrustState.CERTIFIED:
            return number
        if standing.state is TrustState.REFUTED:
            refuted = number
    return None


if __name__ == "__main__":
    main()
