"""The student that the catalogue trains, once for all tests of learning."""

from pathlib import Path

import pytest

from contracts.catalogue import parse_catalogue
from services.learning.recipe.training import train
from services.learning.student import Example
from services.learning.trained import Trained

CATALOGUE = Path(__file__).parents[3] / "training_data/base_intents.json"


@pytest.fixture(scope="session")
def catalogue_rows() -> list[Example]:
    intents = parse_catalogue(CATALOGUE.read_bytes()).intents
    return [Example(text, intent.name) for intent in intents for text in intent.examples]


@pytest.fixture(scope="session")
def few_rows(catalogue_rows: list[Example]) -> list[Example]:
    """Four of the catalogue's intents: enough to learn from, and quick."""
    few = {"saludo", "agradecimiento", "precio", "horario"}
    return [row for row in catalogue_rows if row.intent in few]


@pytest.fixture(scope="session")
def trained(catalogue_rows: list[Example]) -> Trained:
    return train(catalogue_rows)
