"""One HTML page of an evaluation that needs no network: figures, charts, the worst mistakes."""

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from contracts.catalogue import OUT_OF_SCOPE
from services.cli.charts import confusion, coverage_precision, reliability
from services.cli.evaluate import COLUMNS, cells, summary
from services.cli.report import write
from services.learning.arrays import Floats, Mask
from services.learning.percent import certainty

if TYPE_CHECKING:
    from services.learning.judging.evaluation import Guesses
    from services.learning.judging.trial import Trial

FILE = "evaluation.html"
_WORST = 50
_PAIRS = 20
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2937; max-width: 96rem; margin: 2rem auto;
       padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2.5rem; }
table { border-collapse: collapse; } th, td { text-align: left; padding: .25rem .8rem .25rem 0;
       border-bottom: 1px solid #e5e7eb; vertical-align: top; } td { overflow-wrap: anywhere; }
.charts { display: flex; flex-wrap: wrap; gap: 1rem; } .wide { overflow-x: auto; }
.charts svg { max-width: 100%; height: auto; } p { max-width: 46rem; }
"""


def write_page(folder: Path, trial: "Trial", title: str) -> Path:
    """Writes the page into `folder`; returns its path."""
    return write(folder, FILE, _page(trial, title))


def _page(trial: "Trial", title: str) -> str:
    guesses, counts = trial.guesses, _counts(trial.guesses)
    points = trial.evaluation.points
    shown = np.flatnonzero(counts.sum(axis=0) + counts.sum(axis=1))
    names = [guesses.intents[place] for place in shown]
    square = counts[np.ix_(shown, shown)]
    body = f"""<p>{escape(title)}</p>
<h2>Figures</h2>
{table((), summary(trial))}
<h2>What a threshold lets the student answer alone</h2>
<p>Thresholds for a precision were chosen on the training rows alone. The first two shares are of
the rows in scope, the next two of all rows, where answering one out of scope is an error; false
accepts are the rows out of scope that were answered alone.</p>
{table(COLUMNS, [cells(point) for point in points])}
<h2>Does the confidence mean what it says? How much is answered how well?</h2>
<p>Left: the bars would end on the line if a confidence of 70 % were right 70 times in 100; the
numbers are rows. Right: the surest rows first.</p>
<div class="charts">{reliability(guesses)}{coverage_precision(guesses, points)}</div>
<h2>Confusion matrix</h2>
<p>True intent down, what the student said across; the numbers are rows, the shade their share of
the true intent.</p>
<div class="wide">{confusion(square, names)}</div>
<h3>Most confused</h3>
{table(("true", "said", "rows"), _pairs(trial.guesses))}
<h2>Worst mistakes</h2>
<p>The surest errors first; rows out of scope that would be answered count as errors.</p>
{table(("text", "true", "said", "confidence"), _mistakes(trial))}"""
    return html("Evaluation of the student", body)


def html(title: str, body: str) -> str:
    """A whole page that loads nothing."""
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Aprendiz: {escape(title.lower())}</title><style>{_STYLE}</style></head>
<body>
<h1>{escape(title)}</h1>
{body}
</body>
</html>
"""


def _counts(guesses: "Guesses") -> Floats:
    """Rows by true place and named place."""
    counts = np.zeros((len(guesses.intents), len(guesses.intents)))
    np.add.at(counts, (guesses.truth, guesses.named), 1)
    return counts


def _wrong(guesses: "Guesses") -> Mask:
    """Rows named what they are not. Whatever is not the shop's is rightly named out of scope."""
    named_out = np.array(guesses.intents)[guesses.named] == OUT_OF_SCOPE
    return np.asarray((guesses.named != guesses.truth) & ~(named_out & ~guesses.known))


def _pairs(guesses: "Guesses") -> list[tuple[str, ...]]:
    wrong = _wrong(guesses)
    pairs = Counter(zip(guesses.truth[wrong].tolist(), guesses.named[wrong].tolist(), strict=True))
    worst = sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))[:_PAIRS]
    return [
        (guesses.intents[true], guesses.intents[named], str(rows)) for (true, named), rows in worst
    ]


def _mistakes(trial: "Trial") -> list[tuple[str, ...]]:
    guesses = trial.guesses
    wrong = np.flatnonzero(_wrong(guesses))
    worst = wrong[np.argsort(-guesses.sure[wrong], kind="stable")][:_WORST]
    return [
        (
            trial.test[row].text,
            trial.test[row].intent,
            guesses.intents[guesses.named[row]],
            certainty(float(guesses.probabilities[row].max())),
        )
        for row in worst
    ]


def table(heads: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of plain texts; without heads each row stands for itself."""
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    body = "\n".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><tr>{head}</tr>\n{body}</table>" if head else f"<table>{body}</table>"
