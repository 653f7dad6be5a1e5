"""Labels that somebody gave before, read as the catalogue's intents."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from typing import NamedTuple

from contracts.catalogue import OUT_OF_SCOPE
from services.learning.normalise import unaccented

NOTHING_FITS = frozenset({
    "", "none", "null", "nan", "n_a", "na", "oos", "out_of_scope", "fuera_de_alcance", "ninguna",
    "ninguno", "no_aplica", "otro", "otros", "otra", "other", "unknown", "desconocido",
    "desconocida",
})  # fmt: skip
"""What people and programs write when no intent fits; a catalogue's own name goes before."""


class Matched(NamedTuple):
    """One intent for each label, None where there is none; labels that the catalogue lacks."""

    intents: list[str | None]
    unknown: dict[str, int]


def match(labels: Sequence[str | None], catalogue: Collection[str]) -> Matched:
    """Reads labels whatever their case, accents and gaps: `Estado pedido` is `estado_pedido`.

    A stranger counts as out of scope: nobody may answer for an intent that the shop doesn't have.
    When no label at all is the catalogue's, they are another language, and judge nothing.
    """
    names = {_plain(name): name for name in catalogue}
    read = [None if label is None else names.get(_plain(label), OUT_OF_SCOPE) for label in labels]
    unknown = Counter(
        label.strip()
        for label, intent in zip(labels, read, strict=True)
        if label is not None and intent == OUT_OF_SCOPE and _plain(label) not in NOTHING_FITS
    )
    if unknown and not any(intent not in (None, OUT_OF_SCOPE) for intent in read):
        read = [None] * len(labels)
    return Matched(read, dict(unknown.most_common()))


def _plain(label: str) -> str:
    return re.sub(r"[\s_\-/]+", "_", unaccented(label.strip().casefold())).strip("_")
