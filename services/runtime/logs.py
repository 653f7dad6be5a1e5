"""Structured logs: JSON for machines, colours for a terminal, people's words left out."""

import logging
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from services.runtime.settings import Settings

PERSONAL = frozenset({"text", "texts", "phone", "name", "body", "reply", "contact"})
"""Keys whose values say what a person wrote or who they are."""


def redact(_logger: WrappedLogger, _method: str, entry: EventDict) -> EventDict:
    """Replace what people wrote by its length."""
    for key in PERSONAL & entry.keys():
        entry[key] = f"<{len(str(entry[key]))} characters>"
    return entry


def configure(settings: Settings, stream: TextIO) -> None:
    """Send our logs and the libraries' warnings to ``stream`` in one form."""
    pretty = settings.log_format == "pretty" or (settings.log_format == "auto" and stream.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if not settings.log_people:
        shared.append(redact)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_end(pretty)],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("services").setLevel(settings.log_level.upper())
    # These report each lost connection at length; the road says it in a line.
    for noisy in ("aiormq", "aio_pika"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)


def _end(pretty: bool) -> list[Any]:
    if pretty:
        # Not the default, which prints local variables: keys, and what people wrote.
        return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
