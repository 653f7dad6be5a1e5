"""``aprendiz evaluate``: train on one file, answer another, and print what the student is worth."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from contracts.catalogue import OUT_OF_SCOPE
from services.cli.options import Json, Language
from services.cli.rows import ROWS, naming, rows_of
from services.cli.terminal import unwrapped_console
from services.learning.percent import percent, share

if TYPE_CHECKING:
    from services.learning.judging.evaluation import Evaluation, Point
    from services.learning.judging.trial import Trial

_OFTEN_MEANT = ("oos", "out_of_scope", "out-of-scope")  # by other sets, for OUT_OF_SCOPE


def evaluate(
    train: Annotated[
        list[str], typer.Option(metavar=ROWS, help="Learn from these rows; may be repeated.")
    ],
    test: Annotated[
        list[str], typer.Option(metavar=ROWS, help="Judge on these rows; may be repeated.")
    ],
    language: Language = "es",
    target: Annotated[
        float,
        typer.Option(
            min=0.5, max=0.9999, help="Precision wanted; 0.95 and 0.98 are shown in any case."
        ),
    ] = 0.95,
    as_json: Json = False,
    report: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write figures and charts to DIR/evaluation.html."),
    ] = None,
) -> None:
    """Train a student on some rows, judge it on others, and print what it is worth.

    A file holds one JSON object a line, {"text": ..., "intent": ...}; the intent __oos__ means out
    of scope.
    Or it is a catalogue such as training_data/base_intents.json.
    FILE:train,val takes only the rows whose "split" is train or val.

    Thresholds are chosen on the training rows alone.
    Nothing is sent anywhere; no server or database is needed.

    Example: aprendiz evaluate --train shop.jsonl:train --test shop.jsonl:test --report pages
    """
    if report is not None:
        from services.cli.report import prepare

        prepare(report)
    with Console(stderr=True).status("Training and judging ..."):
        trial = _trial(train, test, language, target)
    if report is not None:  # first: who reads the figures may stop reading (`| head`)
        from services.cli.page import write_page

        page = write_page(report, trial, f"{', '.join(train)} → {', '.join(test)}")
        print(f"Report: {page}", file=sys.stderr)
    print(json.dumps(trial.figures(), ensure_ascii=False)) if as_json else _show(trial)


def _trial(train: list[str], test: list[str], language: str, target: float) -> "Trial":
    from services.learning.judging.trial import try_out

    with naming(train):
        return try_out(rows_of(train), rows_of(test), language=language, target=target)


def _show(trial: "Trial") -> None:
    found = trial.evaluation
    console = unwrapped_console()
    for name, value in summary(trial):
        console.print(f"{name:<28}{value}")
    console.print(_points(found))


def summary(trial: "Trial") -> list[tuple[str, str]]:
    """Names and values of all figures but those of the thresholds, as people read them."""
    found = trial.evaluation
    lines = [
        ("training rows", f"{found.training_rows:,}"),
        ("test rows", f"{found.rows:,} ({found.in_scope:,} in scope, {found.out_of_scope:,} out)"),
        ("accuracy in scope", share(found.accuracy)),
        ("macro-F1 in scope", share(found.macro_f1)),
        ("calibration error (ECE)", share(found.ece)),
        ("area under risk-coverage", share(found.risk_coverage_area)),
        ("out of scope, named so", share(found.out_of_scope_recall)),
        ("training took", f"{trial.fit_seconds:.2f} s"),
        ("one text, p50 / p99", f"{trial.latency_p50_ms:.2f} / {trial.latency_p99_ms:.2f} ms"),
    ]
    return lines + _remarks(trial)


def _remarks(trial: "Trial") -> list[tuple[str, str]]:
    """What changes how the figures are to be read, where there is something."""
    found = trial.evaluation
    left_out = ", ".join(found.left_out)
    taught = set(trial.guesses.intents) - set(found.unknown)
    meant = ", ".join(sorted(name for name in taught if name.lower() in _OFTEN_MEANT))
    strangers = ", ".join(f"{name} ({rows})" for name, rows in found.unknown.items())
    remarks = [
        ("counted as out of scope", f"{strangers}: not in the training rows", strangers),
        ("not learned", f"{left_out}: fewer than two different texts", left_out),
        ("intents like any other", f"{meant}: out of scope is {OUT_OF_SCOPE}", meant),
        (
            "test texts seen in training",
            f"{found.also_in_training:,} rows",
            found.also_in_training,
        ),
    ]
    return [(name, words) for name, words, there in remarks if there]


def _points(found: "Evaluation") -> Table:
    table = Table(*COLUMNS)
    for each in found.points:
        table.add_row(*cells(each))
    return table


COLUMNS = (
    "threshold", "", "answered alone", "right", "of all rows", "right", "false accepts",
)  # fmt: skip
"""Heads of what `cells` gives; the first pair of shares is of the rows in scope."""


def cells(point: "Point") -> tuple[str, ...]:
    """A threshold's figures as people read them."""
    return (
        "none reaches it" if point.threshold is None else f"{point.threshold:.3f}",
        "fixed" if point.target is None else f"for {percent(point.target)}",
        share(point.coverage),
        share(point.precision),
        share(point.coverage_of_all),
        share(point.precision_of_all),
        share(point.false_accepts),
    )
