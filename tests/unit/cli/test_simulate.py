import json
from dataclasses import replace
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from contracts.events import Reason
from services.cli.app import app
from services.cli.simulate import remarks
from services.cli.simulate import simulate as command
from services.learning.certifying.trust import GradedCount, Policy, Standing, trust
from services.learning.judging import simulation
from services.learning.judging.labelled import LabelledFileError, LabelledMessage
from services.learning.judging.simulation import Plan, Simulated, Turn
from services.learning.judging.simulation_figures import Report, report
from services.runtime.live import LiveSettings

WORDS = {
    "precio": "cuanto cuesta {}",
    "envio": "me mandan {} a casa",
    "pago": "pago {} con tarjeta",
}
THINGS = [
    "blusa",
    "falda",
    "gorra",
    "bolso",
    "reloj",
    "anillo",
    "cinturon",
    "zapato",
    "camisa",
    "abrigo",
]


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Thirty labelled messages; of one in ten the teacher says something else."""
    path = tmp_path / "rows.jsonl"
    lines = [
        {"text": words.format(thing), "intent": intent, "split": "base" if place < 5 else "new"}
        | ({"teacher": "pago"} if place == 9 else {})
        for intent, words in WORDS.items()
        for place, thing in enumerate(THINGS)
    ]
    path.write_text("\n".join(json.dumps(line) for line in lines))
    return path


def simulate(*options: object, width: int = 120) -> Result:
    """Run the command."""
    runner = CliRunner(env={"COLUMNS": str(width)})
    return runner.invoke(app, ["simulate", *map(str, options)])


def figures(*options: object) -> dict[str, Any]:
    """What it prints as JSON."""
    result = simulate(*options, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_it_prints_windows_and_where_it_ended(rows: Path) -> None:
    result = simulate("--base", f"{rows}:base", "--stream", f"{rows}:new")
    assert result.exit_code == 0, result.output
    assert "2nd" in result.stdout
    assert "At the end unproven, threshold" in result.stdout


def test_it_says_what_became_of_the_trainings(rows: Path) -> None:
    options = ("--base", f"{rows}:base", "--stream", f"{rows}:new")
    assert "No training: too few different new texts" in simulate(*options).stdout
    shown = simulate(*options, "--retrain-every", 5, width=300).stdout
    made = figures(*options, "--retrain-every", 5)["trainings"]
    promoted = [each["after"] for each in made if each["promoted"]]
    assert f"{len(promoted)} of {len(made)} trainings promoted" in shown
    assert f"the last after message {promoted[-1]}" in shown


def test_a_refused_training_says_why_and_alarms_are_named() -> None:
    training = {"after": 1250, "promoted": False, "reason": "Refused: macro-F1 -9.0% on all rows."}
    alarms = ({"after": 900, "why": "..."}, {"after": 1_400, "why": "..."})
    found = reported(alarms=alarms, trainings=(training,))
    assert remarks(found) == [
        "0 of 1 trainings promoted. After message 1,250: Refused: macro-F1 -9.0% on all rows.",
        "Alarms, which refuted the student, after message: 900; 1,400.",
    ]


def test_labels_that_no_base_row_has_are_counted_and_named(rows: Path, tmp_path: Path) -> None:
    stream = tmp_path / "stream.jsonl"
    lines = [{"text": "regalos", "intent": "regalo"}, {"text": "que es eso", "intent": "__oos__"}]
    stream.write_text("\n".join(map(json.dumps, [*lines, lines[0]])))
    shown = simulate("--base", rows, "--stream", stream, width=300).stdout
    assert "taken them into its catalogue at once: regalo (2)." in shown
    assert figures("--base", rows, "--stream", stream)["new_intents"] == {"regalo": 2}
    assert "catalogue" not in simulate("--base", rows, "--stream", rows).stdout


def reported(**changes: Any) -> Report:
    """A report of one turn, but for what changes."""
    message = LabelledMessage("hola", "saludo", "saludo")
    turn = Turn(message, "saludo", 0.9, Reason.ACCEPTED, False, False, "unproven", 0.8)
    end = trust(Standing(), Policy(), GradedCount(0, 0))
    return replace(report(Simulated((turn,), (), (), (), end, {}), 0.24), **changes)


def test_a_narrow_terminal_cuts_no_word(rows: Path) -> None:
    shown = simulate("--base", f"{rows}:base", "--stream", f"{rows}:new", width=80).stdout
    assert "…" not in shown
    assert max(map(len, shown.split("At the end")[0].splitlines())) <= 80


def test_the_teacher_of_a_row_is_who_is_asked(rows: Path) -> None:
    found = figures("--base", f"{rows}:base", "--stream", f"{rows}:new")
    assert found["whole"]["messages"] == 15
    assert found["whole"]["teacher_calls"] >= 1.0, "at first everything is graded"
    assert found["whole"]["accuracy"] == pytest.approx(13 / 15)


def test_a_fixed_threshold_answers_at_once(rows: Path) -> None:
    fixed = ("--mode", "fijo", "--threshold", 0.3, "--shadow-share", 0)
    found = figures("--base", f"{rows}:base", "--stream", f"{rows}:new", *fixed)
    assert found["whole"]["answered_alone"] > 0.8
    assert found["threshold"] == 0.3


def test_shuffling_and_seeds_change_the_order_alone(rows: Path) -> None:
    options = ("--base", f"{rows}:base", "--stream", f"{rows}:new", "--shuffle")
    assert figures(*options, "--seed", 1) == figures(*options, "--seed", 1)


def test_the_report_is_one_page_that_loads_nothing(rows: Path, tmp_path: Path) -> None:
    result = simulate("--base", rows, "--stream", rows, "--report", tmp_path / "out")
    assert result.exit_code == 0, result.output
    page = (tmp_path / "out" / "simulation.html").read_text()
    assert page.count("<svg") == 2
    assert "Looks at the evidence" in page
    assert "src=" not in page
    assert "<script" not in page


def test_what_cannot_be_used_is_named(rows: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.jsonl"
    wrong.write_text('{"text": "hola", "intent": "saludo", "teacher": 3}')
    result = simulate("--base", rows, "--stream", wrong)
    assert isinstance(result.exception, LabelledFileError)
    assert str(result.exception) == f'{wrong}, line 1: "teacher" is 3; it must be a string.'
    assert simulate("--base", rows, "--stream", rows, "--mode", "auto").exit_code == 2
    assert simulate("--base", rows, "--stream", rows, "--language", "xx").exit_code == 2
    assert simulate("--base", rows, "--stream", rows, "--price", "inf").exit_code == 2


def test_what_is_not_said_is_as_in_a_shop_that_set_nothing() -> None:
    defaults = {name: each.default for name, each in signature(command).parameters.items()}
    asked = ("target", "delta", "threshold", "shadow_share", "shadow_first")
    policy = Policy()
    meant = (policy.target, policy.delta, policy.threshold, policy.share, policy.first)
    assert tuple(defaults[name] for name in asked) == meant
    assert defaults["retrain_every"] == LiveSettings().ml_auto_retrain_examples


def test_every_option_is_in_the_plan(rows: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = simulation.simulate
    played: list[tuple[list[LabelledMessage], Plan]] = []

    def watched(base: Any, stream: list[LabelledMessage], plan: Plan, *rest: Any) -> Simulated:
        played.append((stream, plan))
        return original(base, stream, plan, *rest)

    monkeypatch.setattr(simulation, "simulate", watched)
    files = ("--base", f"{rows}:base", "--stream", f"{rows}:new")
    chosen = (
        "--retrain-every", 7, "--target", 0.9, "--delta", 0.2, "--mode", "fijo", "--threshold", 0.7,
        "--shadow-first", 3, "--shadow-share", 0.3, "--seed", 2, "--language", "en",
    )  # fmt: skip
    figures(*files, *chosen)
    figures(*files, *chosen, "--shuffle")
    (given, plan), (shuffled, again) = played
    policy = Policy(target=0.9, delta=0.2, threshold=0.7, fixed=True, share=0.3, first=3)
    assert plan == again == Plan(policy, 7, language="en", seed=2)
    assert shuffled != given
    assert sorted(map(repr, shuffled)) == sorted(map(repr, given))
