"""Tables as spreadsheets, programs and databases leave them become messages."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.learning.estimation.messages import UnusableMessages
from services.learning.estimation.tabular import Table, messages_in, read_table


def table(text: str, column: str | None = None, label: str | None = None) -> Table:
    return messages_in(read_table(text), column, label)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_any_delimiter_and_any_spelling_of_the_names_will_do(delimiter: str) -> None:
    rows = [["ID", " Mensaje ", "Intención"], ["1", '"hola, ¿qué; tal?"', "saludo"]]
    found = table("\n".join(delimiter.join(row) for row in rows))
    [message] = found.messages
    assert (message.text, message.label) == ("hola, ¿qué; tal?", "saludo")
    assert (found.text, found.label) == (" Mensaje ", "Intención")


@pytest.mark.parametrize("head", ["\n\n", "sep=;\r\n", "SEP=;\n\n"])
def test_what_stands_above_the_names_is_passed_over(head: str) -> None:
    found = table(f"{head}texto;intencion\nhola, buenas;saludo")
    assert [(each.text, each.label) for each in found.messages] == [("hola, buenas", "saludo")]


def test_a_first_column_without_a_name_keeps_its_place() -> None:
    found = table("\ttexto\tintencion\n0\thola buenas\tsaludo")
    assert [(each.text, each.label) for each in found.messages] == [("hola buenas", "saludo")]


def test_half_an_emoji_does_not_stop_the_others() -> None:
    found = table('{"text": "hola \\ud83d"}')
    assert [each.text for each in found.messages] == ["hola ?"]


def test_a_lone_column_may_hold_commas_and_lines() -> None:
    found = table('texto\nhola, buenas\n"dos\nlíneas"\n')
    assert [message.text for message in found.messages] == ["hola, buenas", "dos\nlíneas"]


@pytest.mark.parametrize("wrap", [lambda row: f"{row}\n\n{row}", lambda row: f"[{row}, {row}]"])
def test_json_lines_and_a_json_list_are_tables_too(wrap) -> None:  # type: ignore[no-untyped-def]
    found = table(wrap(json.dumps({"text": "hola", "intent": "saludo"})))
    assert [message.label for message in found.messages] == ["saludo", "saludo"]


def test_columns_can_be_named() -> None:
    found = table("frase,clase\nhola,saludo", "FRASE", "clase")
    assert [(message.text, message.label) for message in found.messages] == [("hola", "saludo")]


def test_of_two_columns_with_one_name_the_first_is_read_and_the_other_can_be_named() -> None:
    text = "texto,texto,intent\nhola,cuanto cuesta,saludo"
    assert [message.text for message in table(text).messages] == ["hola"]
    assert [message.text for message in table(text, "texto (2)").messages] == ["cuanto cuesta"]


def test_a_table_without_texts_lists_its_columns() -> None:
    with pytest.raises(UnusableMessages, match=r"columns found: frase, clase.*--column"):
        table("frase,clase\nhola,saludo")
    with pytest.raises(UnusableMessages, match=r"no column 'x' \(--label\)"):
        table("texto,clase\nhola,saludo", None, "x")


def test_a_table_without_names_shows_no_phone_for_one() -> None:
    with pytest.raises(UnusableMessages, match=r"found: \[number\], soy \[e-mail\]\."):
        table("3005550142,soy ana@x.co\n3005550143,hola")


@pytest.mark.parametrize(
    "text", ["", "texto,intent\n", "{", '{"text": "a"}\n3', "[1]", "[", "\0,\n"]
)
def test_what_is_no_table_is_refused(text: str) -> None:
    with pytest.raises(UnusableMessages):
        table(text)


@pytest.mark.parametrize("text", ['"hola, tienes?,saludo', '"hola" amigo,saludo'])
def test_a_quotation_mark_that_ends_nowhere_swallows_no_rows(text: str) -> None:
    rows = ["cuanto vale?,precio"] * 3
    with pytest.raises(UnusableMessages, match=r"begins in line 3 .* quotation mark"):
        table("\n".join(["texto,clase", rows[0], text, *rows]))


def test_a_wrong_row_is_counted_from_the_top_of_the_file() -> None:
    with pytest.raises(UnusableMessages, match="begins in line 5 "):
        table('sep=;\n\n\ntexto;clase\n"hola;saludo\nadios;x\n')


def test_lines_may_end_as_on_an_old_mac() -> None:
    found = table("texto,clase\rhola,saludo\radios,despedida")
    assert [each.text for each in found.messages] == ["hola", "adios"]


def test_contacts_and_dates_are_read_where_there_are_some() -> None:
    text = "texto,telefono,fecha\nhola,57300,{}\n"
    for date in (
        "2024-03-12 10:15:00",
        "2024-03-12T10:15:00+00:00",
        "12/03/2024 10:15",
        "1710238500",
        "1710238500000",
    ):
        [message] = table(text.format(date)).messages
        assert (message.contact, message.at) == ("57300", datetime(2024, 3, 12, 10, 15, tzinfo=UTC))
    assert table(text.format("ayer")).messages[0].at is None


def test_the_clock_on_the_wall_is_kept_and_dates_that_none_can_read_are_named() -> None:
    text = "texto,fecha\nhola,{}\n"
    [message] = table(text.format("2024-03-12T22:15:00-05:00")).messages
    assert message.at == datetime(2024, 3, 12, 22, 15, tzinfo=UTC)
    assert table(text.format("ayer")).undated == "fecha"
    assert table(text.format("2024-03-12")).undated is None
    assert table(text.format("")).undated is None


def test_of_columns_with_several_known_names_the_likelier_one_is_read() -> None:
    for text in ("pregunta,texto\n¿?,hola\n", "texto,pregunta\nhola,¿?\n"):
        found = table(text)
        assert ([each.text for each in found.messages], found.text) == (["hola"], "texto")


def test_a_date_that_is_none_takes_the_other_dates_with_it_no_more_than_a_word() -> None:
    rows = ["2024-03-12 10:15:00", "0000-00-00 00:00:00", "2024-03-13", "ayer", "14/03/2024"]
    found = table("\n".join(["texto,fecha", *(f"hola,{date}" for date in rows)]))
    days = [message.at.day if message.at else None for message in found.messages]
    assert days == [12, None, 13, None, 14]


def test_an_empty_label_says_that_nothing_fits_unless_nobody_labelled_the_row() -> None:
    rows = "texto,intencion{}\nhola,saludo{}\nuno,{}\n"
    assert [each.label for each in table(rows.format("", "", "")).messages] == ["saludo", ""]
    labelled = table(rows.format(",etiquetado_por", ",gpt", ","))
    assert [each.label for each in labelled.messages] == ["saludo", None]
    assert [each.label for each in table("texto,intencion\nhola,\n").messages] == [None]


def test_the_catalogues_own_rows_are_no_customers() -> None:
    found = table("texto,origen\nhola,base\nbuenas,teacher\n")
    assert [message.text for message in found.messages] == ["buenas"]
    assert found.from_catalogue == 1


@given(st.text())
def test_no_text_does_more_harm_than_the_named_error(text: str) -> None:
    try:
        rows = read_table(text)
        messages_in(rows, next(iter(rows[0]), None) if rows else None)
    except UnusableMessages:
        pass
