"""``aprendiz estimate`` as people call it: chats, zips, tables, databases, and bad input."""

import json
import re
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from services.cli.intake import Hints, Intake, take_in
from services.learning.estimation.estimate import Estimate, estimate
from services.learning.estimation.messages import UnusableMessages
from tests.printed import figures, printed

ROOT = Path(__file__).parents[3]
CHATS = ROOT / "tests/chats"
ANA = CHATS / "Chat de WhatsApp con Ana Gómez.txt"
LABELLED = "Mensaje;Intención\n¿cuánto cuesta?;precio\nqué hora es en Marte;\nhola;Saludo\n"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few of the catalogue's intents, for what any catalogue will show."""
    catalogue = json.loads((ROOT / "training_data/base_intents.json").read_bytes())
    few = [each for each in catalogue["intents"] if each["name"] in {"saludo", "precio", "horario"}]
    file = tmp_path_factory.mktemp("base") / "few_intents.json"
    file.write_text(json.dumps(catalogue | {"intents": few}))
    return file


def aprendiz(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "services.cli", "estimate", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def texts(source: Path | str, **hints: Any) -> list[str]:
    return [each.text for each in take_in(str(source), Hints(**hints)).messages]


def refusal(source: Path | str, **hints: Any) -> str:
    with pytest.raises(UnusableMessages) as told:
        take_in(str(source), Hints(**hints))
    return str(told.value)


@pytest.fixture(scope="module")
def told() -> str:
    """What people read of the example chats."""
    done = aprendiz(CHATS)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_folder_of_chats_gives_the_golden_figures() -> None:
    found = figures("estimate", CHATS)
    volume = found["volume"]
    assert (volume["messages"], volume["turns"], volume["contacts"]) == (36, 25, 3)
    assert (volume["media_turns"], volume["unread"], volume["days"]) == (2, 3, 26)
    assert (volume["first"], volume["last"]) == ("2024-05-03", "2024-05-28")
    assert [each["threshold"] is None for each in found["outcomes"]] == [False, False]
    assert found["outcomes"][0]["alone"] >= 15
    assert found["remarks"][0].startswith("The shop is «Tienda Luna» (guessed")


def test_the_readme_shows_what_is_printed(told: str) -> None:
    """But for the threshold's decimals, which every new example or word may move."""
    page = (ROOT / "README.md").read_text()
    shown = page.partition("what it prints:\n\n```\n")[2].partition("```")[0]
    assert "threshold" in shown
    decimals = re.compile(r"│ 0\.\d{3} for")
    assert decimals.sub("│ for", shown) in decimals.sub("│ for", told)


def test_people_read_what_is_unknown_what_is_assumed_and_what_is_masked(told: str) -> None:
    words = " ".join(told.split())
    for part in (
        "if that is wrong, say --shop-name NAME",
        "customers' messages 36 of 3 contacts",
        "2024-05-03 to 2024-05-28, 26 days",
        "2 turns, which go to a person; 3 more have both",
        "no student",
        "The precision is unknown",
        "assumed: gpt-4o-mini",
        "me llamas al [number] cuando venga?",
    ):
        assert part in words
    assert "5550199" not in words.replace(" ", "")


def test_labels_give_a_precision_and_its_bound(tmp_path: Path, base: Path) -> None:
    file = tmp_path / "shop.csv"
    file.write_text(LABELLED)
    page = printed("estimate", file, "--base", base, "--price", "2", "--target", "0.9")
    for part in ("100.0%", "for 90%", "At least: with 95 % certainty", "2.00 USD for 1,000 calls"):
        assert part in page
    assert "assumed" not in page
    found = figures("estimate", file, "--base", base)
    assert (found["labelled"], found["unknown"]) == (3, {})


def test_a_table_as_excel_saves_it_in_spanish_is_read_and_said(tmp_path: Path) -> None:
    file = tmp_path / "shop.csv"
    file.write_bytes(LABELLED.encode("cp1252"))
    intake: Intake = take_in(str(file), Hints())
    assert intake.messages[0].text == "¿cuánto cuesta?"
    assert "Windows-1252" in intake.remarks[0]
    assert "«Mensaje», their labels in «Intención»" in intake.remarks[1]


def test_dates_that_a_spreadsheet_saved_as_numbers_are_named(tmp_path: Path) -> None:
    """Which day a number is depends on the workbook, which a CSV does not tell."""
    file = tmp_path / "shop.csv"
    file.write_text("texto;fecha\nhola;\nadiós;46000,5\n")
    remarks = take_in(str(file), Hints()).remarks
    assert "No date in the column «fecha» can be read. " in remarks[1]
    file.write_text("texto;fecha\nhola;46000,5\nadiós;2026-03-05\n")
    remarks = take_in(str(file), Hints()).remarks
    assert "Only 1 of 2 rows have a date that can be read" in remarks[1]
    file.write_text("texto;fecha\n" + "hola;2026-03-05\n" * 9 + "adiós;\n")
    assert len(take_in(str(file), Hints()).remarks) == 1


def test_a_shops_name_beside_a_table_is_said_to_mean_nothing(tmp_path: Path) -> None:
    file = tmp_path / "shop.csv"
    file.write_text(LABELLED)
    remarks = take_in(str(file), Hints(("Luna",))).remarks
    assert any(each.startswith("--shop-name is for chats") for each in remarks)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_is_read_in_any_of_its_forms(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "shop.csv"
    file.write_bytes(LABELLED.encode(encoding))
    assert texts(file)[0] == "¿cuánto cuesta?"


def test_a_chat_is_a_chat_whatever_the_file_is_called(tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_bytes(ANA.read_bytes())
    assert texts(file) == texts(ANA)


def test_the_zip_that_the_phone_shares_is_read_and_not_twice(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "WhatsApp Chat - Ana Gómez.zip", "w") as archive:
        archive.writestr("nota de un cliente.txt", "hola")
        archive.write(ANA, "_chat.txt")
        archive.writestr("00000001-PHOTO.jpg", b"\xff\xd8")
    (tmp_path / ANA.name).write_bytes(ANA.read_bytes())
    (tmp_path / "notas.txt").write_text("comprar leche")
    intake = take_in(str(tmp_path), Hints())
    assert [each.text for each in intake.messages] == texts(ANA)
    assert "notas.txt was passed over: no WhatsApp chat export." in intake.remarks


@pytest.mark.parametrize("prefix", ["sqlite:///", "sqlite+aiosqlite:///"])
def test_a_first_versions_database_is_read_and_left_as_it_was(tmp_path: Path, prefix: str) -> None:
    file = tmp_path / "shop 1.db"
    with sqlite3.connect(file) as made:
        made.execute("CREATE TABLE training_samples (id INTEGER, texto TEXT, intencion TEXT)")
        made.execute("INSERT INTO training_samples VALUES (1, 'hola', 'saludo'), (2, 'eh', NULL)")
    made.close()
    before = file.read_bytes()
    intake = take_in(f"{prefix}{file}", Hints())
    assert [(each.text, each.label) for each in intake.messages] == [("hola", "saludo"), ("eh", "")]
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    done = aprendiz(f"sqlite:///{tmp_path}/none.db")
    assert done.returncode == 1
    assert "there is no such file" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_read_is_refused_with_cause_and_cure(tmp_path: Path) -> None:
    file = tmp_path / "file.txt"
    for content, complaint in (
        (b"", "the file is empty"),
        (b"hola", "Export chat"),
        (b"\x81hola", "Save it as UTF-8"),
        (b"\0\xff\xd8", "Save it as CSV"),
        (b"SQLite format 3\0\x10", "Name it as one: sqlite:///"),
        ("12/3/24, 10:15 - Los mensajes y las llamadas están cifrados".encode(), "no message that"),
    ):
        file.write_bytes(content)
        assert complaint in refusal(file)
    assert "nobody called sol" in refusal(ANA, shop_names=("Sol",))
    assert "can't be read" in refusal(tmp_path / "none.txt")
    assert "Load it into a database" in refusal(tmp_path / "dump.sql")


def test_a_zip_without_a_chat_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "book.zip"
    file.write_bytes(b"PK no zip")
    assert "can't be unpacked" in refusal(file)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    assert "saved as CSV" in refusal(file)
    (tmp_path / "empty").mkdir()
    assert "no chat export" in refusal(tmp_path / "empty")


def test_a_damaged_zip_is_refused_wherever_the_damage_is(tmp_path: Path) -> None:
    file = tmp_path / "WhatsApp Chat.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(ANA, "_chat.txt")
    whole = file.read_bytes()
    for place in range(39, 120):  # 39 is where the packed text begins
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        assert "can't be unpacked" in refusal(file)


def test_a_zip_with_a_password_or_an_odd_compression_says_so(tmp_path: Path) -> None:
    file = tmp_path / "WhatsApp Chat.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.write(ANA, "_chat.txt")
    whole = file.read_bytes()
    entry = whole.index(b"PK\x01\x02")  # of the directory: flags at 8, compression at 10
    file.write_bytes(whole[: entry + 8] + b"\x01" + whole[entry + 9 :])
    assert "wants a password" in refusal(file)
    file.write_bytes(whole[: entry + 10] + b"\x09" + whole[entry + 11 :])
    assert "can't be unpacked" in refusal(file)


def test_a_table_without_texts_ends_with_one_line_that_lists_its_columns(
    tmp_path: Path, base: Path
) -> None:
    file = tmp_path / "shop.csv"
    file.write_text("frase,clase\nhola,saludo\n")
    done = aprendiz(file)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{file}: no column of messages; columns found: frase, clase." in done.stderr
    assert "Traceback" not in done.stderr
    named = ("--column", "frase", "--label", "clase")
    assert figures("estimate", file, "--base", base, *named)["labelled"] == 1


def test_another_base_and_another_language_may_teach(tmp_path: Path) -> None:
    base = tmp_path / "base.jsonl"
    rows = [("hi", "hello"), ("hi there", "hello"), ("how much", "price"), ("price", "price")]
    base.write_text("".join(f'{{"text": "{text}", "intent": "{name}"}}\n' for text, name in rows))
    file = tmp_path / "shop.jsonl"
    file.write_text('{"text": "hi", "intent": "hello"}\n{"text": "what?", "intent": "saludo"}\n')
    found = figures("estimate", file, "--base", base, "--language", "en")
    assert (found["labelled"], found["unknown"]) == (2, {"saludo": 1})
    base.write_text('{"text": "hi", "intent": "hello"}\n')
    done = aprendiz(file, "--base", base)
    assert done.returncode == 1
    assert f"{base}: A student needs" in done.stderr


def test_labels_of_another_catalogue_are_named_and_not_used(tmp_path: Path, base: Path) -> None:
    file = tmp_path / "shop.csv"
    file.write_text("texto,intencion\nhola,greet\ncuanto cuesta,ask price\n")
    words = "No label is one of the catalogue's, so that none is used: greet (1), ask price (1)."
    assert words in printed("estimate", file, "--base", base)


def test_a_price_that_is_no_price_is_wrong_usage() -> None:
    """JSON has no word for an endless cost."""
    done = aprendiz(ANA, "--price", "inf", "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--price" in done.stderr


def test_an_unknown_language_is_wrong_usage() -> None:
    done = aprendiz(ANA, "--language", "fr")
    assert done.returncode == 2
    assert "there are en, es" in done.stderr


def test_texts_are_read_in_the_language_that_is_named(
    tmp_path: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def watched(*given: Any, language: str, **rest: Any) -> Estimate:
        asked.append(language)
        return estimate(*given, language=language, **rest)

    monkeypatch.setattr("services.learning.estimation.estimate.estimate", watched)
    table = tmp_path / "asked.csv"
    table.write_text("message\nhow much is it?\n")
    for options in ((), ("--language", "en")):
        printed("estimate", table, "--base", base, *options)
    assert asked == ["es", "en"]
