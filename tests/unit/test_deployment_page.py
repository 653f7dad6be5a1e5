"""docs/rabbitmq-and-mysql.md lists every service and every setting, and nothing else."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from contracts.topology import SERVICES
from services.runtime.live import LiveSettings
from services.runtime.settings import PREFIX, Settings
from services.wiring import ASSEMBLE

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "rabbitmq-and-mysql.md").read_text(encoding="utf-8")
ONCE, LIVE = PAGE.partition("## Settings")[2].split("**In force while processes run**")
ROW = re.compile(r"^\| `([^`]+)` \| (?:`([^`]*)`)? ?\|", re.MULTILINE)


def shown(value: Any) -> str:
    """A default as the page writes it: nothing for none, commas in lists."""
    if value is None:
        return ""
    return ",".join(value) if isinstance(value, tuple) else str(value)


@pytest.mark.parametrize(("model", "part"), [(Settings, ONCE), (LiveSettings, LIVE)])
def test_every_setting_is_on_the_page_with_its_default(model: type[BaseModel], part: str) -> None:
    assert dict(ROW.findall(part)) == {
        f"{PREFIX}{name.upper()}": shown(field.default)
        for name, field in model.model_fields.items()
    }


def test_the_page_names_no_other_setting() -> None:
    real = {*Settings.model_fields, *LiveSettings.model_fields}
    named = set(re.findall(rf"{PREFIX}([A-Z0-9_]+)", PAGE))
    assert {name.removesuffix("_FILE").lower() for name in named} <= real


def test_every_service_is_on_the_page_with_its_port() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|", PAGE, re.MULTILINE)
    assert rows == [(row.name, str(row.port)) for row in SERVICES]


def test_every_service_can_be_put_together() -> None:
    assert set(ASSEMBLE) == {row.name for row in SERVICES}


def test_the_commands_of_the_page_make_an_env_file_with_a_secret_for_each(tmp_path: Path) -> None:
    [command] = re.findall(r"<!-- make-env.sh -->\n```sh\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "infra").mkdir()
    example = (ROOT / "infra" / ".env.example").read_text(encoding="utf-8")
    (tmp_path / "infra" / ".env.example").write_text(example, encoding="utf-8")
    subprocess.run(["sh", "-eu", "-c", command], cwd=tmp_path, check=True)
    made = tmp_path / "infra" / ".env"
    lines = zip(example.splitlines(), made.read_text(encoding="utf-8").splitlines(), strict=True)
    filled = {line: after.removeprefix(line) for line, after in lines if line != after}
    assert set(filled) == {line for line in example.splitlines() if re.match(r"[A-Z_]+=$", line)}
    assert all(re.fullmatch("[0-9a-f]{48}", secret) for secret in filled.values())
    assert len(set(filled.values())) == len(filled) == 4
    assert made.stat().st_mode & 0o077 == 0
