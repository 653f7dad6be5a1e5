"""The image installs what was tested and nothing else, and its health check tells the truth."""

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PIN = re.compile(r"^(\S+)==(\S+)((?:.*\\\n)(?: +--hash=.*\n)+)", re.MULTILINE)
BUILD = {"editables", "hatchling"}


def pins(lock: str) -> dict[str, tuple[str, str]]:
    """Version, and platforms with digests, of each package of a lock."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    return {name: (version, rest) for name, version, rest in PIN.findall(text)}


def needed(name: str, extras: frozenset[str], found: set[str]) -> set[str]:
    """All that a package needs on this platform, and what that needs in turn."""
    for line in requires(name) or []:
        requirement = Requirement(line)
        wanted = requirement.marker is None or any(
            requirement.marker.evaluate({"extra": extra}) for extra in (extras or {""})
        )
        child = canonicalize_name(requirement.name)
        if wanted and (child not in found or requirement.extras):
            found.add(child)
            needed(child, frozenset(requirement.extras), found)
    return found


def test_the_image_installs_what_was_tested() -> None:
    tested = pins("requirements.lock")
    for name, pin in pins("infra/requirements.image.lock").items():
        assert pin == tested[name], "make both again: docs/decisions/image.md"


def test_the_image_has_all_that_the_project_needs() -> None:
    wanted = needed("aprendiz", frozenset(), set()) | BUILD
    assert wanted - set(pins("infra/requirements.image.lock")) == set()


def test_no_tool_of_a_developer_is_in_the_image() -> None:
    tools = {"mypy", "pytest", "ruff", "faststream", "hypothesis", "matplotlib"}
    assert tools & set(pins("infra/requirements.image.lock")) == set()
    assert tools <= set(pins("requirements.lock"))


def test_everything_that_the_image_is_made_of_is_sent_to_docker() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    sent = {line.removeprefix("!") for line in lines if line.startswith("!")}
    assert lines[1] == "*"
    assert all((ROOT / each).exists() for each in sent)
    assert {"contracts", "services", "sql", "training_data", "pyproject.toml"} <= sent
    assert lines.index("infra/.env") > lines.index("!infra")


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server whose `/readyz` answers with the status that it is given."""
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with server:
        assert server.stdout is not None
        yield server, server.stdout.readline().strip()
        server.kill()


SERVER = """
import http.server, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status = int(sys.stdin.readline())
        self.send_response(status if self.path == "/readyz" else 404)
        self.end_headers()
        self.wfile.write(b"the broker is away" if status == 503 else b"ready")
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Answer)
print(server.server_port, flush=True)
server.serve_forever()
"""


@pytest.mark.parametrize(("status", "code", "words"), [(200, 0, ""), (503, 1, "broker is away")])
def test_the_health_check_says_what_a_service_waits_for(
    answering: tuple[subprocess.Popen[str], str], status: int, code: int, words: str
) -> None:
    server, port = answering
    assert server.stdin is not None
    print(status, file=server.stdin, flush=True)
    checked = check(port)
    assert checked.returncode == code
    assert words in checked.stderr


def test_the_health_check_fails_where_nothing_answers() -> None:
    checked = check("1")
    assert checked.returncode == 1
    assert "nothing answers on port 1" in checked.stderr


def check(port: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "infra" / "ready.py"), port]
    return subprocess.run(command, capture_output=True, text=True, check=False)
