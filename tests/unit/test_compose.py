"""infra/compose.yaml names the services, ports, settings and secrets that there are."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.topology import SERVICES, Service
from services.runtime.live import LiveSettings
from services.runtime.settings import PREFIX, Settings

INFRA = Path(__file__).parents[2] / "infra"
TEXT = (INFRA / "compose.yaml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
CONTAINERS: dict[str, Any] = COMPOSE["services"]
OURS = {name: each for name, each in CONTAINERS.items() if each["image"] == "aprendiz"}
EXAMPLE = (INFRA / ".env.example").read_text(encoding="utf-8")
GIVEN = dict(re.findall(r"^#?([A-Z_0-9]+)=(.*)$", EXAMPLE, re.MULTILINE))


def test_the_containers_are_the_topologys_services_and_what_they_stand_on() -> None:
    rows = {row.name for row in SERVICES}
    assert set(CONTAINERS) == rows | {"rabbitmq", "mysql", "migrate"}
    assert set(OURS) == rows | {"migrate"}
    assert OURS["migrate"]["command"] == ["db", "upgrade"]


@pytest.mark.parametrize("row", SERVICES, ids=lambda row: row.name)
def test_a_service_is_run_and_asked_whether_it_is_ready(row: Service) -> None:
    container = CONTAINERS[row.name]
    assert container["command"] == ["run", row.name]
    assert container["healthcheck"]["test"] == ["CMD", "python", "infra/ready.py", str(row.port)]
    assert container["restart"] == "unless-stopped"
    assert container["depends_on"] == {
        "rabbitmq": {"condition": "service_healthy"},
        "mysql": {"condition": "service_healthy"},
        "migrate": {"condition": "service_completed_successfully"},
    }


@pytest.mark.parametrize("name", OURS)
def test_every_setting_of_a_container_exists(name: str) -> None:
    for variable in OURS[name]["environment"]:
        setting = variable.removeprefix(PREFIX).lower()
        assert setting.removesuffix("_file") in Settings.model_fields or (
            setting in LiveSettings.model_fields
        )


@pytest.mark.parametrize("name", OURS)
def test_a_container_has_every_secret_that_it_reads(name: str) -> None:
    files = {
        Path(value)
        for variable, value in OURS[name]["environment"].items()
        if variable.endswith("_FILE")
    }
    assert files == {Path("/run/secrets") / secret for secret in OURS[name]["secrets"]}
    assert set(OURS[name]["secrets"]) <= set(COMPOSE["secrets"])


def test_the_panel_listens_beyond_its_container_only_with_a_token() -> None:
    environment = OURS["panel"]["environment"]
    assert environment["APRENDIZ_HTTP_HOST"] == "0.0.0.0"
    assert environment["APRENDIZ_HTTP_TOKEN_FILE"] == "/run/secrets/http_token"


def test_what_compose_asks_for_is_in_the_example() -> None:
    asked = set(re.findall(r"\$\{([A-Z_0-9]+)", TEXT))
    asked |= {secret["environment"] for secret in COMPOSE["secrets"].values()}
    assert asked == set(GIVEN)


def test_the_example_holds_no_secret() -> None:
    secret = ("PASSWORD", "KEY", "TOKEN")
    assert {
        name
        for name, value in GIVEN.items()
        if name.endswith(secret) and value not in ("", "sk-...")
    } == set()


def test_ports_are_published_on_this_machine_alone() -> None:
    ports = [port for each in CONTAINERS.values() for port in each.get("ports", [])]
    assert "127.0.0.1:5000:5000" in ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_rabbitmq_loads_the_topology_and_a_user_who_may_use_it() -> None:
    mounted = {each["source"]: Path(each["target"]) for each in CONTAINERS["rabbitmq"]["configs"]}
    settings = COMPOSE["configs"]["rabbitmq_settings"]["content"]
    folder = Path(settings.removeprefix("load_definitions = "))
    assert {mounted["rabbitmq_users"].parent, mounted["rabbitmq_topology"].parent} == {folder}
    users = json.loads(COMPOSE["configs"]["rabbitmq_users"]["content"])
    name = users["users"][0]["name"]
    assert users["permissions"][0]["user"] == name
    assert GIVEN["APRENDIZ_AMQP_URL"].startswith(f"amqp://{name}:${{RABBITMQ_PASSWORD}}@rabbitmq:")
    assert (INFRA / COMPOSE["configs"]["rabbitmq_topology"]["file"]).exists()


def test_mysql_makes_the_user_and_the_database_of_the_url() -> None:
    made = CONTAINERS["mysql"]["environment"]
    user, database = made["MYSQL_USER"], made["MYSQL_DATABASE"]
    assert GIVEN["APRENDIZ_DATABASE_URL"] == (
        f"mysql+aiomysql://{user}:${{MYSQL_PASSWORD}}@mysql:3306/{database}?charset=utf8mb4"
    )
