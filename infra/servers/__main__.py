"""`python -m infra.servers`: private RabbitMQ and MariaDB for a machine without Docker."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from infra.servers.local import LocalServers
from infra.servers.packages import SERVER_PROGRAMS, MissingPackages, install, missing_packages
from infra.servers.ports import PortTaken
from infra.servers.process import ServerFailed
from infra.servers.services import LocalServices

HOME = Path(".local-servers")
GIVEN = ("APRENDIZ_TEST_AMQP_URL", "APRENDIZ_TEST_DATABASE_URL")


def up(options: argparse.Namespace) -> int:
    """Start the servers (and the services) and print the settings that lead to them."""
    servers = LocalServers(options.home)
    install(missing_packages(SERVER_PROGRAMS))
    servers.start()
    if options.services:
        _services(options.home).start(servers.settings)
        print(f"Services run; logs in {options.home / 'services'}/.", file=sys.stderr)
    _print_settings(servers.settings, as_json=options.json)
    return 0


def down(options: argparse.Namespace) -> int:
    """Stop the services and the servers; what they store stays."""
    if not options.home.exists():
        return 0
    _services(options.home).stop()
    LocalServers(options.home).stop()
    return 0


def status(options: argparse.Namespace) -> int:
    """Say what runs; exit code 1 unless both servers do."""
    running = LocalServers(options.home).running if options.home.exists() else {}
    everything = {**running, **(_services(options.home).running if running else {})}
    if options.json:
        print(json.dumps(everything))
    elif not everything:
        print(f"nothing was ever started in {options.home}")
    else:
        for name, lives in everything.items():
            print(f"{name:15}{'runs' if lives else 'is down'}")
    return 0 if running and all(running.values()) else 1


def packages(_: argparse.Namespace) -> int:
    """Install the system packages that are missing; needless where both servers are given."""
    try:
        install(missing_packages())
    except MissingPackages as problem:
        if not all(name in os.environ for name in GIVEN):
            raise
        print(f"{problem}\nGoing on with the given servers: tests that kill one will fail.")
    return 0


def _services(home: Path) -> LocalServices:
    return LocalServices(home / "services")


def _print_settings(settings: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(settings))
    else:
        print("\n".join(f"{name}={value}" for name, value in settings.items()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.servers", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    runs: list[tuple[str, Callable[[argparse.Namespace], int]]] = [
        ("up", up),
        ("down", down),
        ("status", status),
        ("install", packages),
    ]
    for name, run in runs:
        command = commands.add_parser(name, help=run.__doc__, description=run.__doc__)
        command.set_defaults(run=run)
        command.add_argument("--home", type=Path, default=HOME, help=f"default: {HOME}/")
        command.add_argument("--json", action="store_true", help="print JSON")
        if run is up:
            command.add_argument("--services", action="store_true", help="start the services too")
    return parser


def main() -> int:
    """Run one command; the exit code."""
    options = _parser().parse_args()
    try:
        return int(options.run(options))
    except (MissingPackages, PortTaken, ServerFailed) as problem:
        print(problem, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
