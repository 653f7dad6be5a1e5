"""Draws the turns that the teacher grades: by their id alone, before anything is known of them."""

from hashlib import sha256

FEWEST = 0.02
"""The share drawn never falls under this: a student that is no longer watched can't be trusted."""


def is_drawn(turn_id: str, share: float) -> bool:
    """Whether this turn is one of the `share` of all turns that are drawn.

    The same turn is drawn alike wherever and how often it is asked.
    """
    digest = sha256(f"drawn\n{turn_id}".encode()).digest()
    return int.from_bytes(digest[:8]) < share * 2**64


_PLENTY = 300
"""Rows of evidence from which on the share falls, where fewer were all drawn at first."""


def share_to_draw(rows: int, *, share: float, first: int, everything: bool) -> float:
    """The share of turns to draw, in [0, 1], with so many `rows` of evidence at hand.

    `share` up to `first` rows, and some hundreds in any case; from there on as many rows a week as
    ever would be wasted: it falls with 1 / rows, but never under FEWEST, whatever `share` is.
    `everything`: every turn goes to the teacher anyway, or must.
    """
    if everything:
        return 1.0
    return max(FEWEST, share * min(1.0, max(first, _PLENTY) / max(rows, 1)))
