"""Reads a short answer in the light of what the bot asked; the student sees no conversation.

A rule may only send a turn where the router itself will check it: the router looks the order
number or the product up, and escalates to the teacher when there is none.
"""

import re
from collections.abc import Mapping

from contracts.actions import AFFIRM, ASKS, DENY, Detail
from contracts.events import Reason, TurnReady
from services.classifier.route import Verdict
from services.learning.normalise import unaccented

_LONGEST = 6  # words of a text that may be nothing but an answer
_YES = frozenset(
    {"si", "sii", "sip", "claro", "ok", "okey", "dale", "si claro", "si por favor"}
    | {"si gracias", "si muchas gracias"}
    | {"yes", "yep", "yeah", "sure", "okay", "yes please", "yes thanks", "yes thank you"}
)
_NO = frozenset(
    {"no", "nop", "no gracias", "mejor no", "ahora no", "por ahora no"}
    | {"nope", "no thanks", "no thank you", "not now"}
)
_WORD = re.compile(r"[^\W_]+")
_REAL_WORD = re.compile(r"[^\W\d_]{3}")
_DIGIT = re.compile(r"\d")


def resolve(turn: TurnReady, verdict: Verdict, actions: Mapping[str, str | None]) -> str | None:
    """The intent that an answer belongs to, or None: then the student's verdict stands.

    ``actions`` are what the router does on each intent: a shop may call its intents as it likes. A
    bare order number outweighs even a sure student, who can't tell it from a size or a price.
    All other rules are for texts that the student is unsure of, and for none that it takes for an
    intent that the operator wants to go to the teacher.
    """
    if turn.asked is None or verdict.reason is Reason.UNSUPPORTED_KIND:
        return None
    asked = turn.asked.intent
    if answers_order_number(turn, actions):
        return asked
    if verdict.reason in (Reason.ACCEPTED, Reason.ALWAYS_ASK):
        return None
    if len(words := _WORD.findall(unaccented(turn.text.lower()))) > _LONGEST:
        return None
    if (meant := _yes_or_no(" ".join(words))) is not None:
        names = [name for name, action in actions.items() if action == meant]
        return names[0] if len(names) == 1 else None  # of two the student may tell which
    return asked if _is_detail(_asked_for(turn, actions), turn.text) else None


def answers_order_number(turn: TurnReady, actions: Mapping[str, str | None]) -> bool:
    """Whether it is a bare order number after the question for it: never the student's to say."""
    return _asked_for(turn, actions) is Detail.ORDER and _is_bare_number(turn.text)


def _asked_for(turn: TurnReady, actions: Mapping[str, str | None]) -> Detail | None:
    """The detail that was asked for, if it was one that the router can look up."""
    asked = turn.asked and turn.asked.intent
    return ASKS.get(actions.get(asked or "") or "")


def _is_bare_number(text: str) -> bool:
    """Little but an order number: `1234`, `es A-12`."""
    return bool(_DIGIT.search(text)) and not _REAL_WORD.search(text)


def _yes_or_no(answer: str) -> str | None:
    """The action of what is a yes or a no."""
    if answer in _YES:
        return AFFIRM
    return DENY if answer in _NO else None


def _is_detail(detail: Detail | None, text: str) -> bool:
    if detail is Detail.ORDER:
        return bool(_DIGIT.search(text))
    return detail is Detail.PRODUCT and bool(_REAL_WORD.search(text))
