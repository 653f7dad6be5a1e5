"""Cuts a message into the pieces the student counts: stems, pairs of stems, letter groups."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import snowballstemmer  # type: ignore[import-untyped]  # ships no types

STEMMERS = {"es": "spanish", "en": "english"}
_SHORTEST, _LONGEST = 2, 5  # letters in a group
_WORDS_KEPT = 50_000  # distinct words whose stem is remembered


def stem_pieces(stems: Sequence[str]) -> list[str]:
    """The stems of a text's words, and each two that follow one another."""
    return [*stems, *(f"{one} {other}" for one, other in pairwise(stems))]


@lru_cache(_WORDS_KEPT)
def stem(word: str, language: str) -> str:
    """The word's Snowball stem; the word itself in a language that has no stemmer here."""
    if language not in STEMMERS:
        return word
    return str(snowballstemmer.stemmer(STEMMERS[language]).stemWord(word))


def letter_groups(word: str) -> list[str]:
    """All runs of 2-5 letters of the word, its edges marked by a space; a number has none."""
    if not word.strip("0"):  # all zeros here; its stem says how long it is
        return []
    padded = f" {word} "
    sizes = range(_SHORTEST, min(_LONGEST, len(padded)) + 1)
    return [
        padded[start : start + size] for size in sizes for start in range(len(padded) - size + 1)
    ]
