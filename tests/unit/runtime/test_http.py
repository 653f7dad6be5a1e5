"""Ports and the endpoints of health, over real HTTP."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from prometheus_client import CollectorRegistry

from services.runtime import health
from services.runtime.health import Probe, health_app
from services.runtime.http import PortBusy, open_socket, serve, url_of
from services.runtime.metrics import ConsumerMetrics, Metrics


def says(words: str | None) -> Probe:
    async def ask() -> str | None:
        return words

    return ask


async def never() -> str | None:
    await asyncio.Event().wait()
    return None


@asynccontextmanager
async def served(probes: Mapping[str, Probe]) -> AsyncIterator[str]:
    """A process's health endpoints; gives their address."""
    registry = CollectorRegistry()
    ConsumerMetrics(Metrics(registry), "router")
    stop = asyncio.Event()
    listening = open_socket("127.0.0.1", 0, "APRENDIZ_METRICS_PORT")
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    serving = asyncio.create_task(serve(health_app(probes, registry), listening, stop))
    yield address
    stop.set()
    await serving


async def get(url: str) -> tuple[int, str]:
    def ask() -> tuple[int, str]:
        try:
            with urlopen(url, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()

    return await asyncio.to_thread(ask)


async def test_a_process_is_ready_when_every_probe_is_content() -> None:
    async with served({"broker": says(None), "database": says(None)}) as address:
        status, body = await get(f"{address}/readyz")
    assert (status, json.loads(body)) == (200, {"ready": True, "away": {}})


async def test_a_process_that_is_not_ready_says_what_is_away_and_lives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(health, "PATIENCE", 0.2)
    probes = {"broker": says("RabbitMQ does not answer"), "database": never, "model": says(None)}
    async with served(probes) as address:
        status, body = await get(f"{address}/readyz")
        alive = await get(f"{address}/livez")
    assert status == 503
    assert json.loads(body)["away"] == {
        "broker": "RabbitMQ does not answer",
        "database": "did not answer within 0.2 s",
    }
    assert alive[0] == 200


async def test_metrics_are_there_before_the_first_message() -> None:
    async with served({}) as address:
        status, body = await get(f"{address}/metrics")
    assert status == 200
    assert 'aprendiz_messages_processed_total{outcome="buried",service="router"} 0.0' in body
    assert 'aprendiz_messages_received_total{service="router"} 0.0' in body


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_busy_port_names_the_setting_to_change(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortBusy, match=rf"{port} \([^()]*\): .*set APRENDIZ_HTTP_PORT to"):
            open_socket(host, port, "APRENDIZ_HTTP_PORT")


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")])
def test_a_url_names_the_port_that_was_really_opened(host: str, shown: str) -> None:
    with open_socket(host, 0, "APRENDIZ_HTTP_PORT") as listening:
        assert url_of(listening) == f"http://{shown}:{listening.getsockname()[1]}"
