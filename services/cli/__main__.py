"""``python -m services.cli`` is the ``aprendiz`` command."""

from services.cli import main

main()
