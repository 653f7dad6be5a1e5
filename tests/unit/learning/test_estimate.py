"""What an estimate counts, judges, masks and promises."""

import re
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.catalogue import OUT_OF_SCOPE
from services.learning.estimation.estimate import (
    SHADOW_SHARE,
    USD_PER_THOUSAND_CALLS,
    Estimate,
    estimate,
)
from services.learning.estimation.held_out import guess_held_out
from services.learning.estimation.labels import match
from services.learning.estimation.masking import masked
from services.learning.estimation.messages import Content, Message, UnusableMessages, gather
from services.learning.recipe.training import train
from services.learning.student import Example

BEGIN = datetime(2024, 5, 1, 9, 0, tzinfo=UTC)


def message(text: str, seconds: float = 0, contact: str = "Ana", **more: object) -> Message:
    return Message(text, contact, BEGIN + timedelta(seconds=seconds), **more)  # type: ignore[arg-type]


def test_a_burst_is_one_turn_until_a_minute_passes_or_the_shop_answers() -> None:
    turns = gather(
        [
            message("hola"), message("precio?", 60), message("y envío?", 121),
            message("ya", 130, from_shop=True), message("gracias", 140),
            message("hey", 150, "Luis"), message("adiós", 160),
        ]
    )  # fmt: skip
    assert [turn.text for turn in turns] == ["hola\nprecio?", "y envío?", "gracias\nadiós", "hey"]
    assert [turn.messages for turn in turns] == [2, 1, 2, 1]


def test_labelled_and_undated_messages_are_turns_by_themselves() -> None:
    assert len(gather([message("a", label="precio"), message("b", 1, label="precio")])) == 2
    assert len(gather([Message("a"), Message("b")])) == 2


def test_messages_of_nobody_known_are_turns_by_themselves() -> None:
    assert len(gather([message("a", contact=""), message("b", 1, contact="")])) == 2


def test_a_voice_note_beside_words_is_unread_and_a_sticker_asks_nothing() -> None:
    voice = gather([message("hola"), message("", 5, content=Content.MEDIA)])
    assert (voice[0].unread, voice[0].has_words) == (True, True)
    assert gather([message("", content=Content.MEDIA), message("hola", 5)])[0].unread
    sticker = gather([message("hola"), message("", 5, content=Content.STICKER)])
    assert not sticker[0].unread
    assert not gather([message("", content=Content.STICKER)])[0].has_words


NAMES = ["estado_pedido", "precio"]


@pytest.mark.parametrize(
    ("label", "intent"),
    [
        ("precio", "precio"), ("Précio", "precio"), ("Estado Pedido", "estado_pedido"),
        ("ESTADO-PEDIDO ", "estado_pedido"), ("", OUT_OF_SCOPE), ("None", OUT_OF_SCOPE),
        ("__oos__", OUT_OF_SCOPE), ("N/A", OUT_OF_SCOPE), (None, None),
    ],
)  # fmt: skip
def test_labels_are_matched_with_the_catalogues_names(
    label: str | None, intent: str | None
) -> None:
    assert match(["precio", label], NAMES) == (["precio", intent], {})


def test_labels_that_the_catalogue_lacks_are_out_of_scope_and_named() -> None:
    assert match(["precio", "garantía", "garantía"], NAMES) == (
        ["precio", OUT_OF_SCOPE, OUT_OF_SCOPE], {"garantía": 2},
    )  # fmt: skip


def test_a_catalogues_own_name_goes_before_what_says_that_nothing_fits() -> None:
    assert match(["Otro", "otros"], ["otro", "precio"]) == (["otro", OUT_OF_SCOPE], {})


def test_labels_that_all_say_that_nothing_fits_are_labels() -> None:
    assert match(["", "none", None], NAMES) == ([OUT_OF_SCOPE, OUT_OF_SCOPE, None], {})


def test_labels_of_another_vocabulary_judge_nothing() -> None:
    assert match(["price", "order", ""], NAMES) == ([None, None, None], {"price": 1, "order": 1})


