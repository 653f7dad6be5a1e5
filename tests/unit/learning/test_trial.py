"""How a student is tried out: what is timed, and what is not."""

import subprocess
import sys

from services.learning.judging.trial import try_out
from services.learning.student import Example

_TIMED = """
from time import perf_counter
from services.learning.judging.trial import try_out
from services.learning.spelling import dictionary
from services.learning.student import Example

reading = []

def clock():
    began = perf_counter()
    dictionary("es")
    reading.append(perf_counter() - began)
    return began

rows = [Example(text, text[0]) for text in ("a hola", "a buenas", "b precio", "b cuesta")]
try_out(rows, rows, language="es", target=0.95, clock=clock)
print(max(reading))
"""


def test_reading_the_words_of_a_language_is_not_counted_as_training() -> None:
    """A new process has not read them: that takes longer than to learn a few hundred rows."""
    done = subprocess.run([sys.executable, "-c", _TIMED], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 0.1


def test_test_texts_are_known_as_the_student_reads_them(few_rows: list[Example]) -> None:
    """Upper case and spaces hide no training text."""
    known = Example(f"  {few_rows[0].text.upper()} ", few_rows[0].intent)
    found = try_out(few_rows, [known, Example("nada de eso", "horario")], language="es", target=0.9)
    assert found.evaluation.also_in_training == 1
