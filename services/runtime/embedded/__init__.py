"""The embedded broker: the port's promises, kept in one SQLite file on a local disk."""

from services.runtime.embedded.broker import EmbeddedBroker

__all__ = ["EmbeddedBroker"]
