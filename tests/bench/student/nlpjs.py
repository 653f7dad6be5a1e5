"""The JavaScript contender: nlp.js, installed beside this file by npm and driven by `nlpjs.js`."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from contracts.catalogue import OUT_OF_SCOPE
from services.learning.judging.evaluation import Evaluation, Guesses, evaluate, guesses_on
from services.learning.student import Example

HERE = Path(__file__).parent
_NOTHING_FITS = "None"  # what nlp.js answers when it knows no word of a text


def judge(rows: Sequence[Example], test: Sequence[Example], language: str) -> Evaluation:
    """Accuracy, calibration and the fixed threshold; none is chosen on training rows."""
    _install()
    guesses = _guesses(rows, test, _answers(rows, test, language))
    nobody = guesses_on((), np.zeros((0, 0)), (), set())
    return evaluate(guesses, nobody, rows=test, targets=())


def _install() -> None:
    if not (HERE / "node_modules").exists():
        install = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock"]
        subprocess.run(install, cwd=HERE, check=True)


def _answers(
    rows: Sequence[Example], test: Sequence[Example], language: str
) -> list[dict[str, float]]:
    """The scores of each test text by intent, in [0, 1]."""
    asked = {
        "language": language,
        "rows": [{"text": row.text, "intent": row.intent} for row in rows],
        "texts": [row.text for row in test],
    }
    run = subprocess.run(
        ["node", "nlpjs.js"], cwd=HERE, input=json.dumps(asked), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True,
    )  # fmt: skip
    found = json.loads(run.stdout.splitlines()[-1])
    return [{guess["intent"]: guess["score"] for guess in guesses} for guesses in found]


def _guesses(
    rows: Sequence[Example], test: Sequence[Example], answers: list[dict[str, float]]
) -> Guesses:
    taught = {row.intent for row in rows}
    intents = sorted(taught | {OUT_OF_SCOPE})
    scores = np.zeros((len(test), len(intents)))
    for row, guesses in zip(scores, answers, strict=True):
        for intent, score in guesses.items():
            row[intents.index(OUT_OF_SCOPE if intent == _NOTHING_FITS else intent)] = score
    return guesses_on(intents, scores, test, taught)
