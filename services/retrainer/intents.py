"""Compares the catalogue with what a model knows: a change is worth a training, once."""

import hashlib
from collections.abc import Collection, Mapping

from contracts.catalogue import OUT_OF_SCOPE
from services.learning.trained import FEWEST_TEXTS


def can_be_known(
    active: Collection[str], known: Collection[str], texts: Mapping[str, int]
) -> frozenset[str]:
    """The active intents that a model can know: the champion does, or there are enough texts."""
    return frozenset(name for name in active if name in known or texts.get(name, 0) >= FEWEST_TEXTS)


def mark_of(intents: Collection[str]) -> str:
    """A short name for a set of intents, by which a training notes what it saw."""
    return hashlib.sha256("\n".join(sorted(intents)).encode()).hexdigest()[:16]


def catalogue_change(
    intents: Collection[str], known: Collection[str], seen: str | None
) -> str | None:
    """In words, what a champion that knows ``known`` lacks or must forget.

    None when nothing is, or when the last training saw just these intents already (``seen``): it
    was refused then, or a person went back to an older model.
    """
    new = sorted(set(intents) - set(known))
    gone = sorted(set(known) - {OUT_OF_SCOPE} - set(intents))
    if not (new or gone) or seen == mark_of(intents):
        return None
    return ", ".join([*(f"{name} is new" for name in new), *(f"{name} is gone" for name in gone)])
