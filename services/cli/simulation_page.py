"""One HTML page of a simulation that needs no network: its course, its looks, its trainings."""

from html import escape
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from services.cli.charts import course
from services.cli.page import html, table
from services.cli.report import write
from services.cli.simulate import COLUMNS, cells, remarks, rows

if TYPE_CHECKING:
    from services.learning.judging.simulation_figures import Report

FILE = "simulation.html"


def write_page(folder: Path, report: "Report", title: str) -> Path:
    """Writes the page into `folder`; returns its path."""
    return write(folder, FILE, html("Simulation of a shop", _body(report, title)))


def _body(report: "Report", title: str) -> str:
    return f"""<p>{escape(title)}</p>
<p>At the end {report.state}, threshold {report.threshold:.3f}: {escape(report.why)}.</p>
<p>{escape(" ".join(remarks(report)))}</p>
<h2>Its course</h2>
<p>Shares of all messages of a window. Right: what the student answered alone and meant what it
said; agrees: what the teacher would have said too. Calls hold
the shadow and the blind ones (watch).</p>
<div class="charts">{_charts(report)}</div>
<div class="wide">{table(COLUMNS, [(name, *cells(of)) for name, of in rows(report)])}</div>
<h2>Looks at the evidence</h2>
{table(("after", "found", "threshold", "level", "why"), _looks(report))}
<h2>Trainings</h2>
{table(("after", "", "why"), _trainings(report))}"""


def _charts(report: "Report") -> str:
    windows = report.windows
    ends = list(accumulate(window.messages for window in windows))
    shares: dict[str, list[float | None]] = {
        "answered alone": [window.answered_alone for window in windows],
        "right of those": [window.precision for window in windows],
        "teacher calls": [window.teacher_calls for window in windows],
        "right of all answers": [window.accuracy for window in windows],
        "threshold": [window.threshold for window in windows],
    }
    costs: dict[str, list[float | None]] = {
        "with the student": [window.cost for window in windows],
        "the teacher alone": [report.teacher_alone for _ in windows],
    }
    return course(ends, shares, "shares", "share") + course(
        ends, costs, "costs", "USD for 1,000 messages"
    )


def _looks(report: "Report") -> list[tuple[str, ...]]:
    """Alarms stand among the looks, in their order."""
    looks = [
        (
            str(each["after"]),
            str(each["state"]),
            "-" if each["threshold"] is None else str(each["threshold"]),
            f"{each['level']:.4f}",
            str(each["why"]),
        )
        for each in report.looks
    ]
    alarms = [(str(each["after"]), "alarm", "-", "-", str(each["why"])) for each in report.alarms]
    return sorted(looks + alarms, key=lambda row: int(row[0]))


def _trainings(report: "Report") -> list[tuple[str, ...]]:
    return [
        (str(each["after"]), "promoted" if each["promoted"] else "refused", str(each["reason"]))
        for each in report.trainings
    ]
