"""Routing: which queues take a message, by its exchange and key."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from contracts.topology import Arguments, Binding

DEFAULT_EXCHANGE = ""
"""Takes every key to the queue of that name."""
REMEMBERED_KEYS = 1024


def matches(pattern: str, key: str) -> bool:
    """Whether a topic pattern takes a key: ``*`` is one word, ``#`` any number of them."""
    return _match(_words(pattern), _words(key))


def _words(dotted: str) -> list[str]:
    return dotted.split(".") if dotted else []


def _match(pattern: Sequence[str], words: Sequence[str]) -> bool:
    if not pattern:
        return not words
    head, rest = pattern[0], pattern[1:]
    if head == "#":
        return any(_match(rest, words[skipped:]) for skipped in range(len(words) + 1))
    return bool(words) and head in ("*", words[0]) and _match(rest, words[1:])


class Routes:
    """Everything that is declared, as of one version of the topology.

    Attributes:
        queues: the arguments of every queue, by its name.
    """

    def __init__(
        self,
        exchanges: Mapping[str, str],
        queues: Mapping[str, Arguments],
        bindings: Iterable[Binding],
    ) -> None:
        """Take exchanges as name to kind; answers are remembered, so none of it may change."""
        self.queues = queues
        self._exchanges = exchanges
        self._bindings = list(bindings)
        self.of = lru_cache(REMEMBERED_KEYS)(self._find)

    def _find(self, exchange: str, key: str) -> tuple[str, ...]:
        """The queues that each get a copy; none for an unknown exchange."""
        if exchange == DEFAULT_EXCHANGE:
            return (key,) if key in self.queues else ()
        fanout = self._exchanges.get(exchange) == "fanout"
        taken = (
            bound.queue
            for bound in self._bindings
            if bound.exchange == exchange and (fanout or matches(bound.key, key))
        )
        return tuple(dict.fromkeys(taken))
