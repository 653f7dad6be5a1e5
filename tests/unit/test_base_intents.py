"""The catalogue a shop starts with, and the everyday phrases kept out of it."""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import triu
from sklearn.feature_extraction.text import CountVectorizer

from contracts.catalogue import CatalogueError, CatalogueIntent, parse_catalogue, placeholders

ROOT = Path(__file__).parents[2]
CATALOGUE = parse_catalogue((ROOT / "training_data/base_intents.json").read_bytes())
PHRASES = json.loads((ROOT / "tests/everyday_phrases.json").read_text())
NAMES = [
    "saludo",
    "despedida",
    "agradecimiento",
    "afirmar",
    "negar",
    "precio",
    "catalogo",
    "comprar",
    "promociones",
    "disponibilidad",
    "pago",
    "envio",
    "estado_pedido",
    "cancelar_devolver",
    "queja_soporte",
    "horario",
    "ubicacion",
    "agendar_reservar",
    "humano_contacto",
    "bot_identidad",
]
# What each action kind can fill in; nothing: its replies are fixed texts.
FILLED = {
    "shop_info": {"hours", "address", "shop"},
    "prices": {"items"},
    "catalogue": {"items"},
    "availability": {"items"},
    "promotions": {"items"},
    "order_status": {"order", "status"},
    "reply": set(),
    "handoff": set(),
    "affirm": set(),
    "deny": set(),
}
ALIKE = 0.85  # shared share of letter triples from which two examples are near-duplicates


def bare(text: str) -> str:
    """Lower-case words without accents, signs or letters drawn out."""
    letters = unicodedata.normalize("NFKD", text.lower())
    letters = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(re.findall(r"\w+", re.sub(r"(.)\1{2,}", r"\1", letters)))


def triples(text: str) -> frozenset[str]:
    padded = f" {bare(text) or text} "
    return frozenset(padded[start : start + 3] for start in range(len(padded) - 2))


def examples() -> Iterator[tuple[str, str]]:
    return ((text, intent.name) for intent in CATALOGUE.intents for text in intent.examples)


def test_the_catalogue_has_the_twenty_intents_by_name() -> None:
    assert [intent.name for intent in CATALOGUE.intents] == NAMES
    assert CATALOGUE.language == "es"


@pytest.mark.parametrize("intent", CATALOGUE.intents, ids=NAMES)
def test_every_intent_has_enough_examples_and_a_reply_its_action_can_fill(
    intent: CatalogueIntent,
) -> None:
    assert len(intent.examples) >= 40
    for reply in (intent.reply, *intent.replies.values()):
        assert placeholders(reply) <= FILLED[intent.action]


def test_no_two_examples_are_nearly_the_same() -> None:
    texts = [text for text, _ in examples()]
    held = CountVectorizer(analyzer=triples, dtype=np.int32).fit_transform(texts)
    shared = triu(held @ held.T, k=1).tocoo()
    sizes = np.asarray(held.sum(axis=1)).ravel()
    whole = sizes[shared.row] + sizes[shared.col] - shared.data
    pairs = np.flatnonzero(shared.data >= ALIKE * whole)
    assert [(texts[shared.row[pair]], texts[shared.col[pair]]) for pair in pairs] == []


def test_the_examples_are_written_as_people_type() -> None:
    texts = [text for text, _ in examples()]
    words = [bare(text).split() for text in texts]
    assert sum(len(line) == 1 for line in words) >= 60
    assert sum(len(line) >= 10 for line in words) >= 40
    assert sum(bool({"q", "xq", "tmb", "x", "xfa", "porfa"} & set(line)) for line in words) >= 60
    assert sum(not text.isascii() for text in texts) >= 200
    assert sum("hola" in line or "buenas" in line for line in words) >= 50


def test_a_yes_comes_with_thanks_as_a_no_does() -> None:
    """Else `sí, gracias` after a question is taken for thanks alone, and nothing is done."""
    thankful = Counter(name for text, name in examples() if "gracias" in bare(text).split())
    assert min(thankful["afirmar"], thankful["negar"]) >= 6


def test_the_everyday_phrases_are_three_an_intent_and_none_is_an_example() -> None:
    assert sorted(phrase["intent"] for phrase in PHRASES) == sorted(NAMES * 3)
    known = {bare(text) for text, _ in examples()}
    assert [phrase["text"] for phrase in PHRASES if bare(phrase["text"]) in known] == []


def test_a_phrase_that_needs_the_bots_question_is_not_for_the_router_alone() -> None:
    for phrase in PHRASES:
        assert phrase["router"] == (phrase["intent"] not in {"afirmar", "negar"})


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "Invalid JSON"),
        ('{"language": "es"}', "intents: Field required"),
        ('{"language": "es", "intents": [{"name": "Precio!"}]}', "intents.0.name"),
    ],
)
def test_a_broken_catalogue_is_refused_by_the_name_of_the_place(text: str, complaint: str) -> None:
    with pytest.raises(CatalogueError, match=re.escape(complaint)):
        parse_catalogue(text)


def intent_json(**changes: str) -> str:
    intent = {"name": "precio", "description": "d", "action": "prices", "reply": "r"} | changes
    return json.dumps({"language": "es", "intents": [intent]})


@pytest.mark.parametrize("reply", ["{items", "items}", "{0}", "{items.secret}", "{items!r}", "{}"])
def test_a_reply_whose_braces_cannot_be_filled_is_refused(reply: str) -> None:
    with pytest.raises(CatalogueError, match=r"intents\.0\.reply"):
        parse_catalogue(intent_json(reply=reply))


def test_an_intent_named_twice_is_refused() -> None:
    one = json.loads(intent_json())
    with pytest.raises(CatalogueError, match="more than once: precio"):
        parse_catalogue(json.dumps(one | {"intents": one["intents"] * 2}))
