"""``aprendiz evaluate`` as people call it: figures, JSON, the report, and bad input."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from subprocess import PIPE

import pytest

from tests.printed import figures, printed

NAUGHTY = "<script>alert('café')</script> & hola"
INTENTS = {
    "saludo": ["hola", "buenas", "buenos días", "hola qué tal", "muy buenas", "hola amigo"],
    "precio": ["cuánto cuesta", "qué precio tiene", "precio?", "cuánto vale", "precio del azul"],
    "a<b>&$c$": ["mi pedido no llega", "dónde está mi pedido", "pedido perdido", "llega mi pedido"],
    "__oos__": ["eres del barça?", "quién ganó ayer", "cántame algo", "qué opinas del mundo"],
}


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two splits; the test split holds an intent that training never saw."""
    rows = [
        {"text": text, "intent": intent, "split": "train"}
        for intent, texts in INTENTS.items()
        for text in texts
    ]
    tests = [
        ("hola buenas", "saludo"), ("cuánto cuesta el rojo", "precio"), (NAUGHTY, "precio"),
        ("¿y mi pedido?", "a<b>&$c$"), ("quién ganó el partido", "__oos__"), ("un tractor", "new"),
    ]  # fmt: skip
    rows += [{"text": text, "intent": intent, "split": "test"} for text, intent in tests]
    return write(tmp_path_factory.mktemp("rows") / "shop.jsonl", rows)


def aprendiz(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "services.cli", "evaluate", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_figures_come_as_json_with_every_name(file: Path) -> None:
    found = figures("evaluate", "--train", f"{file}:train", "--test", f"{file}:test")
    assert (found["rows"], found["in_scope"], found["out_of_scope"]) == (6, 4, 2)
    assert found["unknown"] == {"new": 1}
    for name in ("accuracy", "macro_f1", "ece", "risk_coverage_area", "out_of_scope_recall"):
        assert 0 <= found[name] <= 1
    assert [each["target"] for each in found["points"]] == [None, 0.95, 0.98]
    assert found["fit_seconds"] > 0
    assert 0 < found["latency_p50_ms"] <= found["latency_p99_ms"]


def test_the_figures_are_printed_for_people(file: Path) -> None:
    page = printed(
        "evaluate", "--train", f"{file}:train", "--test", f"{file}:test", "--target", "0.9"
    )
    assert "6 (4 in scope, 2 out)" in page
    assert "new (1): not in the training rows" in page
    assert "for 90%" in page


def test_a_catalogue_may_train_and_several_files_may_judge(file: Path) -> None:
    catalogue = Path(__file__).parents[3] / "training_data/base_intents.json"
    found = figures("evaluate", "--train", catalogue, "--test", f"{file}:test", "--test", file)
    assert found["rows"] == 6 + 25


class Page(HTMLParser):
    """Reads a page's tags, text and links to elsewhere."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        loading = {"src", "href", "xlink:href", "action", "data"}
        self.links += [value for name, value in attrs if name in loading and value]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture(scope="module")
def folder(file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `--report` fills; it did not exist."""
    folder = tmp_path_factory.mktemp("report") / "new" / "pages"
    done = aprendiz("--train", f"{file}:train", "--test", f"{file}:test", "--report", folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_the_report_is_one_page_with_every_part_that_loads_nothing(folder: Path) -> None:
    assert [path.name for path in folder.iterdir()] == ["evaluation.html"]
    html = (folder / "evaluation.html").read_text(encoding="utf-8")
    page = Page(html)
    assert page.tags.count("svg") == 3
    words = " ".join(page.words)
    parts = ("macro-F1 in scope", "for 98%", "share right", "share answered alone", "said",
             "Confusion matrix", "Most confused", "Worst mistakes")  # fmt: skip
    for part in parts:
        assert part in words
    assert "script" not in page.tags
    assert all(link.startswith(("#", "data:")) for link in page.links)
    assert not re.search(r"url\((?!#)|@import", html)


def test_the_report_is_written_although_nobody_reads_the_figures(
    file: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "services.cli", "evaluate", "--report", str(tmp_path)]
    rows = ["--train", f"{file}:train", "--test", f"{file}:test"]
    with subprocess.Popen([*command, *rows], stdout=PIPE, stderr=PIPE) as running:
        assert running.stdout
        running.stdout.close()
    assert (tmp_path / "evaluation.html").is_file()


def test_texts_and_names_are_shown_as_they_are_never_as_markup(folder: Path) -> None:
    html = (folder / "evaluation.html").read_text(encoding="utf-8")
    assert "<script" not in html
    assert "<b>" not in html
    assert "a<b>&$c$" in Page(html).words


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('{"text": "hola", "intent": "a"}\n{"text": 1, "intent": "a"}', 'line 2: "text" is 1'),
        ('{"text": "hola", "intent": "a"}', "at least two intents with 2 different texts"),
    ],
)
def test_bad_rows_end_with_one_line_that_says_where(
    tmp_path: Path, content: str, complaint: str
) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text(content)
    done = aprendiz("--train", bad, "--test", bad)
    assert done.returncode == 1
    assert str(bad) in done.stderr
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("place", ["file", "file/x", "/proc/x"])
def test_a_report_that_cannot_be_written_is_refused_before_the_work(
    tmp_path: Path, file: Path, place: str
) -> None:
    (tmp_path / "file").touch()
    done = aprendiz("--train", "nowhere", "--test", file, "--report", tmp_path / place)
    assert done.returncode == 1
    assert "nothing can be written there" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_report_that_cannot_be_put_in_its_place_leaves_nothing(
    tmp_path: Path, file: Path
) -> None:
    (tmp_path / "evaluation.html").mkdir()
    done = aprendiz("--train", f"{file}:train", "--test", f"{file}:test", "--report", tmp_path)
    assert done.returncode == 1
    assert "nothing can be written there" in done.stderr
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []


