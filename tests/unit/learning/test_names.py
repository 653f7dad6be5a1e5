"""Names of intents: read as words, worth something with few examples, and no harm if they lie."""

from collections import defaultdict

import numpy as np
import pytest

from contracts.catalogue import OUT_OF_SCOPE
from services.learning.meanings.lexicon import meaning
from services.learning.normalise import tokens
from services.learning.recipe.names import by_name
from services.learning.recipe.training import train
from services.learning.student import Example

FEW = 4


@pytest.mark.parametrize(
    ("intents", "text", "expected"),
    [
        (["precio", "horario", "ubicacion"], "a qué hora cierran los domingos", 1),
        (["weather/checkSunset", "alarm/set_alarm"], "despiértame mañana a las siete", 1),
        (["cancelar_devolver", "estado_pedido"], "ya no lo quiero, regréseme mi plata", 0),
    ],
)
def test_a_text_is_closest_to_the_name_of_its_intent(
    intents: list[str], text: str, expected: int
) -> None:
    assert (meaning(tokens(text), "es") @ by_name(intents, "es")).argmax() == expected


def test_a_name_that_means_nothing_is_no_likelier_than_the_others() -> None:
    named = by_name(["b07", "horario", OUT_OF_SCOPE, "precio"], "es")
    assert not named[:, [0, 2]].any()
    assert np.allclose(named.sum(axis=1), 0)


def test_names_help_where_examples_are_few(catalogue_rows: list[Example]) -> None:
    few, others = dealt(catalogue_rows)
    codes = {intent: f"b{place:02}" for place, intent in enumerate(intents_of(few))}
    assert right(few, others) > right(renamed(few, codes), renamed(others, codes)) + 0.02


def test_names_that_mislead_do_no_harm(catalogue_rows: list[Example]) -> None:
    few, others = dealt(catalogue_rows)
    intents = intents_of(few)
    codes = {intent: f"b{place:02}" for place, intent in enumerate(intents)}
    wrong = dict(zip(intents, [*intents[1:], intents[0]], strict=True))
    misled = right(renamed(few, wrong), renamed(others, wrong))
    assert misled > right(renamed(few, codes), renamed(others, codes)) - 0.02


def dealt(rows: list[Example], texts: int = FEW) -> tuple[list[Example], list[Example]]:
    """The first few rows of each intent, and some of the others."""
    of = defaultdict(list)
    for row in rows:
        of[row.intent].append(row)
    few = [row for each in of.values() for row in each[:texts]]
    return few, [row for each in of.values() for row in each[texts::8]]


def intents_of(rows: list[Example]) -> list[str]:
    return sorted({row.intent for row in rows})


def renamed(rows: list[Example], names: dict[str, str]) -> list[Example]:
    return [Example(row.text, names[row.intent]) for row in rows]


def right(taught: list[Example], asked: list[Example]) -> float:
    """The share of `asked` that a student names rightly that was taught a few rows."""
    said = train(taught).student.predict([row.text for row in asked])
    pairs = zip(said, asked, strict=True)
    return float(np.mean([each.intent == row.intent for each, row in pairs]))


@pytest.mark.parametrize("name", ["checkSunset", "check/sunset", "check-sunset", "Check.Súnset"])
def test_words_of_a_name_may_be_told_apart_by_capitals_or_signs(name: str) -> None:
    parted = by_name(["check_sunset", "horario"], "es")
    assert parted[:, 0].any()
    assert np.allclose(by_name([name, "horario"], "es"), parted)


def test_a_name_of_more_words_does_not_mean_more() -> None:
    named = by_name(["precio", "precio_precio", "horario"], "es")
    assert np.allclose(named[:, 0], named[:, 1])
