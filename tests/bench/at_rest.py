"""What ``aprendiz run all`` takes when nobody writes: resident memory and CPU.

``python -m tests.bench.at_rest [--seconds 60]`` starts it on an empty home, waits for the first
model and for the trainer to leave, and then watches the process.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

COMMAND = Path(sys.executable).with_name("aprendiz")
START_SECONDS = 120
SETTLE_SECONDS = 15


def environment(home: Path) -> dict[str, str]:
    """A shop of its own, on ports of its own."""
    own = {"HOME": str(home / "home"), "MODELS_DIR": str(home / "models")}
    own |= {"HTTP_PORT": "0", "METRICS_PORT": "0", "LOG_LEVEL": "warning"}
    return {**os.environ, **{f"APRENDIZ_{name}": value for name, value in own.items()}}


def wait_for_model(env: dict[str, str]) -> None:
    """Until ``aprendiz doctor`` is content, the first model included."""
    deadline = time.monotonic() + START_SECONDS
    while subprocess.run([COMMAND, "doctor"], env=env, capture_output=True).returncode != 0:
        if time.monotonic() > deadline:
            raise SystemExit(f"no model after {START_SECONDS} s")
        time.sleep(1)


def main() -> None:
    """Measure and print one row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory(prefix="aprendiz-bench-") as folder:
        env = environment(Path(folder))
        subprocess.run([COMMAND, "db", "upgrade"], env=env, check=True, capture_output=True)
        process = psutil.Popen([COMMAND, "run", "all", "--no-chat"], env=env)
        try:
            wait_for_model(env)
            time.sleep(SETTLE_SECONDS)
            before = process.cpu_times()
            time.sleep(seconds)
            after = process.cpu_times()
            used = after.user + after.system - before.user - before.system
            children = len(process.children(recursive=True))
            resident = process.memory_info().rss / 2**20
        finally:
            process.terminate()
            process.wait(30)
    print("| resident MB | CPU % of a core | child processes |\n|---|---|---|")
    print(f"| {resident:.0f} | {used / seconds * 100:.1f} | {children} |")


if __name__ == "__main__":
    main()
