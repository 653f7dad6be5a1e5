"""Who may import what, read from the source as Python itself would."""

import ast
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

from contracts.topology import SERVICES

ROOT = Path(__file__).parents[2]
FOUNDATIONS = ("runtime", "storage", "learning")
COMPOSITION = {
    "wiring",
    "opening",
    "champion",
    "trusting",
    "seeding",
    "in_force",
    "cli",
    "__init__",
    "__main__",
}
"""What may import every service, directly under ``services``."""
FOLDERS = {path.name for path in (ROOT / "services").iterdir() if (path / "__init__.py").exists()}
LEARNING = ("recipe", "promoting", "certifying", "judging", "estimation")
"""The parts of ``services.learning`` that make and judge a student, each on those before it."""
OWN = sorted(FOLDERS - {*FOUNDATIONS, *COMPOSITION})
"""The services by their folders."""
MODULES = sorted(
    path
    for package in ("contracts", "services", "infra", "sql")
    for path in (ROOT / package).rglob("*.py")
)


def name_of(path: Path) -> str:
    """A module's path as a test's name."""
    return str(path.relative_to(ROOT))


@cache
def parsed(path: Path) -> ast.Module:
    """A module's syntax."""
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> Iterator[str]:
    """The dotted names that a module imports, wherever in it; relative ones made absolute."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            start = ".".join((*above, *((node.module,) if node.module else ())))
            # `from services import router` names the module in what it takes.
            yield from (f"{start}.{alias.name}" for alias in node.names)


def is_within(name: str, *packages: str) -> bool:
    """Whether a dotted name is one of the packages or in one."""
    return any(name == each or name.startswith(f"{each}.") for each in packages)


def ours(path: Path) -> set[str]:
    """What a module imports of ours."""
    return {name for name in imports(path) if is_within(name, "contracts", "services", "infra")}


def allowed(path: Path) -> tuple[str, ...]:
    """The packages of ours that a module may import."""
    package, *inner = path.relative_to(ROOT).with_suffix("").parts
    if package == "contracts":
        return ("contracts",)
    if package == "services" and inner[0] in FOUNDATIONS:
        return ("contracts", f"services.{inner[0]}")
    if package == "services" and inner[0] in OWN:
        foundations = (f"services.{each}" for each in FOUNDATIONS)
        return ("contracts", *foundations, f"services.{inner[0]}")
    return ("contracts", "services", "infra")


def users(*libraries: str) -> set[str]:
    """The modules that import one of these libraries."""
    return {
        name_of(path)
        for path in MODULES
        if any(is_within(name, *libraries) for name in imports(path))
    }


def test_every_module_imports_only_what_stands_below_it() -> None:
    wrong = {
        name_of(path): strangers
        for path in MODULES
        if (strangers := {name for name in ours(path) if not is_within(name, *allowed(path))})
    }
    assert wrong == {}


@pytest.mark.parametrize("number", range(len(LEARNING)))
def test_a_part_of_the_learning_knows_only_those_before_it(number: int) -> None:
    later = [f"services.learning.{each}" for each in LEARNING[number + 1 :]]
    known = {name for path in MODULES if LEARNING[number] in path.parts for name in ours(path)}
    assert not [name for name in known if is_within(name, *later)]


def test_what_the_student_is_knows_nothing_of_how_it_learns() -> None:
    parts = [f"services.learning.{each}" for each in LEARNING]
    beside = [path for path in MODULES if path.parent == ROOT / "services/learning"]
    assert not [name for path in beside for name in ours(path) if is_within(name, *parts)]


def test_what_commands_take_from_the_panel_knows_nothing_of_http() -> None:
    commands = [path for path in MODULES if path.parent == ROOT / "services/cli"]
    reached = within_the_panel(commands)
    for path in reached:
        reached.extend(each for each in within_the_panel([path]) if each not in reached)
    http = ("fastapi", "starlette", "services.panel.refusals")
    assert reached
    assert not [path for path in reached for name in imports(path) if is_within(name, *http)]


def within_the_panel(paths: Sequence[Path]) -> list[Path]:
    """The panel's modules that these import."""
    taken = {name for path in paths for name in ours(path) if name.startswith("services.panel.")}
    return sorted({ROOT / "services/panel" / f"{name.split('.')[2]}.py" for name in taken})


def test_every_module_opens_with_what_it_is_for() -> None:
    assert [name_of(path) for path in MODULES if not ast.get_docstring(parsed(path))] == []


def test_only_the_composition_root_stands_beside_the_services() -> None:
    modules = {path.stem for path in (ROOT / "services").glob("*.py")}
    assert modules <= COMPOSITION


def test_the_amqp_client_is_named_in_one_file() -> None:
    assert users("aio_pika", "aiormq") == {"services/runtime/rabbitmq.py"}
    beside = (ROOT / "services/runtime/one_write.py").read_text()
    assert "pika" not in beside
    assert "aiormq" not in beside


def test_sql_is_written_in_the_storage_package_alone() -> None:
    at_home = ("services/storage/", "sql/", "infra/servers/")
    assert all(name.startswith(at_home) for name in users("sqlalchemy", "alembic"))


def test_openai_is_named_in_one_file() -> None:
    assert users("openai") == {"services/teacher/client.py"}


@pytest.mark.parametrize("name", [row.name for row in SERVICES])
def test_a_row_of_the_topology_has_a_folder_with_its_wiring(name: str) -> None:
    assert name in OWN, f"there is no folder services/{name}"
    assert (ROOT / "services" / name / "wiring.py").exists()


@pytest.mark.parametrize("name", OWN)
def test_a_services_folder_has_a_row_in_the_topology(name: str) -> None:
    assert name in {row.name for row in SERVICES}, f"add {name} to SERVICES in contracts/topology"


@pytest.mark.parametrize("row", [row for row in SERVICES if row.name != "panel"], ids=str)
def test_a_service_that_takes_messages_has_a_handler(row: tuple[str]) -> None:
    assert (ROOT / "services" / row[0] / "handler.py").exists()


def test_nothing_but_commands_and_servers_prints() -> None:
    silent = [path for path in MODULES if not {"cli", "infra"} & set(path.parts)]
    assert [name_of(path) for path in silent if "print" in called(path)] == []


def called(path: Path) -> set[str]:
    """The plain names that a module calls."""
    calls = [node.func for node in ast.walk(parsed(path)) if isinstance(node, ast.Call)]
    return {call.id for call in calls if isinstance(call, ast.Name)}
