"""Reads a short answer in the light of what the bot asked; the student sees no conversation.

A rule may only send a turn where the router itself will check it: the router looks the order
number or the product up, and escalates to the teacher when there is none.
"""

import re
import unicodedata
from typing import Final

from contracts.events import Asked, Reason, TurnReady
from services.classifier.route import ACCEPTED, Verdict

AFFIRM: Final = "afirmar"
DENY: Final = "negar"
ORDER: Final = "estado_pedido"
PRODUCT: Final = frozenset({"precio", "disponibilidad"})
"""Intents whose missing detail is a product's name."""

_LONGEST = 6  # words of a text that may be nothing but an answer
_YES = frozenset({"si", "sii", "sip", "claro", "ok", "okey", "dale", "si claro", "si por favor"})
_NO = frozenset({"no", "nop", "no gracias", "mejor no", "ahora no", "por ahora no"})
_WORD = re.compile(r"[^\W_]+")
_REAL_WORD = re.compile(r"[^\W\d_]{3}")
_DIGIT = re.compile(r"\d")


def resolve(turn: TurnReady, verdict: Verdict) -> str | None:
    """The intent that an answer belongs to, or None: then the student's verdict stands.

    A bare order number outweighs even a sure student, who can't tell it from a size or a price.
    All other rules are for texts that the student is unsure of.
    """
    if turn.asked is None or verdict.reason is Reason.UNSUPPORTED_KIND:
        return None
    if _is_bare_number(turn.asked, turn.text):
        return ORDER
    return None if verdict == ACCEPTED else _short_answer(turn.asked, turn.text)


def _is_bare_number(asked: Asked, text: str) -> bool:
    """An order number was asked for, and here is little else: `1234`, `es A-12`."""
    return asked.intent == ORDER and bool(_DIGIT.search(text)) and not _REAL_WORD.search(text)


def _short_answer(asked: Asked, text: str) -> str | None:
    words = _WORD.findall(_plain(text))
    if len(words) > _LONGEST:
        return None
    return _yes_or_no(" ".join(words)) or _detail(asked.intent, text)


def _yes_or_no(answer: str) -> str | None:
    if answer in _YES:
        return AFFIRM
    return DENY if answer in _NO else None


def _detail(asked: str, text: str) -> str | None:
    if asked == ORDER:
        return ORDER if _DIGIT.search(text) else None
    return asked if asked in PRODUCT and _REAL_WORD.search(text) else None


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.lower())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
