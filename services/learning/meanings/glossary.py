"""Words by what they are in English, from a list written by hand."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from functools import cache
from pathlib import Path
from typing import Self

import numpy as np

from services.learning.arrays import Singles
from services.learning.grams import stem
from services.learning.meanings.vectors import DIMENSIONS, Lexicon
from services.learning.normalise import normalise

LANGUAGES = ("en", "es")
# Pronouns that a verb carries at its end: `mandalo`, `muestramelas`.
_CARRIED = {"es": re.compile("(?<=...)(?:me|te|se|n?os|l[aeo]s?)$")}
_CLEAR = 5  # letters that tell a verb from the beginning of a name: `carlos` is no `car`
_OWN = 0.75  # of a word's meaning, the share that its own line has; its stem's lines have the rest
_RULES = "1"  # how a list is read and looked up; another number when that changes


class Glossary:
    """Looks words up: a word by its own line and by all lines that have its stem.

    A line is `chevere: cool`; other forms of a word need none, unless they mean something else
    (`costa costas: coast`). Of a word of two meanings (`vale: okay / cost`) the vector is the mean,
    as it is of the lines of a stem. A word that has no line is looked up without the pronouns at
    its end; what is left of a short one needs a line of its own.
    """

    def __init__(self, lines: Iterable[str], language: str, english: Lexicon) -> None:
        self._language = language
        self._words: dict[str, int] = {}
        rows: dict[str, int] = {}
        families: dict[str, set[int]] = defaultdict(set)
        for line in lines:
            spelt, _, said = line.partition(":")
            row = rows.setdefault(said.strip(), len(rows))
            for word in normalise(spelt, language).split():
                self._words[word] = row
                families[stem(word, language)].add(row)
        said_by = np.array([_mean(map(english.meaning, said.split(" / "))) for said in rows])
        self._of_line = said_by.astype(np.float16)
        self._stems = {of: at for at, of in enumerate(families)}
        self._of_stem = np.array([_mean(said_by[list(of)]) for of in families.values()], np.float16)

    @classmethod
    def read(cls, language: str, english: Lexicon) -> Self:
        """The list of a language that is kept beside this file."""
        return cls(_list(language).splitlines(), language, english)

    def meaning(self, word: str, /) -> Singles:
        """The vector of a normalised word, shape (DIMENSIONS,); all zeros when it is unknown."""
        found = self._found(word)
        return np.zeros(DIMENSIONS, dtype=np.float32) if found is None else found

    @property
    def words(self) -> Collection[str]:
        """The normalised words that the list spells out."""
        return self._words.keys()

    def lists(self, word: str, /) -> bool:
        """Whether the list holds a normalised word, or a form of it."""
        return self._found(word) is not None

    def _found(self, word: str) -> Singles | None:
        carried = _CARRIED.get(self._language)
        found = self._of_form(word)
        while found is None and carried and (bare := carried.sub("", word)) != word:
            word = bare
            if len(word) >= _CLEAR or word in self._words:
                found = self._of_form(word)
        return found

    def _of_form(self, word: str) -> Singles | None:
        family = self._stems.get(stem(word, self._language))
        if family is None:
            return None
        meant: Singles = self._of_stem[family].astype(np.float32)
        if (own := self._words.get(word)) is not None:
            meant += np.float32(_OWN) * (self._of_line[own].astype(np.float32) - meant)
        return meant


def edition() -> str:
    """Tells this process's lists, and how they are read, apart from those of other releases."""
    read = [_RULES, *map(_list, LANGUAGES)]
    return hashlib.sha256("\n".join(read).encode()).hexdigest()[:12]


@cache
def _list(language: str) -> str:
    """Read once a process: what was trained with and what it is sealed under are then the same."""
    return (Path(__file__).parent / f"{language}.txt").read_text("utf-8")


def _mean(of: Iterable[Singles]) -> Singles:
    mean: Singles = np.mean(list(of), axis=0)
    return mean
