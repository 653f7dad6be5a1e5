"""Brings a chat message to the spelling the student reads: one list of plain tokens."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import filterfalse

_URL = re.compile(r"(?:https?://|www\.)\S+")
_DRAWN_OUT = re.compile(r"([^\W\d_])\1{2,}")
_DIGIT = re.compile(r"\d")
# Words, the two signs that change a meaning, and pictures (emoji are symbols outside the letters).
_TOKEN = re.compile(r"[^\W_]+|[?!]|[\u231a-\u23ff\u2600-\u27bf\u2b1b-\u2b55\U0001f1e6-\U0001faff]")
_SKIN_TONE = re.compile("[\U0001f3fb-\U0001f3ff]")
_LONGEST_NUMBER = 5
# Letters of a word that are read. A student remembers words with all their letter groups: one of
# 4,096 letters would take a megabyte.
_LONGEST_WORD = 40
# Words of which it is remembered how they are read; one may be as long as a message, 4 KB.
_WORDS_KEPT = 5_000

ABBREVIATIONS = {
    "es": {
        "q": "que", "k": "que", "ke": "que", "qe": "que", "xq": "porque", "pq": "porque",
        "xk": "porque", "porq": "porque", "x": "por", "d": "de", "dl": "del", "s": "si",
        "xfa": "por favor", "porfa": "por favor", "porfis": "por favor", "plis": "por favor",
        "pls": "por favor", "plz": "por favor", "fis": "favor", "porfavor": "por favor",
        "xfavor": "por favor", "pf": "por favor", "tmb": "tambien", "tb": "tambien",
        "tbn": "tambien", "tmbn": "tambien", "bn": "bien", "ntp": "no te preocupes",
        "grax": "gracias", "grcs": "gracias", "grs": "gracias", "grasias": "gracias",
        "tks": "gracias", "thx": "gracias", "bnas": "buenas", "wenas": "buenas",
        "wena": "buena", "bns": "buenos", "ola": "hola", "dnd": "donde", "dnde": "donde",
        "cdo": "cuando", "cndo": "cuando", "cto": "cuanto", "cnto": "cuanto", "kuanto": "cuanto",
        "qanto": "cuanto", "kiero": "quiero", "qiero": "quiero", "toy": "estoy", "ud": "usted",
        "uds": "ustedes", "vds": "ustedes", "info": "informacion", "wsp": "whatsapp",
        "wasap": "whatsapp", "cel": "celular", "celu": "celular", "tel": "telefono",
        "wpp": "whatsapp", "wap": "whatsapp", "wsap": "whatsapp", "wasapp": "whatsapp",
        "wassap": "whatsapp", "guasap": "whatsapp", "msj": "mensaje", "msg": "mensaje",
        "hr": "hora", "hrs": "horas", "min": "minutos",
        "mnn": "manana", "dsps": "despues", "dps": "despues", "salu2": "saludos",
        "tqm": "te quiero mucho", "finde": "fin de semana", "promos": "promociones",
        "promo": "promocion", "dto": "descuento", "dcto": "descuento", "transf": "transferencia",
        "efvo": "efectivo", "cta": "cuenta", "dispo": "disponible", "nro": "numero",
        "dire": "direccion", "direc": "direccion", "ubi": "ubicacion", "depto": "departamento",
        "desp": "despues", "bno": "bueno", "kmo": "como", "komo": "como", "aki": "aqui",
        "kien": "quien", "kieren": "quieren", "nop": "no", "sip": "si", "okey": "ok",
        "okay": "ok", "oki": "ok", "okis": "ok",
    },
    "en": {
        "u": "you", "ur": "your", "r": "are", "pls": "please", "plz": "please", "plss": "please",
        "thx": "thanks", "tks": "thanks", "tnx": "thanks", "thnx": "thanks", "ty": "thank you",
        "b4": "before", "tmr": "tomorrow", "tmrw": "tomorrow", "2moro": "tomorrow",
        "msg": "message", "acc": "account", "acct": "account", "amt": "amount",
        "info": "information", "min": "minutes", "mins": "minutes", "hr": "hours",
        "hrs": "hours", "wanna": "want to", "gonna": "going to", "gotta": "have to",
        "cud": "could", "wud": "would", "shud": "should", "abt": "about", "bcoz": "because",
        "coz": "because", "cuz": "because", "bcz": "because", "bc": "because",
        "idk": "i don t know", "k": "ok", "kk": "ok", "okay": "ok", "hw": "how", "wat": "what",
        "wht": "what", "wen": "when", "ppl": "people", "gud": "good", "gm": "good morning",
        "ofc": "of course", "qty": "quantity", "addr": "address",
        # As the same words with an apostrophe, which parts them.
        "dont": "don t", "cant": "can t", "wont": "won t", "isnt": "isn t", "arent": "aren t",
        "didnt": "didn t", "doesnt": "doesn t", "hasnt": "hasn t", "havent": "haven t",
        "wasnt": "wasn t", "couldnt": "couldn t", "wouldnt": "wouldn t", "im": "i m",
        "ive": "i ve", "whats": "what s", "thats": "that s", "hows": "how s",
        "wheres": "where s", "theres": "there s", "youre": "you re",
    },
}  # fmt: skip


def tokens(text: str, language: str = "es") -> list[str]:
    """The words, `?`, `!` and emoji of `text`, plainly spelt; empty when it has none of them.

    Numbers keep only their length (`38` -> `00`), so that sizes, prices and order numbers stay
    apart without one token for each.
    """
    found = _TOKEN.findall(_folded(text))
    return [word for token in found for word in _written_out(token, language)]


def normalise(text: str, language: str = "es") -> str:
    """`text` as the student reads it: texts that differ only in spelling habits become equal."""
    return " ".join(tokens(text, language))


def different(texts: Iterable[str], language: str) -> int:
    """How many texts differ in more than their spelling: the same one again teaches nothing."""
    return len({normalise(text, language) for text in texts})


def unaccented(text: str) -> str:
    """`text` without its accents: `envío` is `envio`, and `ñandú` `nandu`."""
    if text.isascii():
        return text
    letters = unicodedata.normalize("NFKD", text)
    return "".join(filterfalse(unicodedata.combining, letters))


def _folded(text: str) -> str:
    plain = _URL.sub(" url ", text.lower())
    # Lower once more: what letter generators write in capitals has been letters only since then.
    return unaccented(_SKIN_TONE.sub("", plain)).lower()


@lru_cache(_WORDS_KEPT)
def _written_out(token: str, language: str) -> tuple[str, ...]:
    short = _DRAWN_OUT.sub(r"\1", token)[:_LONGEST_WORD]
    return tuple(ABBREVIATIONS.get(language, {}).get(short, _number(short)).split())


def _number(token: str) -> str:
    if not _DIGIT.search(token):
        return token
    zeros = _DIGIT.sub("0", token)
    return zeros[:_LONGEST_NUMBER] if token.isdigit() else zeros
