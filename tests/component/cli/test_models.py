"""``aprendiz models``: shown, promoted, rolled back, from a terminal."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.cli.app import app
from services.learning.artifact import seal
from services.learning.out_of_fold import keep
from services.learning.recipe.training import train
from services.learning.student import Example
from services.panel.by_hand import NotPromoted
from services.panel.model_bodies import ModelWhole
from services.runtime.keys import read_keys
from services.runtime.settings import read_settings
from services.storage import models
from services.storage.engine import Database
from services.storage.models import ModelMissing

MOMENT = datetime(2026, 11, 22, tzinfo=UTC)
WORDS = {"precio": "cuanto cuesta {}", "saludo": "hola {}", "pago": "pago con {}"}
THINGS = ("la blusa", "el bolso", "la falda", "el reloj", "la gorra", "el anillo")


@pytest.fixture
def home(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings that the commands read."""
    monkeypatch.setenv("APRENDIZ_HOME", str(tmp_path))
    monkeypatch.setenv("APRENDIZ_DATABASE_URL", database_url)
    monkeypatch.setenv("APRENDIZ_SECRET_KEY", "a secret of the shop")


@pytest.fixture
async def two(database: Database, home: None) -> tuple[str, str]:
    """A model that was in force and the one that is."""
    trained = train(
        [Example(words.format(each), name) for name, words in WORDS.items() for each in THINGS]
    )
    kept = keep(trained, range(len(trained.examples)))
    first, second = [
        seal(trained, kept, read_keys(read_settings()).signing, MOMENT + timedelta(days=day))
        for day in range(2)
    ]
    for manifest, file in (first, second):
        async with database.begin() as connection:
            await models.store(connection, manifest, file)
            await models.promote(connection, manifest.version, "automatic")
    return first[0].version, second[0].version


def run(*arguments: str, says: str = "") -> Result:
    """Run a command in this process; the test's own database stays open beside it."""
    return CliRunner().invoke(app, ["models", *arguments], input=says)


def test_a_rollback_names_both_models(two: tuple[str, str]) -> None:
    done = run("rollback", "--yes", "--by", "ana")
    assert (done.exit_code, done.output) == (
        0, f"Model {two[0]} is in force; before it was {two[1]}.\n",
    )  # fmt: skip


def test_it_is_asked_first(two: tuple[str, str]) -> None:
    refused = run("rollback", says="n\n")
    assert (refused.exit_code, "nothing was changed" in refused.output) == (1, True)
    assert json.loads(run("show", "champion", "--json").output)["version"] == two[1]
    assert run("rollback", says="y\n").exit_code == 0
    assert json.loads(run("show", "champion", "--json").output)["version"] == two[0]


def test_without_a_person_to_ask_it_says_what_to_say(two: tuple[str, str]) -> None:
    refused = run("rollback")
    assert (refused.exit_code, "say --yes" in refused.output) == (1, True)
    assert json.loads(run("show", "champion", "--json").output)["version"] == two[1]


def test_a_version_is_promoted_once(two: tuple[str, str]) -> None:
    assert run("promote", two[0], "--yes").exit_code == 0
    assert isinstance(run("promote", two[0], "--yes").exception, NotPromoted)


def test_show_has_the_weakest_intents_first(two: tuple[str, str]) -> None:
    shown = run("show", two[0])
    assert shown.exit_code == 0
    assert f"{two[0]} previous" in shown.output
    assert "by no training of this database" in shown.output
    for name in WORDS:
        assert name in shown.output
    found = json.loads(run("show", "previous", "--json").output)
    assert (found["version"], found["aliases"], found["training"]) == (two[0], ["previous"], None)


def test_what_there_is_not_is_said_in_one_line(two: tuple[str, str]) -> None:
    assert isinstance(run("show", "20200101T000000-00000000").exception, ModelMissing)


def test_an_empty_shop_has_nothing_to_go_back_to(database: Database, home: None) -> None:
    assert isinstance(run("rollback", "--yes").exception, NotPromoted)
    assert isinstance(run("show", "champion").exception, ModelMissing)


def test_the_list_cuts_no_version_that_promote_must_be_told(two: tuple[str, str]) -> None:
    shown = CliRunner(env={"COLUMNS": "60"}).invoke(app, ["models", "list"])
    assert all(version in shown.stdout for version in two), shown.output


def test_the_list_as_json_is_what_the_api_gives(two: tuple[str, str]) -> None:
    listed = json.loads(run("list", "--json").stdout)
    assert [each["version"] for each in listed] == [two[1], two[0]]
    assert {"samples", "intents", "accuracy", "aliases"} <= listed[0].keys()


def test_a_model_as_json_is_what_the_api_gives(two: tuple[str, str]) -> None:
    shown = json.loads(run("show", two[1], "--json").stdout)
    listed = json.loads(run("list", "--json").stdout)[0]
    assert shown.keys() == ModelWhole.model_fields.keys()
    assert {name: shown[name] for name in listed} == listed
    assert {each["intent"] for each in shown["worst_first"]} == set(WORDS)
