"""Options that several commands share."""

import getpass
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
By = Annotated[str, typer.Option("--by", help="Who does it, for the history.", show_default=False)]


def me() -> str:
    """Who does it when nobody is named."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):  # a container's user may have no name
        return "cli"
