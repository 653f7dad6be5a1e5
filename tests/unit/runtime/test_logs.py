"""Logs hold what happened and not what people wrote."""

import json
import logging
import subprocess
import sys

import pytest

from services.runtime.logs import PERSONAL, redact

SAY = """
import sys
import structlog
from services.runtime.logs import configure
from services.runtime.settings import Settings
configure(Settings(log_format="{form}", log_people={people}, log_level="{level}"), sys.stderr)
log = structlog.get_logger("services.test")
log.info("taken", text="quiero mi pedido", phone="+5215512345678", event_id="e-1")
key = "sk-" + "local"
try:
    raise ValueError("odd")
except ValueError:
    log.exception("failed")
"""


def logged(*, people: bool = False, level: str = "info", form: str = "json") -> str:
    """What a process logs; logging is the whole process's, so it is another one."""
    script = SAY.format(people=people, level=level, form=form)
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == ""
    return ran.stderr


def said(*, people: bool = False, level: str = "info") -> list[dict[str, str]]:
    """What a process logs as JSON, line by line."""
    return [json.loads(line) for line in logged(people=people, level=level).splitlines()]


@pytest.mark.parametrize("key", sorted(PERSONAL))
def test_what_a_person_wrote_or_is_becomes_its_length(key: str) -> None:
    entry = redact(logging.getLogger(), "info", {"event": "taken", key: "quiero mi pedido"})
    assert entry == {"event": "taken", key: "<16 characters>"}


def test_a_process_logs_json_lines_without_peoples_words() -> None:
    taken, failed = said()
    assert (taken["event"], taken["level"], taken["event_id"]) == ("taken", "info", "e-1")
    assert (taken["text"], taken["phone"]) == ("<16 characters>", "<14 characters>")
    assert taken["timestamp"].endswith("Z")
    assert "ValueError: odd" in failed["exception"]


def test_a_shop_may_ask_for_peoples_words() -> None:
    assert said(people=True)[0]["text"] == "quiero mi pedido"


def test_the_level_is_a_setting() -> None:
    assert [each["event"] for each in said(level="error")] == ["failed"]


def test_a_traceback_on_a_terminal_shows_no_local_variables() -> None:
    shown = logged(form="pretty")
    assert "ValueError: odd" in shown
    assert "sk-local" not in shown
