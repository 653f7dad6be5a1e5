"""Finds order numbers in what a customer wrote: `#1234`, `A-1234`, `pedido 1234`."""

import re
from typing import NamedTuple

_MOST = 5  # numbers looked up for one turn

_NUMBER = r"(?:[a-z]{1,6}-?)?[0-9]+(?:-[0-9]+)*"
# What says that an order's number follows, and the little words between.
_MARK = r"(?:#|n[°ºo]\.?|\b(?:pedido|orden|compra|factura|numero|número|nro|num|guia|guía)\b)"
# Few of them: without a bound, 20,000 `#` are searched for two minutes.
_BETWEEN = (
    r"(?:\s*(?:#|:|n[°ºo]\.?|\b(?:es|el|la|de|del|mi|numero|número|nro|num|pedido|orden)\b)){0,6}"
)
_MARKED = re.compile(rf"{_MARK}{_BETWEEN}\s*({_NUMBER})\b", re.IGNORECASE)
_ANY = re.compile(rf"(?<![\w.,:/-])({_NUMBER})(?![\w/]|[.,:]\d)", re.IGNORECASE)
_LIKE_AN_ORDER = re.compile(r"\d{4}|[a-z]-?\d{2}", re.IGNORECASE)


class Numbers(NamedTuple):
    """Canonical order numbers in a text, in its order."""

    named: tuple[str, ...]
    """Said to be an order's: if it is unknown, the customer is told so."""
    possible: tuple[str, ...]
    """Looked up too, but they may as well be a price or a year."""


def canonical(number: str) -> str:
    """One spelling for `#a-1234`, `A-1234` and `A1234`."""
    return re.sub(r"[^0-9A-Z]", "", number.upper())


def spellings(number: str) -> set[str]:
    """How a canonical number may stand in the shop's table."""
    letters, digits = re.fullmatch(r"([A-Z]*)(.*)", number, re.DOTALL).groups()  # type: ignore[union-attr]  # it matches any text
    plain = {number, f"{letters}-{digits}"} if letters else {number}
    return {spelt for each in plain for spelt in (each, each.lower(), f"#{each}")}


def find_numbers(text: str, *, asked: bool) -> Numbers:
    """The numbers in `text`; when the bot has just ``asked`` for one, any of them is named."""
    marked = _canonical(_MARKED.findall(text))
    known = set(marked)
    others = [each for each in _canonical(_ANY.findall(text)) if each not in known]
    if asked:
        return Numbers((*marked, *others)[:_MOST], ())
    likely = [each for each in others if _LIKE_AN_ORDER.search(each)]
    return Numbers(tuple(marked[:_MOST]), tuple(likely[:_MOST]))


def _canonical(numbers: list[str]) -> list[str]:
    return list(dict.fromkeys(canonical(each) for each in numbers))