def test_a_turn_is_judged_by_a_student_that_did_not_learn_from_it(few_rows: list[Example]) -> None:
    """A label that only this text has cannot be known, however often the text is repeated."""
    texts = ["zzkrt blorp", "zzkrt  BLORP", "cuánto cuesta la camisa", "ffgh qwpo", "zzkrt?", "."]
    intents = ["horario", "horario", "precio", None, OUT_OF_SCOPE, "precio"]
    held_out = guess_held_out(texts, intents, few_rows, language="es")
    rows = [
        Example(text, intent) for text, intent in zip(texts[:3], intents[:3], strict=True) if intent
    ]
    trained = train([*few_rows, *rows])  # a lone text out of scope can't be learned
    learned = [held_out.guesses.intents.index(name) for name in trained.student.intents]
    np.testing.assert_allclose(
        held_out.guesses.probabilities[:3, learned], trained.out_of_fold[-3:]
    )
    assert held_out.guesses.right.tolist()[:3] == [False, False, True]
    assert held_out.folds[0] == held_out.folds[1] >= 0
    assert held_out.folds[3] == held_out.folds[4] == held_out.folds[5] == -1
    assert trained.student.predict(texts[:1])[0].intent == "horario"  # whoever learned it knows it


def test_the_threshold_of_a_turn_is_chosen_without_its_own_fold(few_rows: list[Example]) -> None:
    rows = few_rows[::4]
    held_out = guess_held_out(
        [row.text for row in rows], [row.intent for row in rows], few_rows, language="es"
    )
    threshold = held_out.threshold(0.95)
    assert threshold is not None
    together, apart = held_out.accepted(threshold), held_out.accepted_for(0.95)
    assert held_out.guesses.right[together].mean() >= 0.95
    assert 0 < (together != apart).mean() < 0.2
    [_, reached] = estimate(
        [Message(row.text, label=row.intent) for row in rows], few_rows
    ).outcomes
    assert reached.alone == apart.sum() != together.sum()


@pytest.mark.parametrize("intent", ["horario", "envio"])
def test_one_label_says_nothing_of_a_threshold(few_rows: list[Example], intent: str) -> None:
    """Right or wrong, it must not choose for all other turns."""
    texts = ["a qué hora abren hoy?", "cuanto cuesta la camisa?"]
    none = guess_held_out(texts, [None, None], few_rows, language="es")
    one = guess_held_out(texts, [intent, None], few_rows, language="es")
    assert one.threshold(0.95) == pytest.approx(none.threshold(0.95), abs=0.1)
    assert one.accepted_for(0.95).tolist() == one.accepted(one.threshold(0.95)).tolist()


@pytest.fixture(scope="module")
def golden(few_rows: list[Example]) -> Estimate:
    """Ten days, three turns with words of which one is unsure, one voice note."""
    day = 86_400
    messages = [
        message("hola"), message("a qué hora abren?", 30), message("de 9 a 7", 90, from_shop=True),
        message("gracias", 9 * day), message("", 9 * day + 600, content=Content.MEDIA),
        message("el cuero 3005550142 destiñe en luna llena ana@correo.example", 5 * day, "Luis"),
    ]  # fmt: skip
    return estimate(messages, few_rows)


def test_the_figures_of_a_small_shop(golden: Estimate) -> None:
    volume = golden.volume
    assert (volume.messages, volume.turns, volume.media_turns, volume.contacts) == (5, 3, 1, 2)
    assert (volume.first, volume.last, volume.days) == (date(2024, 5, 1), date(2024, 5, 10), 10)
    assert (volume.messages_a_month, volume.turns_a_month) == (15, 9)
    fixed = golden.outcomes[0]
    assert (fixed.threshold, fixed.alone, fixed.judged, fixed.precision) == (0.8, 2, 0, None)
    assert golden.usd_before == pytest.approx(9 * USD_PER_THOUSAND_CALLS / 1000)
    assert fixed.calls == pytest.approx(9 * (1 / 3 + SHADOW_SHARE * 2 / 3))
    assert fixed.usd == pytest.approx(fixed.calls * 0.24 / 1000)


def test_the_least_known_question_is_shown_without_phone_and_e_mail(golden: Estimate) -> None:
    assert golden.least_known[0].text == "el cuero [number] destiñe en luna llena [e-mail]"
    assert golden.figures()["volume"]["first"] == "2024-05-01"  # type: ignore[index]


