"""Makes customers' words fit to be shown: no phones, e-mails, nothing that steers a terminal."""

import re
import unicodedata

EMAIL, NUMBER = "[e-mail]", "[number]"
_EMAIL = re.compile(r"[^\s@<>]{1,64}@[^\s@<>]{1,253}")
# People write spaces and signs of any kind into phones, and keycaps and joiners into digits.
_NUMBER = re.compile(r"[+(]*\d(?:[\W_]*\d){4,}")
_JOINER = "\u200d"


def masked(text: str) -> str:
    """`text` in one line, with e-mails and numbers of five or more digits replaced.

    Names stay: nothing here knows them.
    """
    # Raised or wide signs are plain ones first: ³⁰⁰ is a number, too.
    plain = " ".join("".join(map(_printable, unicodedata.normalize("NFKC", text))).split())
    return _NUMBER.sub(NUMBER, _EMAIL.sub(EMAIL, plain))


def _printable(letter: str) -> str:
    """Invisible letters go, line ends become gaps; emoji keep what joins them."""
    category = unicodedata.category(letter)
    if letter.isspace() or category == "Cc":
        return " "
    return "" if category in ("Cf", "Cs", "Co", "Cn") and letter != _JOINER else letter