def test_a_name_that_is_too_long_for_a_file_is_refused() -> None:
    done = aprendiz("--train", f"{'x' * 300}:train", "--test", "y")
    assert done.returncode == 1
    assert "File name too long" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_target_is_shown_with_all_its_decimals(file: Path, tmp_path: Path) -> None:
    rows = ("--train", f"{file}:train", "--test", f"{file}:test")
    assert "for 97.5%" in printed("evaluate", *rows, "--target", "0.975", "--report", tmp_path)
    # In the table and in the chart.
    assert (tmp_path / "evaluation.html").read_text(encoding="utf-8").count("for 97.5%") == 2


def test_a_name_with_colons_is_printed_as_it_is(tmp_path: Path) -> None:
    """Rich would make a picture of `:train:`, in a refusal as well as in a remark."""
    rows = [
        {"text": text, "intent": ":smile:" if intent == "saludo" else "oos", "split": "train"}
        for intent, texts in INTENTS.items()
        for text in texts
    ]
    file = write(tmp_path / "rows.jsonl", rows)
    page = printed("evaluate", "--train", f"{file}:train , train", "--test", write(tmp_path / "b", [
        {"text": "hola", "intent": ":heart:"},
    ]))  # fmt: skip
    assert ":heart: (1)" in page
    assert "oos: out of scope is __oos__" in page
    done = aprendiz("--train", f"{write(tmp_path / 'few', rows[:1])}:train", "--test", file)
    assert "few:train: A student needs" in done.stderr


@pytest.mark.parametrize("nothing", [":", ":,"])
def test_a_colon_without_a_split_does_not_take_all_rows(file: Path, nothing: str) -> None:
    done = aprendiz("--train", f"{file}:train", "--test", f"{file}{nothing}")
    assert done.returncode == 1
    assert done.stderr == f"aprendiz: {file}: no split is named behind the colon.\n"


def test_an_unknown_language_is_wrong_usage(file: Path) -> None:
    done = aprendiz("--train", file, "--test", file, "--language", "fr")
    assert done.returncode == 2
    assert "there are en, es" in done.stderr


def test_a_report_without_matplotlib_says_what_to_install(file: Path, tmp_path: Path) -> None:
    code = (
        "import sys, importlib.util as util; find = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name == 'matplotlib' else find(name, *rest)\n"
        "from services.cli import main; main()"
    )
    report = ["evaluate", "--train", str(file), "--test", str(file), "--report", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-c", code, *report], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "make setup" in done.stderr


def test_texts_are_read_in_the_language_that_is_named(tmp_path: Path) -> None:
    """`k` is `ok` in English and `que` in Spanish."""
    rows = [("ok thanks", "yes"), ("yes please", "yes"), ("no thanks", "no"), ("never", "no")]
    train = write(tmp_path / "a.jsonl", [{"text": text, "intent": name} for text, name in rows])
    test = write(tmp_path / "b.jsonl", [{"text": "k thx", "intent": "yes"}])
    files = ("--train", train, "--test", test)
    assert figures("evaluate", *files, "--language", "en")["also_in_training"] == 1
    assert figures("evaluate", *files)["also_in_training"] == 0
