"""Consoles that print the words of shops and customers as they are."""

from rich.console import Console


def unwrapped_console() -> Console:
    """For lines of any length. Rich reads `[b]` and `:train:` as signs of its own unless told."""
    return Console(soft_wrap=True, markup=False, emoji=False, highlight=False)


def wrapping_console() -> Console:
    """For tables whose cells wrap within their column."""
    return Console(markup=False, emoji=False, highlight=False)
