"""Exports of every phone and locale become the same messages, without the phone's own words."""

from datetime import UTC, datetime
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.learning.estimation.chats import ChatMessage, is_chat, read_chat
from services.learning.estimation.messages import Content, UnusableMessages
from services.learning.estimation.sides import Chat, messages_of, take_sides

AT = datetime(2024, 3, 12, 10, 15, tzinfo=UTC)


def chat(text: str, name: str = "chat") -> Chat:
    return Chat(name, tuple(read_chat(text)))


@pytest.mark.parametrize(
    "head",
    [
        "12/3/24, 10:15 - ",
        "12/03/2024 10:15 - ",
        "12/3/24, 10:15 a. m. - ",
        "12/3/24, 10:15 a.\u00a0m. - ",
        "12/3/24, 10:15\u202fa.\u202fm. - ",
        "12/3/24 10:15 AM - ",
        "12-03-24, 10:15 – ",
        "12.03.24, 10:15 - ",
        "2024-03-12, 10:15 a.m. - ",
        "2024/03/12, 10:15 - ",
        "[12/03/24 10:15:00] ",
        "[12/03/24, 10:15:00] ",
        "[12/3/2024, 10:15:00\u202fa. m.] ",
        "\u200e[12.03.24, 10:15:00] ",
        "\ufeff[2024-03-12, 10:15:00 AM] ",
    ],
)
def test_every_way_to_write_the_date_is_read(head: str) -> None:
    assert read_chat(f"{head}Ana: hola") == [ChatMessage("Ana", "hola", AT)]


@pytest.mark.parametrize(
    ("time", "hour"),
    [("12:00 a. m.", 0), ("12:00 p. m.", 12), ("1:00 p.m.", 13), ("11:00 PM", 23), ("23:00", 23)],
)
def test_hours_are_those_of_a_clock_of_24(time: str, hour: int) -> None:
    [line] = read_chat(f"12/3/24, {time} - Ana: hola")
    assert line.at.hour == hour


@pytest.mark.parametrize(
    ("dates", "months"),
    [
        (["3/4/24", "25/4/24"], [4, 4]),  # there is no month 25
        (["3/4/24", "4/25/24"], [3, 4]),
        (["9/1/24", "2/2/24", "3/2/24"], [1, 2, 2]),  # the other way round time would run back
        (["5/1/24", "6/1/24", "1/6/24"], [1, 1, 6]),  # the other way round is closer, but falls
        (["1/2/24", "1/3/24", "1/4/24"], [1, 1, 1]),  # days in a row are likelier than months
        (["5/4/24"], [4]),  # nothing decides: as most of the world writes
    ],
)
def test_the_whole_file_decides_whether_the_day_or_the_month_stands_first(
    dates: list[str], months: list[int]
) -> None:
    lines = read_chat("\n".join(f"{date}, 10:15 - Ana: hola" for date in dates))
    assert [line.at.month for line in lines] == months


def test_a_line_that_somebody_pasted_does_not_turn_the_dates_of_the_others() -> None:
    lines = read_chat(
        "2024-03-12, 10:15 - Ana: mira\n1/3/24, 9:00 - Luis: hola\n2024-03-13, 10:15 - Ana: ok"
    )
    assert [(line.at.month, line.at.day) for line in lines] == [(3, 12), (3, 1), (3, 13)]


def test_lines_may_end_as_on_an_old_mac() -> None:
    text = "12/3/24, 10:15 - Ana: hola\rbuenas\r12/3/24, 10:15 - Luis: sí\r"
    assert [(line.author, line.text) for line in read_chat(text)] == [
        ("Ana", "hola\nbuenas"),
        ("Luis", "sí"),
    ]


def test_a_message_goes_on_until_the_next_one_begins() -> None:
    text = "12/3/24, 10:15 - Ana: uno\r\n\r\n  dos: tres\r\n12/3/24, 10:15 - Luis: sí"
    assert [line.text for line in read_chat(text)] == ["uno\n\ndos: tres", "sí"]


def test_what_only_looks_like_a_date_goes_on_with_the_message() -> None:
    assert len(read_chat("12/3/24, 10:15 - Ana: uno\n45/45/24, 10:15 - Ana: dos")) == 1


