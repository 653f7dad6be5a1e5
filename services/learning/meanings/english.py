"""English words: by their vectors, and those of words that say the same where some are listed."""

from collections.abc import Collection

import numpy as np

from services.learning.arrays import Singles
from services.learning.meanings.glossary import Glossary
from services.learning.meanings.vectors import DIMENSIONS, Vectors


class English:
    """Looks words up. Safe to share between threads. Raises TableMissing when it can't be read."""

    def __init__(self) -> None:
        self._vectors = Vectors()
        self._synonyms = Glossary.read("en", self._vectors)

    def meaning(self, words: str, /) -> Singles:
        """The sum of the words' vectors, shape (DIMENSIONS,); all zeros when none is known."""
        return sum(map(self._of_word, words.split()), np.zeros(DIMENSIONS, dtype=np.float32))

    @property
    def words(self) -> Collection[str]:
        """The words that have synonyms of their own."""
        return self._synonyms.words

    def lists(self, word: str, /) -> bool:
        """Whether a normalised word, or a form of it, has synonyms."""
        return self._synonyms.lists(word)

    def _of_word(self, word: str) -> Singles:
        own, synonyms = self._vectors.meaning(word), self._synonyms.meaning(word)
        return (own + synonyms) / np.float32(2) if synonyms.any() else own
