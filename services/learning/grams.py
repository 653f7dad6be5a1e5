"""Cuts a message into the pieces the student counts: stems, pairs of stems, letter groups."""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain, pairwise

import snowballstemmer  # type: ignore[import-untyped]  # ships no types

STEMMERS = {"es": "spanish", "en": "english"}
_SHORTEST, _LONGEST = 2, 5  # letters in a group
_WORDS_KEPT = 50_000  # distinct words whose stem and letter groups are remembered

# How often each piece occurs: stems and their pairs, then letter groups. Two blocks, because each
# is weighed and scaled on its own.
Pieces = tuple[Counter[str], Counter[str]]


def pieces(words: Sequence[str], language: str) -> Pieces:
    """Counts of the pieces of normalised `words`."""
    letters = chain.from_iterable(map(letter_groups, words))
    return Counter(stem_pieces(words, language)), Counter(letters)


def stem_pieces(words: Sequence[str], language: str) -> list[str]:
    """The stems of the words, and each two that follow one another."""
    stems = [stem(word, language) for word in words]
    return stems + [f"{one} {other}" for one, other in pairwise(stems)]


@lru_cache(_WORDS_KEPT)
def stem(word: str, language: str) -> str:
    """The word's Snowball stem; the word itself in a language that has no stemmer here."""
    if language not in STEMMERS:
        return word
    return str(snowballstemmer.stemmer(STEMMERS[language]).stemWord(word))


@lru_cache(_WORDS_KEPT)
def letter_groups(word: str) -> tuple[str, ...]:
    """All runs of 2-5 letters of the word, its edges marked by a space; a number has none."""
    if not word.strip("0"):  # all zeros here; its stem says how long it is
        return ()
    padded = f" {word} "
    sizes = range(_SHORTEST, min(_LONGEST, len(padded)) + 1)
    return tuple(
        padded[start : start + size] for size in sizes for start in range(len(padded) - size + 1)
    )
