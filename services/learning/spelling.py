"""Reads misspelt words as what was most likely meant: `cuesat`, `cuezta` and `cuestaa` as `cuesta`.

An unknown word is read as a known one that sounds alike, or else as the likeliest of those that are
one letter away (Norvig, How to write a spelling corrector, 2007): the shop's own words first, then
those that the language's list of meanings spells out, then the commonest. Known are all these and
the dictionary that the package pyspellchecker brings, of which the table alone is read.
"""

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.metadata import distribution
from pathlib import Path
from string import ascii_lowercase
from threading import Lock
from typing import NamedTuple

from services.learning.meanings.lexicon import lexicon
from services.learning.normalise import unaccented

PACKAGE = "pyspellchecker"
RULES = "3"  # how words are read, abbreviations included; another number when that changes
TABLE = "spellchecker/resources/{}.json.gz"
_LANGUAGES = ("en", "es")
_SHORTEST = 4  # letters; shorter words have too many neighbours
_COMMON = 100  # times in the dictionary's texts from which on a word may have been meant
_OFTEN = 2  # texts that hold a word before it is the shop's own
_WORDS_KEPT = 20_000
# Letters that most Spanish accents say alike, in this order; 1 and 2 stand for sounds of their own.
_SAID = {
    "es": (
        ("ch", "1"), ("ll", "y"), ("que", "ke"), ("qui", "ki"), ("gue", "2e"), ("gui", "2i"),
        ("ge", "je"), ("gi", "ji"), ("ce", "se"), ("ci", "si"), ("c", "k"), ("q", "k"),
        ("z", "s"), ("x", "s"), ("v", "b"), ("h", ""), ("2", "g"),
    )
}  # fmt: skip
_TWICE = re.compile(r"(.)\1")


class DictionaryMissing(RuntimeError):
    """The installed package does not hold the dictionary; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Dictionary:
    """How often words occur in the dictionary's texts, and the listed word behind each sound."""

    times: Mapping[str, int]
    sounds: Mapping[str, str]


class _Meant(NamedTuple):
    """What an unknown word is read as, and whether the two sound alike."""

    word: str
    sounds_alike: bool


class Spelling:
    """How a student reads words. `own` are those of its shop, commonest first.

    Safe to share between threads. Raises DictionaryMissing when it can't be read.
    """

    def __init__(self, language: str, own: Sequence[str]) -> None:
        self._language = language
        self._lexicon = lexicon(language)
        self._dictionary = dictionary(language)
        self._own = {word: len(own) - place for place, word in enumerate(own)}
        self._sounds = _by_sound(sorted(own, key=self._rank), language)
        self._meant = lru_cache(_WORDS_KEPT)(self._most_likely)

    def read(self, words: Sequence[str]) -> list[str]:
        """Normalised words as what was meant by them.

        A text whose words are mostly unknown, and sound like none that is known, is in another
        language and stays as it is.
        """
        if self._language not in _LANGUAGES:
            return list(words)
        unknown = {word: meant for word in words if (meant := self._meant(word))}
        strange = sum(not meant.sounds_alike for meant in unknown.values())
        if strange > 1 and strange > sum(map(_is_readable, set(words))) // 2:
            return list(words)
        return [unknown[word].word if word in unknown else word for word in words]

    def _most_likely(self, word: str) -> _Meant | None:
        """None for a word that is known or can't be read; one that is like no other is itself."""
        if not _is_readable(word):
            return None
        if word in self._own or word in self._dictionary.times or self._lexicon.lists(word):
            return None
        sound = _sound(word, self._language)
        if alike := self._sounds.get(sound) or self._dictionary.sounds.get(sound):
            return _Meant(alike, sounds_alike=True)
        near = filter(self._may_be_meant, _one_letter_away(word))
        return _Meant(max(near, key=self._rank, default=word), sounds_alike=False)

    def _may_be_meant(self, word: str) -> bool:
        if word in self._own or word in self._lexicon.words:
            return True
        common = self._dictionary.times.get(word, 0) >= _COMMON
        return common and bool(self._lexicon.meaning(word).any())

    def _rank(self, word: str) -> tuple[int, bool, int, str]:
        times = self._dictionary.times.get(word, 0)
        return self._own.get(word, 0), word in self._lexicon.words, times, word


def own_words(texts: Iterable[str]) -> tuple[str, ...]:
    """The words that several of the normalised texts hold, commonest first: the shop's own."""
    held = Counter(word for text in set(texts) for word in set(text.split()) if _is_word(word))
    often = (word for word, times in held.items() if times >= _OFTEN)
    return tuple(sorted(often, key=lambda word: (-held[word], word)))


_reading = Lock()


def dictionary(language: str) -> Dictionary:
    """The one of a language, read once a process whatever the threads; empty for most languages."""
    with _reading:
        return _read(language)


@cache
def _read(language: str) -> Dictionary:
    if language not in _LANGUAGES:
        return Dictionary({}, {})
    times: dict[str, int] = {}
    for spelt, often in json.loads(gzip.decompress(file_of(language).read_bytes())).items():
        if _is_word(word := unaccented(spelt)):
            times[word] = times.get(word, 0) + often
    listed = sorted(lexicon(language).words, key=lambda word: (times.get(word, 0), word))
    return Dictionary(times, _by_sound(listed, language))


def file_of(language: str) -> Path:
    """Where the dictionary is; raises DictionaryMissing when it is not there."""
    package = distribution(PACKAGE)
    path = Path(str(package.locate_file(TABLE.format(language))))
    if not path.is_file():
        raise DictionaryMissing(
            f"{PACKAGE} {package.version} does not hold {path.name}, which words are known by; "
            "install the release that requirements.lock names"
        )
    return path


def _by_sound(words: Iterable[str], language: str) -> dict[str, str]:
    """Of words that sound alike the last one."""
    return {_sound(word, language): word for word in words} if language in _SAID else {}


def _sound(word: str, language: str) -> str:
    for letters, sound in _SAID.get(language, ()):
        word = word.replace(letters, sound)
    return _TWICE.sub(r"\1", word)


def _one_letter_away(word: str) -> set[str]:
    """What comes of leaving a letter out, swapping two, changing one or adding one."""
    cuts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    left_out = (before + after[1:] for before, after in cuts if after)
    swapped = (before + after[1] + after[0] + after[2:] for before, after in cuts if len(after) > 1)
    changed = (
        before + new + after[1:] for before, after in cuts if after for new in ascii_lowercase
    )
    added = (before + new + after for before, after in cuts for new in ascii_lowercase)
    return {*left_out, *swapped, *changed, *added}


def _is_readable(word: str) -> bool:
    return len(word) >= _SHORTEST and _is_word(word)


def _is_word(word: str) -> bool:
    return word.isascii() and word.isalpha()
