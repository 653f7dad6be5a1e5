"""What benches that play whole simulations are told, and what they read."""

import argparse
from collections.abc import Sequence

from services.cli.rows import file_and_splits, rows_of
from services.learning.judging.labelled import LabelledMessage, read_messages
from services.learning.student import Example


def asks(about: str | None, seeds: int) -> argparse.ArgumentParser:
    """The options that all of them take; so many `seeds` unless told otherwise."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--base", required=True)
    parser.add_argument("--stream", required=True)
    parser.add_argument("--language", default="es")
    parser.add_argument("--target", type=float, default=0.95)
    parser.add_argument("--seeds", type=int, default=seeds)
    return parser


def read(given: argparse.Namespace) -> tuple[list[Example], Sequence[LabelledMessage]]:
    """What the student knows at first, and what customers write."""
    return list(rows_of([given.base])), read_messages(*file_and_splits(given.stream))
