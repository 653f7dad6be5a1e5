"""The simulated phone: a provider that is a table, for the terminal, the panel and tests."""

from datetime import UTC, datetime

from services.gateway.phone import Reply
from services.storage import deliveries
from services.storage.deliveries import Arrived
from services.storage.engine import Database


class SimulatedPhone:
    """Keeps what it is given; it knows for certain what has arrived."""

    can_be_asked = True

    def __init__(self, database: Database) -> None:
        """Texts arrive in this database."""
        self._database = database

    async def deliver(self, reply: Reply) -> str:
        """See ``Phone.deliver``; nothing is ever refused."""
        # Our own clock: SQLite's counts milliseconds, in which two replies would be in no order.
        arrived = Arrived(reply.id, reply.conversation_id, reply.text, datetime.now(UTC))
        async with self._database.begin() as connection:
            await deliveries.put_on_phone(connection, arrived)
        return _provider_id(reply.id)

    async def find(self, reply_id: str) -> str | None:
        """See ``Phone.find``."""
        async with self._database.read() as connection:
            arrived = await deliveries.is_on_phone(connection, reply_id)
        return _provider_id(reply_id) if arrived else None


def _provider_id(reply_id: str) -> str:
    return f"simulador.{reply_id}"
