"""English words as vectors: the table that the package WordLlama brings, never one fetched."""

from collections.abc import Collection
from importlib.metadata import distribution
from pathlib import Path
from typing import Protocol

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from services.learning.arrays import Singles

PACKAGE = "wordllama"
DIMENSIONS = 256
_PIECES = "wordllama/tokenizers/l2_supercat_tokenizer_config.json"
TABLE = "wordllama/weights/l2_supercat_256.safetensors"


class Lexicon(Protocol):
    """Knows words of one language. Safe to share between threads."""

    def meaning(self, word: str, /) -> Singles:
        """A normalised word's vector, shape (DIMENSIONS,); all zeros when it is unknown."""
        ...


class WordList(Lexicon, Protocol):
    """Knows words of one language by a list."""

    @property
    def words(self) -> Collection[str]:
        """The words that the language's list spells out."""
        ...

    def lists(self, word: str, /) -> bool:
        """Whether the language's list holds a normalised word, or a form of it."""
        ...


class TableMissing(RuntimeError):
    """The installed package does not hold the table; the message says what to do."""


class Vectors:
    """Looks words up. Safe to share between threads. Raises TableMissing when it can't be read."""

    def __init__(self) -> None:
        # Its files alone: importing the package would import an HTTP client and look for updates.
        self._pieces = Tokenizer.from_file(str(_file(_PIECES)))
        [self._table] = load_file(_file(TABLE)).values()

    def meaning(self, words: str, /) -> Singles:
        """The sum of the vectors of the words' pieces, shape (DIMENSIONS,).

        Numbers, signs and other scripts have none.
        """
        total: Singles = self._table[self.pieces(words)].sum(axis=0, dtype=np.float32)
        return total

    def pieces(self, words: str) -> list[int]:
        """The rows of the table that the words are made of."""
        letters = words.replace(" ", "")
        if not (letters.isascii() and letters.isalpha()):
            return []
        return list(self._pieces.encode(words, add_special_tokens=False).ids)


def _file(name: str) -> Path:
    package = distribution(PACKAGE)
    path = Path(str(package.locate_file(name)))
    if not path.is_file():
        raise TableMissing(
            f"{PACKAGE} {package.version} does not hold {name}, which word meanings are read from; "
            "install the release that requirements.lock names"
        )
    return path
