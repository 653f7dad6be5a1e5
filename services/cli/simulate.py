"""``aprendiz simulate``: what the student would have done with a shop's messages, in order."""

import json
import random
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.progress import Progress
from rich.table import Column, Table

from services.cli.options import MOST_USD, Json, Language
from services.cli.rows import ROWS, file_and_splits, naming, rows_of
from services.cli.terminal import unwrapped_console
from services.learning.percent import share

if TYPE_CHECKING:
    from services.learning.judging.labelled import LabelledMessage
    from services.learning.judging.simulation import Plan, Simulated
    from services.learning.judging.simulation_figures import Figures, Report


class Mode(StrEnum):
    """Who sets the threshold: the certificate, or the operator."""

    CERTIFICADO = "certificado"
    FIJO = "fijo"


def simulate(
    base: Annotated[
        list[str],
        typer.Option(metavar=ROWS, help="What the student knows at first; may be repeated."),
    ],
    stream: Annotated[
        list[str],
        typer.Option(metavar=ROWS, help="What customers write, in this order; may be repeated."),
    ],
    retrain_every: Annotated[
        int, typer.Option(min=1, help="New samples that start a training.")
    ] = 50,
    target: Annotated[
        float, typer.Option(min=0.5, max=0.9999, help="Wanted share of right ones.")
    ] = 0.95,
    delta: Annotated[
        float, typer.Option(min=0.0001, max=0.5, help="Chance of a false certificate.")
    ] = 0.1,
    shadow_first: Annotated[
        int,
        typer.Option(min=0, help="Turns that are all graded, until there is a certificate."),
    ] = 300,
    shadow_share: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the turns that is graded later.")
    ] = 0.1,
    mode: Annotated[
        Mode, typer.Option(help="Threshold by certificate, or fixed.")
    ] = Mode.CERTIFICADO,
    threshold: Annotated[
        float, typer.Option(min=0, max=1, help="The operator's threshold; inclusive.")
    ] = 0.8,
    seed: Annotated[int, typer.Option(min=0, help="Folds, draws and --shuffle.")] = 0,
    shuffle: Annotated[bool, typer.Option("--shuffle", help="Shuffle the stream first.")] = False,
    language: Language = "es",
    price: Annotated[
        float | None,
        typer.Option(
            min=0, max=MOST_USD, help="USD for 1,000 calls; without it gpt-4o-mini's, assumed."
        ),
    ] = None,
    as_json: Json = False,
    report: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write figures and charts to DIR/simulation.html."),
    ] = None,
) -> None:
    """Play messages in order through the production decisions, certificate and training.

    A row is {"text": ..., "intent": ...}, as for `aprendiz evaluate`; the teacher answers with the
    row's "teacher", or else its "intent". The intent __oos__ means out of scope. Shares are of all
    messages, those out of scope included.

    Nothing is sent anywhere; no server or database is needed.

    Example: aprendiz simulate --base training_data/base_intents.json --stream mine.jsonl
    """
    from services.learning.certifying.trust import Policy
    from services.learning.judging.simulation import Plan
    from services.learning.judging.simulation_figures import report as reported

    if report is not None:
        from services.cli.report import prepare

        prepare(report)
    policy = Policy(
        target=target,
        delta=delta,
        threshold=threshold,
        fixed=mode is Mode.FIJO,
        share=shadow_share,
        first=shadow_first,
    )
    plan = Plan(policy, retrain_every, language=language, seed=seed)
    found = reported(_played(base, _messages(stream, shuffle, seed), plan), _price(price))
    if report is not None:  # first: who reads the figures may stop reading (`| head`)
        from services.cli.simulation_page import write_page

        title = f"{', '.join(base)} → {', '.join(stream)}"
        print(f"Report: {write_page(report, found, title)}", file=sys.stderr)
    print(json.dumps(found.figures(), ensure_ascii=False)) if as_json else _show(found)


def _played(base: list[str], stream: "list[LabelledMessage]", plan: "Plan") -> "Simulated":
    from services.learning.judging.simulation import simulate as played

    with Progress(console=Console(stderr=True), transient=True) as bar, naming(base):
        task = bar.add_task("Playing ...", total=len(stream))
        return played(rows_of(base), stream, plan, lambda turns: bar.update(task, completed=turns))


def _messages(stream: list[str], shuffle: bool, seed: int) -> "list[LabelledMessage]":
    from services.learning.judging.labelled import read_messages

    messages = [each for name in stream for each in read_messages(*file_and_splits(name))]
    if shuffle:
        random.Random(seed).shuffle(messages)
    return messages


def _price(price: float | None) -> float:
    from services.learning.estimation.estimate import USD_PER_THOUSAND_CALLS

    return USD_PER_THOUSAND_CALLS if price is None else price


def _show(found: "Report") -> None:
    console = unwrapped_console()
    columns = (Column(name, no_wrap=True, min_width=_LEAST.get(name, 6)) for name in COLUMNS)
    table = Table(*columns, box=SIMPLE, padding=(0, 1, 0, 0))
    for name, figures in rows(found):
        table.add_row(name, *cells(figures))
    console.print(table)
    console.print(
        f"At the end {found.state}, threshold {found.threshold:.3f}: {found.why}.\n"
        f"1,000 messages of the second half cost {found.second_half.cost:.3f} USD, "
        f"{found.teacher_alone:.3f} with the teacher alone."
    )
    for line in remarks(found):
        console.print(line)


def remarks(found: "Report") -> list[str]:
    """What else there is to know of a simulation: its trainings, its alarms and new intents."""
    lines = [_trainings(found)]
    if found.alarms:
        after = "; ".join(f"{each['after']:,}" for each in found.alarms)
        lines.append(f"Alarms, which refuted the student, after message: {after}.")
    if found.new_intents:
        names = ", ".join(f"{name} ({rows})" for name, rows in found.new_intents.items())
        lines.append(
            "Not among the base rows, and treated as if the shop had taken them into its "
            f"catalogue at once: {names}."
        )
    return lines


def _trainings(found: "Report") -> str:
    made = found.trainings
    if not made:
        return "No training: too few different new texts for one (see --retrain-every)."
    promoted = [each["after"] for each in made if each["promoted"]]
    said = f"{len(promoted)} of {len(made)} trainings promoted"
    if promoted:
        said += f", the last after message {promoted[-1]:,}"
    if not made[-1]["promoted"]:
        said += f". After message {made[-1]['after']:,}: {made[-1]['reason']}"
    return f"{said.removesuffix('.')}."


COLUMNS = ("messages", "alone", "right", "agrees", "calls", "watch", "answers", "state", "at")
"""Heads of what `rows` and `cells` give; `watch` is the shadow and the blind calls among all."""
_LEAST = {"messages": len("2001-2250"), "answers": len("answers"), "state": len("certified")}
"""Letters that a narrow terminal leaves of a column; of the others enough for `100.0%`."""


def rows(found: "Report") -> "list[tuple[str, Figures]]":
    """Every window by its messages, then the second half and the whole."""
    named, first = [], 1
    for window in found.windows:
        named.append((f"{first}-{first + window.messages - 1}", window))
        first += window.messages
    return [*named, ("2nd half", found.second_half), ("all", found.whole)]


def cells(of: "Figures") -> tuple[str, ...]:
    """Figures as people read them."""
    return (
        share(of.answered_alone),
        share(of.precision),
        share(of.agreement),
        share(of.teacher_calls),
        share(of.shadow_calls + of.blind_calls),
        share(of.accuracy),
        of.state,
        f"{of.threshold:.3f}",
    )
