"""Options and exit codes that several commands share."""

import getpass
from typing import Annotated

import typer

from contracts.fields import ID_LENGTH

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
    if len(name) > ID_LENGTH:
        raise typer.BadParameter(f"a name has at most {ID_LENGTH} characters")
    return name


By = Annotated[
    str,
    typer.Option("--by", help="Who does it, for the history.", show_default=False, callback=_short),
]

INTERRUPTED = 130
"""The exit code that shells know of a command that Ctrl-C ended."""

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
