"""Puts an estimate into words and tables for the terminal."""

from rich.table import Column, Table
from rich.text import Text

from services.cli.terminal import unwrapped_console, wrapping_console
from services.learning.certifying.trust import Policy
from services.learning.estimation.estimate import (
    SHADOW_SHARE,
    TOKENS_IN,
    TOKENS_OUT,
    Estimate,
    Outcome,
    Volume,
)
from services.learning.percent import percent, share


def show(found: Estimate, remarks: list[str], *, priced: bool) -> None:
    """Print the figures for people; `remarks` first, `priced`: the price was given."""
    console = unwrapped_console()
    for remark in [*remarks, ""]:
        console.print(remark)
    for name, value in _summary(found.volume):
        console.print(f"{name:<24}{value}")
    console.print(_outcomes(found))
    for sentence in _notes(found, priced=priced):
        console.print(sentence)
    if found.least_known:
        # Wrapped in its column: whoever reads it wants all of it.
        wrapping_console().print(_questions(found))


def _summary(volume: Volume) -> list[tuple[str, str]]:
    """Names and values of what came in, as people read them."""
    few = "too few" if volume.first else "no"
    period = f"{few} dates were read, so no month is known"
    if volume.days:
        period = f"{volume.first} to {volume.last}, {_many(volume.days, 'day')}"
    a_month = volume.messages_a_month
    contacts = f" of {_many(volume.contacts, 'contact')}" if volume.contacts else ""
    lines = [
        ("customers' messages", f"{volume.messages:,}{contacts}"),
        ("period", period),
        ("messages a month", "-" if a_month is None else f"{a_month:,.0f}"),
        ("turns with words", f"{volume.turns:,} (messages within a minute are one turn)"),
    ]
    if volume.media_turns or volume.unread:
        media = (
            f"{volume.media_turns:,} turns, which go to a person; {volume.unread:,} more have both"
        )
        lines.append(("media without words", media))
    return lines


def _many(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def _outcomes(found: Estimate) -> Table:
    per = "a month" if found.volume.turns_a_month is not None else "for 1,000"
    heads = ("answered\nalone", "right", "at least", "judged", f"calls\n{per}", f"USD\n{per}")
    table = Table(Column("threshold", no_wrap=True), *heads)
    table.add_row("no student", "0%", *BLANK, f"{found.calls_before:,.0f}", _usd(found.usd_before))
    for each in found.outcomes:
        table.add_row(*_cells(each))
    return table


BLANK = ("", "", "")
"""Where nothing was judged: share right, its lower bound, turns."""


def _cells(each: Outcome) -> tuple[str, ...]:
    wanted = "fixed" if each.target is None else f"for {percent(each.target)}"
    judged = ("unknown", "unknown", "0")
    if each.precision is not None:
        judged = (share(each.precision), share(each.precision_bound), f"{each.judged:,}")
    return (
        f"none {wanted}" if each.threshold is None else f"{each.threshold:.3f} {wanted}",
        share(each.coverage),
        *judged,
        f"{each.calls:,.0f}",
        _usd(each.usd),
    )


def _usd(amount: float) -> str:
    """Two figures at least: a small shop's month costs cents."""
    return f"{amount:,.2f}" if amount >= 0.1 or amount == 0 else f"{amount:.2g}"


def _notes(found: Estimate, *, priced: bool) -> list[str]:
    """How the figures are to be read."""
    cost = f"{found.usd_per_thousand_calls:.2f} USD for 1,000 calls"
    if not priced:
        cost += f" (assumed: gpt-4o-mini, {TOKENS_IN:,} tokens in, {TOKENS_OUT} out; see --price)"
    return [
        *(_LABELLED if found.labelled else _UNLABELLED),
        *_unknown(found),
        f"Calls: what is left for the teacher, {SHADOW_SHARE:.0%} of the rest to watch it; {cost}.",
        f"A new shop's first {Policy().first} turns, which all go to the teacher, come on top.",
    ]


_LABELLED = (
    "Right: agrees with the label, judged by a student that did not learn from that row.",
    "At least: with 95 % certainty, for rows like these.",
)
_UNLABELLED = (
    "The precision is unknown: without labels nobody can say how much of it is right.",
    "A threshold for a precision was chosen on the catalogue's own examples, which are easier.",
)


def _unknown(found: Estimate) -> list[str]:
    if not found.unknown:
        return []
    names = ", ".join(f"{name} ({turns:,})" for name, turns in found.unknown.items())
    if not found.labelled:
        return [f"No label is one of the catalogue's, so that none is used: {names}."]
    return [f"Labels that the catalogue doesn't have, counted as out of scope: {names}."]


def _questions(found: Estimate) -> Table:
    table = Table("least known", "times", "best guess", title_justify="left")
    for each in found.least_known:
        table.add_row(Text(each.text), str(each.times), f"{each.guess} {each.confidence:.0%}")
    return table
