"""Which TCP ports a private server listens on: free ones, chosen once and kept over restarts."""

import json
import random
import socket
from collections.abc import Sequence
from pathlib import Path

# Below Linux's ephemeral range (32768 and up): there, a client that keeps knocking while its server
# restarts can be given the server's own port as its source port, and the server cannot come back.
LOWEST, HIGHEST = 20_000, 32_000
ATTEMPTS = 200
PORTS_FILE = "ports.json"
_given: set[int] = set()  # by this process; whoever asked may not listen yet


class PortTaken(RuntimeError):
    """Another program listens where a server wants to; the message says how to choose anew."""


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A loopback port that nobody listens on, never the same again in this process."""
    for _ in range(ATTEMPTS):
        port = random.randint(LOWEST, HIGHEST)
        if port not in _given and is_free(port):
            _given.add(port)
            return port
    raise PortTaken(f"no free port found between {LOWEST} and {HIGHEST} in {ATTEMPTS} attempts")


def share_range(place: int, of: int) -> None:
    """Keep this process to its own part of the ports: `place` (from 0) of so many parts.

    For processes that ask for ports at the same time, and would take one another's.
    """
    global LOWEST, HIGHEST
    width = (HIGHEST - LOWEST) // of
    LOWEST, HIGHEST = LOWEST + place * width, LOWEST + (place + 1) * width - 1


def require_free(folder: Path, port: int) -> None:
    """Raise PortTaken when a server of this folder could not listen on the port it kept."""
    if not is_free(port):
        raise PortTaken(
            f"another program listens on port {port}; end it, or remove {folder / PORTS_FILE} "
            "so that another port is chosen"
        )


def kept_ports(folder: Path, names: Sequence[str]) -> dict[str, int]:
    """One port for each name, written to `ports.json` in the folder the first time."""
    file = folder / PORTS_FILE
    if file.exists():
        return {name: int(port) for name, port in json.loads(file.read_text()).items()}
    folder.mkdir(parents=True, exist_ok=True)
    ports: dict[str, int] = {}
    while len(ports) < len(names):
        ports[names[len(ports)]] = free_port()
    file.write_text(json.dumps(ports) + "\n")
    return ports
