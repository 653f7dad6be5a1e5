"""Writes what follows from the contracts: schemas, golden samples, RabbitMQ's definitions.

``python -m infra.generate`` writes every file; a test asserts that they are current.
"""

import json
from pathlib import Path
from typing import Any

from contracts import topology
from contracts.codec import encode, wire_of
from contracts.events import EVENTS
from contracts.samples import golden

ROOT = Path(__file__).parent.parent
DEFAULT_GATEWAYS = ("simulador",)


def files() -> dict[Path, str]:
    """Every generated file's path and content."""
    schemas = {
        ROOT / "contracts" / "schemas" / f"{event.TYPE}.json": _pretty(
            wire_of(event).model_json_schema()
        )
        for event in EVENTS
    }
    samples = {
        ROOT / "contracts" / "samples" / f"{kind}.json": _pretty(json.loads(encode(envelope)))
        for kind, envelope in golden().items()
    }
    broker = ROOT / "infra" / "rabbitmq" / "definitions.json"
    return {**schemas, **samples, broker: _pretty(definitions("/"))}


def definitions(vhost: str) -> dict[str, Any]:
    """The topology in the form that RabbitMQ imports (``load_definitions``)."""
    built = topology.build(DEFAULT_GATEWAYS)
    durable = {"vhost": vhost, "durable": True, "auto_delete": False}
    return {
        "vhosts": [{"name": vhost}],
        "exchanges": [
            {"name": each.name, "type": each.kind, "internal": False, "arguments": {}, **durable}
            for each in built.exchanges
        ],
        "queues": [
            {"name": each.name, "arguments": dict(each.arguments), **durable}
            for each in built.queues
        ],
        "bindings": [
            {
                "source": each.exchange,
                "vhost": vhost,
                "destination": each.queue,
                "destination_type": "queue",
                "routing_key": each.key,
                "arguments": {},
            }
            for each in built.bindings
        ],
    }


def _pretty(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def main() -> None:
    """Write every file that differs."""
    for path, content in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            path.write_text(content, encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
