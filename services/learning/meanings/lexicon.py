"""What words mean together, by language."""

import math
from collections.abc import Collection, Sequence
from functools import cache, lru_cache
from threading import Lock

import numpy as np

from services.learning.arrays import Singles
from services.learning.meanings.english import English
from services.learning.meanings.glossary import Glossary
from services.learning.meanings.vectors import DIMENSIONS, Vectors, WordList

_WORDS_KEPT = 5_000  # their vectors take 6 MB; customers say few words more often than once


class Wordless:
    """A language of which no word is known."""

    def meaning(self, _word: str, /) -> Singles:
        """All zeros."""
        return np.zeros(DIMENSIONS, dtype=np.float32)

    @property
    def words(self) -> Collection[str]:
        """None."""
        return ()

    def lists(self, _word: str, /) -> bool:
        """It does not."""
        return False


_reading = Lock()


def lexicon(language: str) -> WordList:
    """The one of a language, read once a process whatever the threads: that takes some 0.6 s."""
    with _reading:
        return _read(language)


@cache
def _read(language: str) -> WordList:
    match language:
        case "en":
            return English()
        case "es":
            return Glossary.read("es", Vectors())
        case _:
            return Wordless()


def meanings(words: Sequence[str], language: str) -> Singles:
    """The vector of each word, shape (words, DIMENSIONS)."""
    return np.array([_vector(word, language) for word in words]).reshape(-1, DIMENSIONS)


@lru_cache(_WORDS_KEPT)
def _vector(word: str, language: str) -> Singles:
    vector = lexicon(language).meaning(word)
    vector.setflags(write=False)  # all who ask for the word share it
    return vector


def meaning(words: Sequence[str], language: str) -> Singles:
    """What the words say together, scaled to length 1; all zeros when none of them is known."""
    total = np.zeros(DIMENSIONS, dtype=np.float32)
    for word in words:  # a message has few: adding them up is faster than making an array of them
        total += _vector(word, language)
    length = math.sqrt(total.dot(total))
    return total / np.float32(length) if length else total
