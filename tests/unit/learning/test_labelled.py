"""Files of labelled messages: what is read from them, and what is said about bad ones."""

from pathlib import Path

import pytest

from services.learning.judging.labelled import (
    LabelledFileError,
    LabelledMessage,
    read_labelled,
    read_messages,
)
from services.learning.student import Example

GOOD = (
    '{"text": "hola", "intent": "saludo", "split": "train"}\n'
    "\n"
    '{"text": "¿precio?", "intent": " precio ", "split": "test"}\n'
    '{"text": "", "intent": "__oos__", "split": "test", "teacher": "precio"}\n'
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "rows.jsonl"


def test_rows_are_read_in_order_and_blank_lines_passed_over(file: Path) -> None:
    file.write_text(GOOD, encoding="utf-8-sig")  # as some editors on Windows save it
    assert read_labelled(file) == [
        Example("hola", "saludo"), Example("¿precio?", "precio"), Example("", "__oos__"),
    ]  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_are_read_as_notepad_saves_unicode(file: Path, encoding: str, end: str) -> None:
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    file.write_bytes((mark + GOOD).replace("\n", end).encode(encoding))
    assert read_labelled(file)[1] == Example("¿precio?", "precio")


def test_a_split_takes_its_rows_alone(file: Path) -> None:
    file.write_text(GOOD)
    assert read_labelled(file, ["train"]) == [Example("hola", "saludo")]
    assert len(read_labelled(file, ["train", "test"])) == 3


def test_a_row_whose_teacher_is_null_has_none(file: Path) -> None:
    file.write_text('{"text": "hola", "intent": "saludo", "teacher": null}\n')
    assert read_messages(file) == [LabelledMessage("hola", "saludo", "saludo")]


def test_messages_are_those_of_their_split_with_the_teachers_word(file: Path) -> None:
    file.write_text(GOOD)
    assert read_messages(file, ["train"]) == [LabelledMessage("hola", "saludo", "saludo")]
    assert read_messages(file, ["test"])[1] == LabelledMessage("", "__oos__", "precio")


def test_a_text_with_an_odd_line_separator_is_one_row(file: Path) -> None:
    file.write_text('{"text": "uno\u2028dos", "intent": "a"}')
    assert read_labelled(file) == [Example("uno\u2028dos", "a")]


def test_a_catalogue_gives_its_examples(catalogue_rows: list[Example]) -> None:
    path = Path(__file__).parents[3] / "training_data/base_intents.json"
    assert read_labelled(path) == catalogue_rows


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('{"text": "hola", "intent": "a"}\nhola', "line 2: no JSON"),
        ('["hola", "a"]', "line 1: no object"),
        ('{"text": "hola"}', 'line 1: "intent" is missing'),
        ('{"text": "hola", "intent": " "}', 'line 1: "intent" is empty; out of scope is "__oos__"'),
        ('{"text": 5, "intent": "a"}', 'line 1: "text" is 5; it must be a string'),
        ('{"text": "hola", "intent": null}', 'line 1: "intent" is null'),
        ('{"text": "hola \\ud83d", "intent": "a"}', 'line 1: "text" holds half of an emoji'),
        ('{"text": "hola", "intent": "\\udc00"}', 'line 1: "intent" holds half of an emoji'),
        ("[" * 100_000, "line 1: no JSON"),
        (
            '{"text": "hola", "intent": "a\\u001b[2J"}',
            '"intent" holds a control character: \'a\\x1b',
        ),
        ('{"text": "hola", "intent": "a"},\n', "Leave out the comma at the line's end"),
        ("texto,intencion\nhola,saludo", "such as CSV is read by `aprendiz estimate` alone"),
        ("", "no rows"),
        ('{"intents": [], "language": "es"}', "The intent catalogue can't be read: intents"),
    ],
)
def test_a_bad_file_is_refused_with_its_place(file: Path, content: str, complaint: str) -> None:
    file.write_text(content)
    with pytest.raises(LabelledFileError) as refused:
        read_labelled(file)
    assert str(refused.value).startswith(str(file))
    assert complaint in str(refused.value)


def test_a_row_may_have_a_field_that_is_called_as_a_catalogues(file: Path) -> None:
    file.write_text('{"text": "hola", "intent": "a", "intents": 2, "split": " train "}')
    assert read_labelled(file, ["train"]) == [Example("hola", "a")]


def test_a_missing_file_and_bytes_that_are_no_text_are_refused(file: Path) -> None:
    with pytest.raises(LabelledFileError, match="No such file"):
        read_labelled(file)
    file.write_bytes(b"caf\xe9")
    with pytest.raises(LabelledFileError, match="byte 3 is not UTF-8"):
        read_labelled(file)
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(LabelledFileError, match="byte 2 is not UTF-16"):
        read_labelled(file)


def test_a_split_that_is_not_there_is_named_with_those_that_are(file: Path) -> None:
    file.write_text(GOOD)
    with pytest.raises(LabelledFileError, match="no row of split val; there are: test, train"):
        read_labelled(file, ["train", "val"])


def test_a_catalogue_has_no_splits() -> None:
    catalogue = Path(__file__).parents[3] / "training_data/base_intents.json"
    with pytest.raises(LabelledFileError, match="a catalogue has no splits"):
        read_labelled(catalogue, ["train"])
