"""What it is worth that the student reads misspelt words: the same rows without and with it.

``python -m tests.bench.student.misspelt --set NAME LANGUAGE TRAIN TEST [--set ...] [--seeds 3]
[--per-intent N]``: TRAIN and TEST are FILE or FILE:SPLIT,... as for ``aprendiz evaluate``. Prints
means over the seeds of the accuracy, and of what is answered alone @ right at 0.8: of the test rows
as they are; with one slip of the finger in a word of each; in Spanish, with one word of each spelt
as it sounds.
"""

import argparse
import random
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from unittest.mock import patch

import numpy as np
from rich.console import Console
from rich.table import Table

from services.cli.rows import rows_of
from services.learning.recipe.training import train
from services.learning.student import Example
from tests.bench.student.__main__ import draw
from tests.bench.student.meaning import of_test

_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_BY_EAR = (
    ("h", ""), ("b", "v"), ("v", "b"), ("z", "s"), ("s", "z"), ("c(?=[ei])", "s"), ("ll", "y"),
    ("y", "ll"), ("qu", "k"), ("c(?=[aou])", "k"), ("g(?=[ei])", "j"), ("j(?=[ei])", "g"),
)  # fmt: skip
_SHORTEST = 4  # letters of a word that is misspelt

Misspell = Callable[[str, random.Random], str]


def as_it_is(text: str, _dealer: random.Random) -> str:
    """No mistake."""
    return text


def one_slip(text: str, dealer: random.Random) -> str:
    """A letter left out, hit beside, swapped with the next or typed twice, but not a first one."""
    words = text.split()
    if not (places := [at for at, word in enumerate(words) if _is_long(word)]):
        return text
    at = dealer.choice(places)
    word, cut = words[at], dealer.randrange(1, len(words[at]))
    before, letter, after = word[:cut], word[cut], word[cut + 1 :]
    slips = [before + after, before + _beside(letter, dealer) + after, before + 2 * letter + after]
    if after:
        slips.append(before + after[0] + letter + after[1:])
    words[at] = dealer.choice(slips)
    return " ".join(words)


def by_ear(text: str, dealer: random.Random) -> str:
    """One letter or two spelt as others that sound the same."""
    words = text.split()
    ways = [
        (at, found.span(), other)
        for at, word in enumerate(words)
        if _is_long(word)
        for letters, other in _BY_EAR
        for found in re.finditer(letters, word.lower())
    ]
    if not ways:
        return text
    at, (first, end), other = dealer.choice(ways)
    words[at] = words[at][:first] + other + words[at][end:]
    return " ".join(words)


MISTAKES: dict[str, Misspell] = {"as it is": as_it_is, "one slip": one_slip, "by ear": by_ear}


def main() -> None:
    """Print one table."""
    given = _arguments()
    table = Table("data", "spelling", *MISTAKES)
    for name, language, *files in given.set:
        rows, test = ([*rows_of([file])] for file in files)
        drawn = [draw(rows, given.per_intent, seed) for seed in range(given.seeds)]
        for reads, how in (("without", without_spelling()), ("with", nullcontext())):
            with how:
                table.add_row(name, reads, *_figures(drawn, test, language))
    Console(width=120).print(table)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--set",
        nargs=4,
        action="append",
        required=True,
        metavar=("NAME", "LANGUAGE", "TRAIN", "TEST"),
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--per-intent", type=int)
    return parser.parse_args()


@contextmanager
def without_spelling() -> Iterator[None]:
    """Every word is read as it is spelt."""

    def as_spelt(_spelling: object, words: Sequence[str]) -> list[str]:
        return list(words)

    with patch("services.learning.spelling.Spelling.read", as_spelt):
        yield


def _figures(
    drawn: Sequence[Sequence[Example]], test: Sequence[Example], language: str
) -> Iterator[str]:
    trained = [train(rows, language=language, seed=seed) for seed, rows in enumerate(drawn)]
    for misspell in MISTAKES.values():
        if misspell is by_ear and language != "es":
            yield "-"
            continue
        asked = [
            [replace(row, text=misspell(row.text, dealer)) for row in test]
            for dealer in map(random.Random, range(len(trained)))
        ]
        each = [of_test(one, rows) for one, rows in zip(trained, asked, strict=True)]
        right, alone, kept, _ = np.mean(each, axis=0)
        yield f"{right:.1%}, {alone:.1%} @ {kept:.1%}"


def _is_long(word: str) -> bool:
    return len(word) >= _SHORTEST and word.isalpha()


def _beside(letter: str, dealer: random.Random) -> str:
    """A key beside the letter's on the keyboard; the letter itself when it has no key there."""
    for row in _KEYS:
        if (at := row.find(letter.lower())) >= 0:
            return dealer.choice(row[max(0, at - 1) : at] + row[at + 1 : at + 2])
    return letter


if __name__ == "__main__":
    main()