@pytest.mark.parametrize(
    "words",
    [
        "Los mensajes y las llamadas están cifrados de extremo a extremo. Nadie fuera: nadie.",
        "Messages and calls are end-to-end encrypted. No one outside of this chat can read them.",
        'Ana cambió el asunto de "Pedidos" a "Pedidos: mayo"',
        "Ana changed the subject to “Orders: May”",
        "Ana creó el grupo «Ventas: sur»",
        "Llamada de voz perdida",
        "Llamada perdida a las 10:15",
        "Missed voice call",
        "Ana: \u200eLlamada perdida",
        "Ana: \u200eLos mensajes y las llamadas están cifrados de extremo a extremo.",
        "Ana: Se eliminó este mensaje",
        "Ana: Eliminaste este mensaje.",
        "Ana: This message was deleted",
        "Ana: \u200eVideollamada, 12 min",
        "Clientes: \u200eLuna añadió a Beto",
        "Clientes: \u200eLuna te añadió.",
        "Beto: \u200eBeto salió",
        "Luna: \u200eActivaste los mensajes temporales: durarán 24 horas.",
        "Ana: \u200eEste chat es con la cuenta de empresa de Luna.",
    ],
)
def test_what_the_phone_wrote_is_no_message(words: str) -> None:
    assert read_chat(f"12/3/24, 10:15 - {words}\n12/3/24, 10:15 - Ana: sigo aquí") == [
        ChatMessage("Ana", "sigo aquí", AT)
    ]


@pytest.mark.parametrize(
    ("words", "content"),
    [
        ("<Multimedia omitido>", Content.MEDIA),
        ("<Media omitted>", Content.MEDIA),
        ("\u200eimagen omitida", Content.MEDIA),
        ("audio omitido", Content.MEDIA),
        ("\u200evideo omitted", Content.MEDIA),
        ("nota de video omitida", Content.MEDIA),
        ("Catálogo.pdf • \u200e3 páginas \u200edocumento omitido", Content.MEDIA),
        ("\u200e<adjunto: 00000012-PHOTO-2024-03-12.jpg>", Content.MEDIA),
        ("\u200e12-lista.pdf • \u200e3 páginas \u200e<adjunto: 12-lista.pdf>", Content.MEDIA),
        ("\u200eMensaje de vídeo omitido", Content.MEDIA),
        ("\u200evideomensaje omitido", Content.MEDIA),
        ("IMG-20240312-WA0001.jpg (archivo adjunto)", Content.MEDIA),
        ("ubicación: https://maps.google.com/?q=4.6,-74.1", Content.MEDIA),
        ("null", Content.MEDIA),
        ("", Content.MEDIA),
        ("\u200e", Content.MEDIA),
        ("\u200eUbicación: Tienda Luna (https://maps.google.com/?q=4.6,-74.1)", Content.MEDIA),
        ("\u200eIMG-20240312-WA0001.jpg (archivo adjunto)", Content.MEDIA),
        ("sticker omitido", Content.STICKER),
        ("STK-1.webp (file attached)\nsticker omitted", Content.MEDIA),
    ],
)
def test_media_have_no_words(words: str, content: Content) -> None:
    assert read_chat(f"12/3/24, 10:15 - Ana: {words}") == [ChatMessage("Ana", "", AT, content)]


@pytest.mark.parametrize(
    "words",
    [
        "IMG-1.jpg (archivo adjunto)\n¿tienen este?",
        "¿tienen este? \u200e<adjunto: 1.jpg>",
        "<Multimedia omitido>\n¿tienen este?",
        "¿tienen este? <Se editó este mensaje.>",
        "¿tienen este? \u200e<This message was edited>",
        "\u200eimagen omitida\n¿tienen este?",
    ],
)
def test_a_caption_is_a_message_and_an_edited_one_is_as_it_was_left(words: str) -> None:
    assert read_chat(f"12/3/24, 10:15 - Ana: {words}") == [ChatMessage("Ana", "¿tienen este?", AT)]


@pytest.mark.parametrize(
    ("who", "author"),
    [
        ("+57 300 555 0142", "+57 300 555 0142"),
        ("~\u202fAna", "Ana"),
        ("Ana María 🌷", "Ana María 🌷"),
    ],
)
def test_authors_are_called_as_in_the_export(who: str, author: str) -> None:
    [line] = read_chat(f"12/3/24, 10:15 - {who}: a las 10:30: sí")
    assert (line.author, line.text) == (author, "a las 10:30: sí")


def test_a_name_may_have_a_colon_when_all_its_messages_do() -> None:
    said = ["Tienda: Luna: hola", "Ana: precio: ¿cuánto?", "Tienda: Luna: 5", "Tienda: Luna: sí",
            "Ana: ok", "Ana: talla: 38"]  # fmt: skip
    lines = read_chat("\n".join(f"12/3/24, 10:15 - {each}" for each in said))
    assert {line.author for line in lines} == {"Tienda: Luna", "Ana"}
    assert lines[1].text == "precio: ¿cuánto?"


