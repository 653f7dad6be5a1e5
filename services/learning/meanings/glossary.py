"""Words of another language by what they are in English, from a list written by hand."""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Self

import numpy as np

from services.learning.grams import stem
from services.learning.meanings.english import DIMENSIONS, English, Values
from services.learning.normalise import normalise

FOLDER = Path(__file__).parent
# Pronouns that a verb carries at its end: `mandalo`, `muestramelas`.
_CARRIED = {"es": re.compile("(?<=...)(?:me|te|se|n?os|l[aeo]s?)$")}


class Glossary:
    """Looks words up: a word by its own line, else by the first line that has its stem.

    A line is `costar: cost`; other forms of a word need none, unless they mean something else
    (`costa costas: coast`). Of a word of two meanings (`vale: okay / cost`) the vector is the mean.
    A word that has no line is looked up without the pronouns at its end.
    """

    def __init__(self, lines: Iterable[str], language: str, english: English) -> None:
        self._language = language
        self._words: dict[str, int] = {}
        self._stems: dict[str, int] = {}
        rows: dict[str, int] = {}
        for line in lines:
            spelt, _, said = line.partition(":")
            row = rows.setdefault(said.strip(), len(rows))
            for word in normalise(spelt, language).split():
                self._words.setdefault(word, row)
                self._stems.setdefault(stem(word, language), row)
        self._table = np.array([_mean(said, english) for said in rows], dtype=np.float16)

    @classmethod
    def read(cls, language: str, english: English) -> Self:
        """The list of a language that is kept beside this file."""
        return cls((FOLDER / f"{language}.txt").read_text("utf-8").splitlines(), language, english)

    def meaning(self, word: str, /) -> Values:
        """The vector of a normalised word, shape (DIMENSIONS,); all zeros when it is unknown."""
        row = self._row(word)
        if row is None:
            return np.zeros(DIMENSIONS, dtype=np.float32)
        return np.asarray(self._table[row], dtype=np.float32)

    def _row(self, word: str) -> int | None:
        row = self._words.get(word)
        if row is None:
            row = self._stems.get(stem(word, self._language))
        carried = _CARRIED.get(self._language)
        if row is None and carried and (bare := carried.sub("", word)) != word:
            return self._row(bare)
        return row


def edition() -> str:
    """Tells the lists apart from those of other releases."""
    lists = b"".join(path.read_bytes() for path in sorted(FOLDER.glob("*.txt")))
    return hashlib.sha256(lists).hexdigest()[:12]


def _mean(said: str, english: English) -> Values:
    mean: Values = np.mean([english.meaning(one) for one in said.split(" / ")], axis=0)
    return mean
