"""The page about the API says what the API is."""

import json
import re
from pathlib import Path

from pydantic import BaseModel

from services.panel.bodies import Classified
from services.panel.question_bodies import Answer
from services.panel.refusals import ErrorBody

PAGE = (Path(__file__).parents[3] / "docs/api.md").read_text()


def test_its_examples_are_valid() -> None:
    examples = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    shapes: tuple[type[BaseModel], ...] = (Classified, Answer, ErrorBody)
    for shape, example in zip(shapes, examples, strict=True):
        assert set(json.loads(example)) == set(shape.model_fields)
        shape.model_validate_json(example)