def test_with_labels_the_precision_has_an_exact_lower_bound(few_rows: list[Example]) -> None:
    said = ["cuánto cuesta la camisa azul", "qué precio tiene ese vestido", "a qué hora abren hoy?"]
    labelled = [Message(text, label="precio") for text in said]
    found = estimate(labelled, few_rows).outcomes[0]
    assert (found.judged, found.right) == (3, 2)
    # The share p for which two or three of three are right with a probability of 5 %.
    bound = found.precision_bound
    assert bound is not None
    assert 3 * bound**2 * (1 - bound) + bound**3 == pytest.approx(0.05)


def test_a_turn_with_a_voice_note_is_never_answered_alone(few_rows: list[Example]) -> None:
    found = estimate([message("gracias"), message("", 5, content=Content.MEDIA)], few_rows)
    assert (found.outcomes[0].alone, found.volume.unread) == (0, 1)


def test_without_dates_the_costs_are_for_a_thousand_turns(few_rows: list[Example]) -> None:
    found = estimate([Message("gracias")], few_rows, usd_per_thousand_calls=2)
    assert (found.volume.turns_a_month, found.calls_before, found.usd_before) == (None, 1000, 2)


def test_where_few_messages_have_a_date_nobody_knows_a_month(few_rows: list[Example]) -> None:
    """Three hundred undated rows beside three of one week would be thousands a month."""
    undated = [Message("precio", "Ana")] * 9
    nearly_all = [message("gracias", day * 86_400) for day in range(81)]
    volume = estimate([*nearly_all, *undated], few_rows).volume
    assert volume.days == 81
    assert volume.messages_a_month == pytest.approx(90 / 81 * 30)
    volume = estimate([*nearly_all[:80], *undated], few_rows).volume
    assert (volume.first, volume.days, volume.messages_a_month) == (date(2024, 5, 1), None, None)


def test_nothing_to_read_is_refused(few_rows: list[Example]) -> None:
    for messages in ([], [message("", content=Content.MEDIA)], [message("hola", from_shop=True)]):
        with pytest.raises(UnusableMessages, match="--shop-name"):
            estimate(messages, few_rows)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("llámame al +57 (300) 555-01.42", "llámame al [number]"),
        ("pedido 12345 o 1234", "pedido [number] o 1234"),
        ("ana.p+x@correo.co.example, gracias", "[e-mail] gracias"),
        ("3\u200b0\u200b0\u200b5\u200b5", "[number]"),
        ("hola\x1b[31m\nmundo 👩‍👧", "hola [31m mundo 👩‍👧"),
        ("talla 38", "talla 38"),
        ("300·555·0142, 300:555:0142 o 300 … 555 … 0142", "[number] o [number]"),
        ("³⁰⁰⁵⁵⁵⁰¹ y ana＠correo.example", "[number] y [e-mail]"),
    ],
)
def test_words_are_masked(text: str, shown: str) -> None:
    assert masked(text) == shown


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("0123456789 .-+()@·:|=…"))))
def test_no_long_number_no_e_mail_and_no_control_character_is_ever_shown(text: str) -> None:
    shown = masked(text)
    assert not re.search(r"\d(?:[\W_]*\d){4}", shown)
    assert not re.search(r"\w@\w", shown)
    assert all(letter.isprintable() or letter in " \u200d" for letter in shown)


def test_the_twenty_least_known_are_listed_the_least_sure_first(few_rows: list[Example]) -> None:
    odd = ["zxqw", "vbnm", "qwpo", "ffgh", "plmk"]
    texts = [f"{one} {other}" for one in odd for other in odd]
    messages = [message(text, 90 * place) for place, text in enumerate(texts)]
    found = estimate(messages, few_rows).least_known
    assert len(found) == 20
    sure = [each.confidence for each in found]
    assert sure == sorted(sure)


def test_what_is_known_is_not_listed_and_what_is_cut_is_masked_before(
    few_rows: list[Example],
) -> None:
    long = f"{'zxqw ' * 31}3005550142 vbnm"
    [listed] = estimate([message("gracias"), message(long, 90)], few_rows).least_known
    assert listed.text.startswith("zxqw zxqw")
    assert len(listed.text) == 160
    assert "300" not in listed.text


def test_spellings_of_one_question_are_one(few_rows: list[Example]) -> None:
    texts = ["¿Háy zxqw vbnm?", "hay zxqw vbnm?", "HAY zxqw  vbnm?"]
    messages = [message(text, 90 * place) for place, text in enumerate(texts)]
    assert [each.times for each in estimate(messages, few_rows).least_known] == [3]