def test_two_messages_with_a_colon_or_two_kinds_of_them_make_no_name() -> None:
    said = ["Ana: precio: ¿cuánto?", "Ana: precio: ya", "Luis: uno: 1", "Luis: dos: 2",
            "Luis: tres: 3"]  # fmt: skip
    lines = read_chat("\n".join(f"12/3/24, 10:15 - {each}" for each in said))
    assert {line.author for line in lines} == {"Ana", "Luis"}


def test_a_file_that_is_no_export_is_refused_with_the_cure() -> None:
    with pytest.raises(UnusableMessages, match="Export chat"):
        read_chat("texto;intencion\nhola;saludo\n")
    assert not is_chat("hola\n12/3/24 fue el día")


HEADS = st.sampled_from(
    ["12/3/24, 10:15 - Ana: ", "[1/13/24 1:15:00 PM] B: C: ", "99/99/99, 1:1 - "]
)


@given(st.lists(st.one_of(HEADS, st.text(max_size=40), st.just("\n"))).map("".join))
def test_no_text_does_more_harm_than_the_named_error(text: str) -> None:
    try:
        lines = read_chat(text)
    except UnusableMessages:
        assert not is_chat(text) or "/9" in text or "/1" in text
    else:
        assert all(line.author for line in lines)


TWO = "12/3/24, 10:15 - Luna: hola\n12/3/24, 10:16 - Ana: ¿abren?\n12/3/24, 10:17 - Luna: sí"


def test_the_shop_is_whom_the_file_is_not_named_after() -> None:
    sides = take_sides([chat(TWO, "Chat de WhatsApp con Luna")])
    assert sides.shop == {"Ana"}
    assert "guessed" in sides.why


def test_a_file_is_named_after_whole_names() -> None:
    """`Mariana` ends like `Ana`, who is the shop."""
    text = TWO.replace("Luna", "Mariana")
    assert take_sides([chat(text, "Chat de WhatsApp con Mariana")]).shop == {"Ana"}


def test_an_accent_that_is_a_letter_of_its_own_makes_no_other_name() -> None:
    """As macOS and iOS name files."""
    text = TWO.replace("Luna", "Ana Gómez")
    for form in ("NFC", "NFD"):
        name = normalize(form, "Chat de WhatsApp con Ana Gómez")
        assert take_sides([chat(text, name)]).shop == {"Ana"}
        named = take_sides([chat(text, "x")], [normalize(form, "ana gómez")])
        assert named.shop == {"Ana Gómez"}


def test_two_who_ask_and_begin_alike_are_not_told_apart() -> None:
    with pytest.raises(UnusableMessages, match="--shop-name"):
        take_sides([chat(TWO)])


def test_the_shop_is_who_asks_and_begins_less() -> None:
    assert take_sides([chat(TWO.replace("Luna: hola", "Ana: hola"))]).shop == {"Luna"}


def test_after_a_long_silence_whoever_writes_begins_anew() -> None:
    day = "12/3/24, 10:15 - Luna: hola\n12/3/24, 10:16 - Ana: hola\n12/3/24, 20:00 - Ana: ya\n"
    assert take_sides([chat(day + "13/3/24, 9:00 - Ana: gracias")]).shop == {"Luna"}


def test_the_shop_is_who_writes_in_most_chats() -> None:
    other = TWO.replace("Ana", "Luis")
    assert take_sides([chat(TWO), chat(other)]).shop == {"Luna"}


def test_a_name_that_is_given_goes_before_every_guess() -> None:
    messages = messages_of([chat(TWO)], take_sides([chat(TWO)], ["ana"]))
    assert [message.from_shop for message in messages] == [False, True, False]


def test_who_writes_alone_is_the_customer() -> None:
    assert take_sides([chat("12/3/24, 10:15 - Ana: hola")]).shop == frozenset()


def test_a_group_needs_the_shops_name_and_lists_who_writes() -> None:
    group = chat(TWO + "\n12/3/24, 10:18 - Luis: yo también")
    with pytest.raises(UnusableMessages, match=r"«Ana».*--shop-name"):
        take_sides([group])
    with pytest.raises(UnusableMessages, match=r"nobody called sol .*«Luna»"):
        take_sides([group], ["Sol"])
    assert take_sides([group], ["Luna", "Luis"]).shop == {"Luna", "Luis"}
