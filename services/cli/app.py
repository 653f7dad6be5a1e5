"""The commands, put together; known errors become one line and an exit code."""

import errno
import sys

import typer

from services.cli import (
    db,
    doctor,
    estimate,
    evaluate,
    failures,
    intents,
    models,
    run,
    simulate,
    talk,
    topology,
    train,
)
from services.cli.options import INTERRUPTED
from services.cli.terminal import complain
from services.runtime import logs
from services.runtime.settings import read_settings

HELP = """Aprendiz answers a shop's WhatsApp messages in Spanish.

A first look: `aprendiz db upgrade`, then `aprendiz run` and type a message.
Exit codes: 0 done, 1 failed (why is on standard error), 2 wrong usage, 3 no answer in time.
`doctor`, `db check` and `topology check` print what is wrong, and end with 1 then.
"""

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback(help=HELP)
def begin() -> None:
    # Standard output is the command's own.
    logs.configure(read_settings(), sys.stderr)


app.command("run")(run.run)
app.command("send")(talk.send)
app.command("chat")(talk.chat)
app.command("tap")(talk.tap)
app.command("train")(train.train)
app.command("evaluate")(evaluate.evaluate)
app.command("simulate")(simulate.simulate)
app.command("estimate")(estimate.estimate)
app.add_typer(models.app, name="models")
app.add_typer(intents.app, name="intents")
app.add_typer(failures.app, name="failures")
app.add_typer(topology.app, name="topology")
app.add_typer(db.app, name="db")
app.command("doctor")(doctor.doctor)


def main() -> None:
    """Run the command line."""
    try:
        app()
    except KeyboardInterrupt:  # before the command itself began; there it is an end of its own
        sys.exit(INTERRUPTED)
    except Exception as error:
        from services.cli.user_errors import USER_ERRORS

        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            complain(f"{error.strerror}: nothing more can be written. Free some, and do it again.")
        elif isinstance(error, USER_ERRORS):
            complain(str(error))
        else:
            raise
        sys.exit(1)
