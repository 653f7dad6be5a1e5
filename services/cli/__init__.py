"""The ``aprendiz`` command: run, talk to, watch and mend a shop.

Its modules import what is slow to import inside the commands that use it, so that ``--help`` and
``send`` answer at once.
"""

import signal


def main() -> None:
    """Run the command line."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:
        # What is imported takes a second, in which there is nothing yet that Ctrl-C could spoil.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from services.cli.app import main as command

    signal.signal(signal.SIGINT, before)
    command()
