"""Tells what the phone wrote into an exported chat from people's words, in Spanish and English."""

import re
from typing import NamedTuple

from services.learning.estimation.messages import Content

_MEDIA_WORDS = (
    "imagen|foto|audio|video|vídeo|gif|documento|archivo|nota de vídeo|nota de video|nota de voz|"
    "tarjeta de contacto|contacto|image|photo|document|file|video note|voice message|contact card"
)
_STICKER = re.compile(r"<?sticker (?:omitido|omitida|omitted)>?", re.IGNORECASE)
_MEDIA = re.compile(
    rf"""<?(?:multimedia|archivo\ multimedia|media|mensaje\ de\ video|video\ message
        |{_MEDIA_WORDS.replace(" ", chr(92) + " ")})\ (?:omitid[oa]|omitted)>?
    |.{{1,200}}•.{{0,40}}document(?:o\ omitido|\ omitted)
    |<(?:archivo\ )?(?:adjunto|attached):[^<>]*>
    |\S.{{0,200}}\.\w{{2,5}}\ \((?:archivo\ adjunto|file\ attached)\)
    |(?:ubicación|location):\ https?://\S+
    |(?:ubicación\ en\ tiempo\ real\ compartida|live\ location\ shared).{{0,80}}
    |null""",
    re.IGNORECASE | re.VERBOSE,
)
_ATTACHED = re.compile(r"<(?:archivo )?(?:adjunto|attached):[^<>]*>$", re.IGNORECASE)
_LEFT_OUT = re.compile(r".*\b(?:omitid[oa]|omitted)>?|(?:ubicación|location): .+", re.IGNORECASE)
"""What an iPhone writes for anything that it leaves out, whatever it is called."""
_EDITED = re.compile(
    r"<(?:se editó este mensaje|este mensaje fue editado|this message was edited)\.?>$",
    re.IGNORECASE,
)
_DELETED = re.compile(
    r"(?:se eliminó este mensaje|este mensaje (?:fue|ha sido) eliminado|eliminaste este mensaje"
    r"|este mensaje se eliminó|this message was deleted|you deleted this message)"
    r"(?: por .{1,80}| by .{1,80})?\.?",
    re.IGNORECASE,
)
_CALL = re.compile(
    r"""(?:(?:video)?llamada(?:\ de\ voz|\ grupal|\ de\ video)*\ (?:perdida|rechazada
    |sin\ respuesta)
    |missed\ (?:group\ )?(?:voice|video)\ call
    |llamada\ de\ voz|videollamada|(?:voice|video)\ call)
    (?:[.,]\ .{0,80}|\ (?:a\ las|at)\ .{0,30}|\.)?""",
    re.IGNORECASE | re.VERBOSE,
)
_NOTICE = re.compile(
    r"""(?:los\ )?mensajes\ y\ (?:las\ )?llamadas\ (?:están|en\ este\ chat)
    |los\ mensajes\ (?:y\ las\ llamadas\ )?(?:temporales|(?:de|en|a)\ este\ chat)
    |messages\ (?:and\ calls\ are|to\ this\ (?:chat|group))
    |este\ chat\ es\ con\ una?\ (?:cuenta|empresa)
    |(?:esta\ empresa|este\ negocio)\ (?:usa|trabaja|ya\ no|ahora)\ .{0,60}(?:meta|empresa)
    |this\ (?:chat\ is\ with\ a\ business|business\ (?:uses|works|is\ now|account))
    |esperando\ (?:a\ recibir\ )?este\ mensaje|waiting\ for\ this\ message
    |(?:cambió\ tu|tu|your)\ (?:código\ de\ seguridad|security\ code)
    |(?:bloqueaste|desbloqueaste)\ a\ este|you\ (?:un)?blocked\ this
    |(?:.{1,80})\ (?:cambió\ (?:el\ (?:asunto|ícono|nombre\ del\ grupo)|la\ descripción\ del
        |a\ un\ nuevo\ número|su\ número\ de\ teléfono)|creó\ (?:el|este)\ grupo
        |(?:salió|se\ unió)\ (?:del|al)\ grupo
        |changed\ (?:the\ subject|(?:the|this)\ group|their\ phone)|created\ (?:this\ )?group)""",
    re.IGNORECASE | re.VERBOSE,
)


class Body(NamedTuple):
    """What is left of a message without the phone's marks, and what that was."""

    text: str
    content: Content


def is_notice(text: str, *, by_phone: bool = False) -> bool:
    """Whether the phone wrote all of it: encryption, calls, a changed subject, what was deleted.

    `by_phone`: it says so itself; then all is a notice that doesn't stand for media.
    """
    plain = text.strip()
    if by_phone and plain and _kind(plain.partition("\n")[0], by_phone=True) is Content.WORDS:
        return True
    whole = _CALL.fullmatch(plain) or _DELETED.fullmatch(plain)
    return bool(whole or _NOTICE.match(plain))


def read_body(text: str, *, by_phone: bool = False) -> Body:
    """A person's message, with a caption as its text; media and stickers alone have none."""
    lines = [line.strip() for line in _EDITED.sub("", text.strip()).split("\n")]
    kinds = [_kind(line, by_phone=by_phone and not place) for place, line in enumerate(lines)]
    written = [line for line, kind in zip(lines, kinds, strict=True) if kind is Content.WORDS]
    words = "\n".join(_ATTACHED.sub("", line) for line in written).strip()
    if words:
        return Body(words, Content.WORDS)
    only_stickers = Content.STICKER in kinds and Content.MEDIA not in kinds
    return Body("", Content.STICKER if only_stickers else Content.MEDIA)


def _kind(line: str, *, by_phone: bool = False) -> Content:
    if _STICKER.fullmatch(line):
        return Content.STICKER
    left_out = by_phone and (_LEFT_OUT.fullmatch(line) or _ATTACHED.search(line))
    return Content.MEDIA if left_out or _MEDIA.fullmatch(line) else Content.WORDS
