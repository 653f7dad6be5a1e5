"""Options and exit codes that several commands share."""

import getpass
from typing import Annotated

import typer

_LONGEST_NAME = 191  # as many as its columns hold

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


def _known(language: str) -> str:
    from services.learning.grams import STEMMERS

    if language not in STEMMERS:
        raise typer.BadParameter(f"{language}: there are {', '.join(sorted(STEMMERS))}")
    return language


Language = Annotated[
    str, typer.Option("--language", help="Language of the messages: es or en.", callback=_known)
]


def _short(name: str) -> str:
    if len(name) > _LONGEST_NAME:
        raise typer.BadParameter(f"a name has at most {_LONGEST_NAME} characters")
    return name


By = Annotated[
    str,
    typer.Option("--by", help="Who does it, for the history.", show_default=False, callback=_short),
]

NO_ANSWER = 3
"""Exit code of a command that waited as long as it was told to, for nothing."""

MOST_USD = 1_000_000.0
"""No price of 1,000 calls is higher; `inf` would be a number too, but no JSON."""


def me() -> str:
    """Who does it when nobody is named."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):  # a container's user may have no name
        return "cli"
