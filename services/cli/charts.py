"""Draws the charts of a report as SVG text: the only file that imports matplotlib."""

import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from services.learning.arrays import Floats, Mask
from services.learning.judging.evaluation import Guesses, Point, risk_coverage
from services.learning.measures import BINS, THRESHOLD, bins
from services.learning.percent import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LONGEST = 32  # letters of an intent's name beside the matrix, which else has no room left
_INK, _BLUE, _ORANGE = "#1f2937", "#2563eb", "#d97706"
_STYLE: dict[Any, Any] = {  # matplotlib types the keys as a long list of literals
    "svg.fonttype": "none",  # text stays text: small, searchable
    "text.parse_math": False,  # an intent may be called $a$
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": _INK,
}


class ChartsMissing(RuntimeError):
    """A report needs matplotlib, which services run without; the message says how to get it."""


def require_matplotlib() -> None:
    """Raises ChartsMissing when there is nothing to draw with."""
    if find_spec("matplotlib") is None:
        raise ChartsMissing(
            "--report draws with matplotlib, which is not installed here. Run `make setup`, "
            "or `pip install matplotlib`; without --report the figures are printed as they are."
        )


def reliability(guesses: Guesses) -> str:
    """How often the student is right at each confidence, on the rows in scope."""
    sure, right = guesses.probabilities.max(axis=1)[guesses.known], guesses.right[guesses.known]
    rows = np.bincount(bins(sure), minlength=BINS)
    hits = np.bincount(bins(sure), weights=right, minlength=BINS)
    there = np.flatnonzero(rows)
    with _chart("reliability", (4.8, 3.9)) as (axes, text):
        axes.plot([0, 1], [0, 1], color="#9ca3af", linestyle="--", label="means what it says")
        axes.bar(
            (there + 0.5) / BINS, hits[there] / rows[there], width=0.085, color=_BLUE, alpha=0.75,
            label="share right",
        )  # fmt: skip
        for place in there:
            height = hits[place] / rows[place]
            axes.text((place + 0.5) / BINS, height + 0.015, str(rows[place]), ha="center", size=7)
        axes.set(xlabel="confidence", ylabel="share right", xlim=(0, 1), ylim=(0, 1.07))
        # Above the axes: a bar may stand anywhere in them.
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False)
    return text.getvalue()


def coverage_precision(guesses: Guesses, points: Sequence[Point]) -> str:
    """Precision of what is answered alone, by how much is; the thresholds are marked."""
    with _chart("coverage", (5.8, 3.9)) as (axes, text):
        _curve(
            axes, guesses.sure[guesses.known], guesses.right[guesses.known], _BLUE, "rows in scope"
        )
        if not guesses.known.all():
            _curve(axes, guesses.sure, guesses.right, _ORANGE, "all rows")
        for names, place in _marks(points):
            axes.plot(*place, "o", color=_INK, markersize=4)
            axes.annotate(
                ", ".join(names), place, textcoords="offset points", xytext=(4, 6), size=8
            )
        axes.set(xlabel="share answered alone", ylabel="share of those right", xlim=(0, 1.02))
        axes.legend(loc="lower left", frameon=False)
        axes.grid(color="#e5e7eb", linewidth=0.6)
    return text.getvalue()


def _marks(points: Sequence[Point]) -> Iterator[tuple[list[str], tuple[float, float]]]:
    """Where thresholds are marked, and their names: of those in one place all, side by side."""
    marks: dict[tuple[float, float], list[str]] = {}
    for point in points:
        if point.coverage is not None and point.precision is not None:
            name = f"{THRESHOLD}" if point.target is None else f"for {percent(point.target)}"
            marks.setdefault((point.coverage, point.precision), []).append(name)
    return ((names, place) for place, names in marks.items())


def course(
    ends: Sequence[int], series: Mapping[str, Sequence[float | None]], name: str, unit: str
) -> str:
    """How figures move: one line a series, a point a window, by the messages at the window's end.

    A window without the figure (None) leaves a gap.
    """
    with _chart(name, (6.4, 3.4)) as (axes, text):
        for label, values in series.items():
            heights = [np.nan if value is None else value for value in values]
            axes.plot(ends, heights, marker="o", markersize=3, linewidth=1.5, label=label)
        axes.set(xlabel="messages", ylabel=unit, xlim=(0, ends[-1] * 1.02))
        axes.set_ylim(bottom=0)
        axes.legend(loc="best", frameon=False)
        axes.grid(color="#e5e7eb", linewidth=0.6)
    return text.getvalue()


def confusion(counts: Floats, names: Sequence[str]) -> str:
    """Rows by true intent (down) and by what was said (across), shaded by share of the row."""
    size = 2.2 + 0.17 * len(names)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    with _chart("confusion", (size + 0.4, size)) as (axes, text):
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, interpolation="nearest")
        for row, column in np.argwhere(counts > 0):
            axes.text(
                column, row, str(int(counts[row, column])), ha="center", va="center", size=5.5,
                color="white" if shares[row, column] > 0.5 else _INK,
            )  # fmt: skip
        places = range(len(names))
        shown = [name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…" for name in names]
        axes.set_xticks(places, shown, rotation=90, size=6.5)
        axes.set_yticks(places, shown, size=6.5)
        axes.set(xlabel="said", ylabel="true")
        axes.spines[:].set_visible(False)
    return text.getvalue()


def _curve(axes: "Axes", sure: Floats, right: Mask, color: str, label: str) -> None:
    share = np.arange(1, len(sure) + 1) / max(1, len(sure))
    axes.plot(share, 1 - risk_coverage(sure, right), color=color, linewidth=1.5, label=label)


@contextmanager
def _chart(name: str, inches: tuple[float, float]) -> "Iterator[tuple[Axes, io.StringIO]]":
    """Axes to draw on, and the text that holds the finished chart when the block ends."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    text = io.StringIO()
    # The name keeps the ids of several charts on one page apart.
    with mpl.rc_context({**_STYLE, "svg.hashsalt": name}), warnings.catch_warnings():
        # A reader's browser has the signs that matplotlib's own font lacks.
        warnings.filterwarnings("ignore", r"Glyph .* missing")
        figure = Figure(figsize=inches, layout="constrained")
        yield figure.subplots(), text
        whole = io.StringIO()
        figure.savefig(whole, format="svg", metadata={"Date": None, "Creator": None})
    text.write(_inline(whole.getvalue()))


def _inline(svg: str) -> str:
    """Without the XML head and the metadata, which only name places on the web."""
    start = svg.index("<svg")
    head, _, rest = svg[start:].partition("<metadata>")
    return head + rest.partition("</metadata>")[2] if rest else head
