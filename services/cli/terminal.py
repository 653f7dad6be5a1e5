"""Prints the words of shops and customers as they are, and complaints where they belong."""

from rich.console import Console


def unwrapped_console() -> Console:
    """For lines of any length. Rich reads `[b]` and `:train:` as signs of its own unless told."""
    return Console(soft_wrap=True, markup=False, emoji=False, highlight=False)


def wrapping_console() -> Console:
    """For tables whose cells wrap within their column."""
    return Console(markup=False, emoji=False, highlight=False)


def complain(words: str) -> None:
    """Say on standard error what went wrong; standard output is the command's own."""
    Console(stderr=True, emoji=False).print(
        f"aprendiz: {words}", style="red", markup=False, soft_wrap=True
    )
