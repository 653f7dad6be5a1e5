"""Reads text as programs save it: in UTF-8, or in UTF-16 as Notepad and Excel do."""

import codecs

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def decoded(raw: bytes) -> str:
    """The text, without the mark before it that says in which order its bytes are.

    Raises:
        UnicodeDecodeError: it is neither.
    """
    return raw.decode("utf-16" if raw.startswith(_UTF_16) else "utf-8-sig")
