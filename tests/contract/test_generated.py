"""The generated files are current, and say what the code does."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from contracts.codec import decode, encode
from contracts.envelope import Envelope
from contracts.events import EVENTS, Event
from contracts.samples import golden
from infra import generate


@pytest.mark.parametrize(
    "path", generate.files(), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_the_generated_file_is_current(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == generate.files()[path], (
        "run python -m infra.generate"
    )


def test_no_generated_file_is_left_over() -> None:
    expected = set(generate.files())
    for folder in {path.parent for path in expected}:
        assert set(folder.glob("*.json")) <= expected


def test_every_event_has_a_golden_sample() -> None:
    assert set(golden()) == {event.TYPE for event in EVENTS}


@pytest.mark.parametrize("envelope", golden().values(), ids=golden().keys())
def test_a_golden_sample_is_read_back_as_it_was_written(envelope: Envelope[Event]) -> None:
    kind = envelope.data.TYPE
    body = (generate.ROOT / "contracts" / "samples" / f"{kind}.json").read_bytes()
    assert decode(body) == envelope
    assert decode(encode(envelope)) == envelope


@pytest.mark.parametrize("kind", golden())
def test_a_golden_sample_satisfies_its_schema(kind: str) -> None:
    folder = generate.ROOT / "contracts"
    schema = json.loads((folder / "schemas" / f"{kind}.json").read_text(encoding="utf-8"))
    sample = json.loads((folder / "samples" / f"{kind}.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(sample)
    del sample["data"]
    assert list(Draft202012Validator(schema).iter_errors(sample))
