"""The system packages that the tests and `make up` need: what is missing, and installing it.

Standard library only: `infra/setup.sh` runs it before there is a virtual environment.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

# Which Debian package brings each program.
SERVER_PROGRAMS = {
    "rabbitmq-server": "rabbitmq-server",
    "epmd": "rabbitmq-server",
    "mariadbd": "mariadb-server",
    "mariadb-install-db": "mariadb-server",
}
PROGRAMS = {
    **SERVER_PROGRAMS,
    "amqp-publish": "amqp-tools",
    "node": "nodejs",
    "npm": "npm",
}
# Debian's /usr/sbin/rabbitmq-server switches user, so its own folder comes first; a user's PATH
# lacks the sbin folders.
FOLDERS = ("/usr/lib/rabbitmq/bin", *os.get_exec_path(), "/usr/sbin", "/sbin")
POLICY = Path("/usr/sbin/policy-rc.d")
POLICY_START_NOTHING = "#!/bin/sh\nexit 101\n"
OUTPUT_TAIL_LINES = 25


class MissingPackages(RuntimeError):
    """Programs are missing that could not be installed; the message says how to go on."""


def program(name: str) -> str:
    """The full path of a program of PROGRAMS; raises MissingPackages when it is not installed."""
    path = shutil.which(name, path=os.pathsep.join(FOLDERS))
    if path is None:
        raise MissingPackages(_advice([PROGRAMS[name]], f"the program {name} is not installed."))
    return path


def missing_packages(programs: Mapping[str, str] = PROGRAMS) -> list[str]:
    """The Debian packages of the programs that are not installed, each once."""
    absent = (n for n in programs if shutil.which(n, path=os.pathsep.join(FOLDERS)) is None)
    return list(dict.fromkeys(programs[name] for name in absent))


def install(packages: Sequence[str]) -> None:
    """Install Debian packages without starting what they bring; takes a minute or two.

    Raises MissingPackages when there is no apt, no right to use it, or it fails.
    """
    if not packages:
        return
    rights = _rights(packages)
    print(f"Installing {' '.join(packages)} (a minute or two) ...", flush=True)
    with _services_stay_down(rights):
        _run(packages, [*rights, "apt-get", "-qq", "update"])
        _run(
            packages,
            [
                *rights,
                "env",
                "DEBIAN_FRONTEND=noninteractive",
                "apt-get",
                *("-qq", "-y", "-o", "DPkg::Lock::Timeout=300"),
                *("install", "--no-install-recommends"),
                *packages,
            ],
        )


def _rights(packages: Sequence[str]) -> list[str]:
    """What to put before a command so that it runs as root: nothing, or sudo without a password."""
    if shutil.which("apt-get") is None:
        raise MissingPackages(_advice(packages, "this system has no apt-get."))
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo is None or subprocess.run([sudo, "-n", "true"], capture_output=True).returncode != 0:
        raise MissingPackages(_advice(packages, "installing needs root or sudo without password."))
    return [sudo, "-n"]


def _run(packages: Sequence[str], command: list[str]) -> None:
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    if done.returncode != 0:
        tail = "\n  ".join(done.stdout.splitlines()[-OUTPUT_TAIL_LINES:])
        raise MissingPackages(_advice(packages, f"{' '.join(command)} failed:\n  {tail}\n"))


@contextlib.contextmanager
def _services_stay_down(rights: list[str]) -> Iterator[None]:
    """Debian starts a server as it installs it, unless this script says no; an existing one rules.

    Ours would otherwise share the machine with a RabbitMQ and a MariaDB that nobody asked for.
    """
    if POLICY.exists():
        yield
        return
    with tempfile.NamedTemporaryFile("w") as script:
        script.write(POLICY_START_NOTHING)
        script.flush()
        subprocess.run([*rights, "install", "-m", "755", script.name, str(POLICY)], check=True)
    try:
        yield
    finally:
        subprocess.run([*rights, "rm", "-f", str(POLICY)], check=True)


def _advice(packages: Sequence[str], cause: str) -> str:
    return (
        f"Aprendiz's servers cannot be set up: {cause}\n"
        f"Either install them:  apt-get install {' '.join(packages)}\n"
        "or name running servers in the environment:  APRENDIZ_TEST_AMQP_URL and "
        "APRENDIZ_TEST_DATABASE_URL; only tests that stop or kill a server need the packages even "
        "then (docs/development.md)."
    )


def main(packages: Sequence[str]) -> int:
    """Install the named packages, or by default the servers' missing ones; the exit code."""
    try:
        install(packages or missing_packages())
    except MissingPackages as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
