"""``aprendiz intents``: the catalogue from a terminal."""

import json
from pathlib import Path

import pytest
from sqlalchemy import insert
from typer.testing import CliRunner, Result

from contracts.catalogue import parse_catalogue
from services.cli.app import app
from services.panel.intents import UnusableIntent
from services.storage import catalogue
from services.storage.catalogue import UnknownIntent
from services.storage.engine import Database
from services.storage.intents import IntentExists, UnusableName
from services.storage.tables import training_samples

BASE = Path(__file__).parents[3] / "training_data/base_intents.json"


@pytest.fixture
async def shop(
    database: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three intents, and two samples for which the teacher proposed another."""
    monkeypatch.setenv("APRENDIZ_HOME", str(tmp_path))
    monkeypatch.setenv("APRENDIZ_DATABASE_URL", database_url)
    async with database.begin() as connection:
        await catalogue.seed(connection, parse_catalogue(BASE.read_bytes()).intents[:3])
        for text in ("tiene garantia?", "garantia? llama al 3005550142"):
            row = {"texto": text, "etiquetado_por": "teacher", "propuesta": "garantia"}
            await connection.execute(insert(training_samples).values(**row))


pytestmark = pytest.mark.usefixtures("shop")


def run(*arguments: str) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(app, ["intents", *arguments])


def names() -> dict[str, bool]:
    """The intents, and which are active."""
    found = json.loads(run("list", "--json").stdout)
    return {each["name"]: each["active"] for each in found}


def test_the_list_has_a_line_for_each() -> None:
    listed = run("list")
    assert listed.exit_code == 0
    for name in names():
        assert name in listed.stdout


def test_an_intent_is_renamed_switched_off_and_on() -> None:
    assert run("rename", "saludo", "bienvenida").exit_code == 0
    assert run("deactivate", "bienvenida", "--by", "ana").exit_code == 0
    assert names() == {"agradecimiento": True, "despedida": True, "bienvenida": False}
    assert run("activate", "bienvenida").exit_code == 0
    assert json.loads(run("show", "bienvenida").stdout)["active"] is True


def test_a_proposal_is_shown_masked_and_accepted() -> None:
    [proposal] = json.loads(run("proposed", "--json").stdout)
    assert (proposal["name"], proposal["samples"]) == ("garantia", 2)
    assert proposal["examples"] == ["garantia? llama al [number]", "tiene garantia?"]
    assert "garantia" in run("proposed").stdout
    accepted = run("accept", "garantia", "--description", "Pregunta por la garantía.")
    assert accepted.exit_code == 0, accepted.exception
    assert "calls a person; samples learned as it: 2" in accepted.stdout
    assert run("proposed").stdout == "The teacher proposes nothing new.\n"
    assert json.loads(run("show", "garantia").stdout)["texts"] == 2
    unasked = run("accept", "tallas", "--description", "Pregunta por una talla.").stdout
    assert unasked.endswith(": 0 (the teacher has proposed none that can be learned from)\n")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("show", "nadie"), UnknownIntent),
        (("rename", "nadie", "otro"), UnknownIntent),
        (("rename", "saludo", "despedida"), IntentExists),
        (("rename", "saludo", "Dos Palabras"), UnusableName),
        (("activate", "nadie"), UnknownIntent),
        (("accept", "saludo", "--description", "x"), IntentExists),
        (("accept", "Dos Palabras", "--description", "x"), UnusableIntent),
        (("accept", "garantia", "--description", "x", "--reply", "a {"), UnusableIntent),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    arguments: tuple[str, ...], error: type[Exception]
) -> None:
    assert isinstance(run(*arguments).exception, error)
