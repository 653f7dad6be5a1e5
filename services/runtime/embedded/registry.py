"""The topology in the file: what is declared, and the private queues of those who listen."""

import json
import sqlite3
from collections.abc import Iterator, Sequence

from contracts.topology import EXCHANGE, Arguments, Binding, Exchange, Queue, Topology
from services.runtime.embedded.routing import Routes


class Registry:
    """Exchanges, queues and bindings. Every call belongs into the caller's transaction."""

    def __init__(self, database: sqlite3.Connection) -> None:
        """Nothing is read until it is asked for."""
        self._database = database
        self._version = -1
        self._routes = Routes({}, {}, ())

    @property
    def routes(self) -> Routes:
        """What is declared now, also by other processes; read anew only when it changed."""
        version = self._database.execute("SELECT version FROM topology").fetchone()[0]
        if version != self._version:
            self._routes = self._read()
            self._version = version
        return self._routes

    def _read(self) -> Routes:
        execute = self._database.execute
        return Routes(
            exchanges=dict(execute("SELECT name, kind FROM exchanges")),
            queues={
                name: json.loads(arguments)
                for name, arguments in execute("SELECT name, arguments FROM queues")
            },
            bindings=map(Binding._make, execute("SELECT exchange, queue, key FROM bindings")),
        )

    def declare(self, topology: Topology) -> dict[str, str]:
        """Add what is missing; returns what exists with other arguments, in words, by name."""
        found = {exchange.name: self._add_exchange(exchange) for exchange in topology.exchanges}
        found |= {queue.name: self._add_queue(queue) for queue in topology.queues}
        self._bind(topology.bindings)
        self._changed()
        return {name: words for name, words in found.items() if words}

    def _add_exchange(self, exchange: Exchange) -> str:
        self._database.execute("INSERT OR IGNORE INTO exchanges VALUES (?, ?)", exchange)
        found = self._database.execute(
            "SELECT kind FROM exchanges WHERE name = ?", (exchange.name,)
        ).fetchone()[0]
        return "" if found == exchange.kind else f"its kind is {found}, not {exchange.kind}"

    def _add_queue(self, queue: Queue, owner: int | None = None) -> str:
        self._database.execute(
            "INSERT OR IGNORE INTO queues VALUES (?, ?, ?)",
            (queue.name, json.dumps(dict(queue.arguments)), owner),
        )
        found = self._database.execute(
            "SELECT arguments FROM queues WHERE name = ?", (queue.name,)
        ).fetchone()[0]
        return ", ".join(_differences(queue.arguments, json.loads(found)))

    def _bind(self, bindings: Sequence[Binding]) -> None:
        self._database.executemany("INSERT OR IGNORE INTO bindings VALUES (?, ?, ?)", bindings)

    def _changed(self) -> None:
        self._database.execute("UPDATE topology SET version = version + 1")

    def add_private(self, name: str, keys: Sequence[str], owner: int) -> None:
        """Make a queue that disappears with its owner, bound to the events' exchange."""
        self._add_queue(Queue(name, {}), owner)
        self._bind([Binding(EXCHANGE, name, key) for key in keys])
        self._changed()

    def private_queues(self, owner: int) -> list[str]:
        """The names of the queues that disappear with this consumer."""
        rows = self._database.execute("SELECT name FROM queues WHERE owner = ?", (owner,))
        return [name for (name,) in rows]

    def drop_private(self, owner: int) -> None:
        """Remove an owner's queues, their bindings and what waits in them."""
        for name in self.private_queues(owner):
            for statement in _DROP:
                self._database.execute(statement, (name,))
            self._changed()


_DROP = (
    "DELETE FROM messages WHERE queue = ?",
    "DELETE FROM bindings WHERE queue = ?",
    "DELETE FROM queues WHERE name = ?",
)


def _differences(wanted: Arguments, found: Arguments) -> Iterator[str]:
    for argument in sorted({*wanted, *found}):
        has, wants = found.get(argument), wanted.get(argument)
        if has != wants:
            yield f"its {argument} is {has!r}, not {wants!r}"
