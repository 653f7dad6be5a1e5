"""The action and the intent that docs/actions.md shows work as they stand there."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from contracts.actions import Detail
from contracts.catalogue import CatalogueIntent
from services.router.act import act
from services.router.actions import ACTIONS
from services.router.case import Case, Escalate, Found, Outcome, Reply
from services.storage.catalogue import StoredIntent
from tests.turns import turn_of

PAGE = (Path(__file__).parents[3] / "docs/actions.md").read_text()


def block(language: str) -> str:
    [code] = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(code)


def test_the_action_that_the_page_shows_answers_the_intent_that_it_shows(found: Found) -> None:
    module: dict[str, Any] = {}
    exec(block("python"), module)
    actions = {"warranty": module["ACTION"]}
    shown = CatalogueIntent.model_validate_json(block("json"))
    intent = StoredIntent(
        shown.name, shown.description, shown.action, shown.reply, dict(shown.replies)
    )
    case = Case(intent, turn_of("garantia?"), {intent.name: intent}, found=found)

    def answer(text: str, asked: str | None = None) -> Outcome:
        return act(replace(case, turn=turn_of(text, asked=asked)), actions)

    assert answer("q garantia tiene la lampara?") == Reply(
        "Todos nuestros productos tienen 12 meses de garantía."
    )
    asks = Reply("¿De qué producto quieres saber la garantía?", asks="garantia")
    assert answer("tiene garantia?") == asks
    assert isinstance(answer("pues la garantia", asked="garantia"), Escalate)
    assert isinstance(answer("garantia de la gorra"), Escalate)


def test_the_line_that_the_page_shows_names_a_detail() -> None:
    [detail] = re.findall(r"`\"warranty\": Detail\.(\w+)`", PAGE)
    assert detail in Detail.__members__


def test_the_page_lists_every_action() -> None:
    assert set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) == set(ACTIONS)
