"""What an intent is called says what it means, before there are many examples of it."""

import re
from collections.abc import Sequence

import numpy as np

from contracts.catalogue import OUT_OF_SCOPE
from services.learning.arrays import Floats, Singles
from services.learning.meanings.lexicon import meanings
from services.learning.meanings.vectors import DIMENSIONS
from services.learning.normalise import tokens

_NEXT_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


def by_name(intents: Sequence[str], language: str) -> Floats:
    """What the intents' names mean, shape (DIMENSIONS, intents), as a machine's weights.

    A text is the likelier of an intent, the closer its meaning is to that of the name (dataless
    classification: Chang, Ratinov, Roth, Srikumar, 2008). The names' mean is taken away, and one
    that means nothing, such as `b07`, is all zeros: it is no likelier than the others.
    """
    named = np.array([_meaning(intent, language) for intent in intents])
    telling = named.any(axis=1)
    if telling.any():
        named[telling] -= named[telling].mean(axis=0)
    return named.T


def _meaning(intent: str, language: str) -> Floats:
    """Of length 1; all zeros when no word of the name is known."""
    total = np.zeros(DIMENSIONS)
    if intent != OUT_OF_SCOPE:
        for word in tokens(_NEXT_WORD.sub(" ", intent), language):
            total += _of_word(word, language)
    length = float(np.linalg.norm(total))
    return total / length if length else total


def _of_word(word: str, language: str) -> Singles:
    """Programs' names are often English, whatever the customers speak: all vectors are alike."""
    own = meanings([word], language)
    [meant] = own if own.any() else meanings([word], "en")
    return np.asarray(meant)
