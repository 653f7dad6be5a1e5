"""The ``aprendiz`` command: run, talk to, watch and mend a shop.

Its modules import what is slow to import inside the commands that use it, so that ``--help`` and
``send`` answer at once.
"""

from services.cli.app import main

__all__ = ["main"]
