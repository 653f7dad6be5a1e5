"""English words as vectors: the table that the package WordLlama brings, never one fetched."""

from functools import lru_cache
from importlib.metadata import distribution

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file
from tokenizers import Tokenizer

Values = npt.NDArray[np.float32]

PACKAGE = "wordllama"
DIMENSIONS = 256
_PIECES = "wordllama/tokenizers/l2_supercat_tokenizer_config.json"
_TABLE = "wordllama/weights/l2_supercat_256.safetensors"
_WORDS_KEPT = 10_000


class English:
    """Looks words up. Safe to share between threads."""

    def __init__(self) -> None:
        # Its files alone: importing the package would import an HTTP client and look for updates.
        installed = distribution(PACKAGE)
        self._pieces = Tokenizer.from_file(str(installed.locate_file(_PIECES)))
        [self._table] = load_file(str(installed.locate_file(_TABLE))).values()
        self.meaning = lru_cache(_WORDS_KEPT)(self._meaning)

    def _meaning(self, words: str) -> Values:
        """The sum of the vectors of the words' pieces, shape (DIMENSIONS,).

        Numbers, signs and other scripts have none.
        """
        letters = words.replace(" ", "")
        if not (letters.isascii() and letters.isalpha()):
            return np.zeros(DIMENSIONS, dtype=np.float32)
        pieces = self._pieces.encode(words, add_special_tokens=False).ids
        total: Values = self._table[pieces].sum(axis=0, dtype=np.float32)
        return total
