"""The intent catalogue in force in this process, read again whenever the shop has edited it."""

from services.router.case import Catalogue
from services.storage import catalogue
from services.storage.engine import Database


class CatalogueInForce:
    """Holds the active intents; a batch takes ``current`` once and keeps it."""

    def __init__(self, database: Database) -> None:
        """Nothing is read before it is asked for."""
        self._database = database
        self._intents: Catalogue | None = None

    async def current(self) -> Catalogue:
        """The active intents by name; raises DatabaseAway if they were never read."""
        return await self.reload() if self._intents is None else self._intents

    async def reload(self) -> Catalogue:
        """Read what the shop has now."""
        async with self._database.read() as connection:
            intents = await catalogue.read(connection)
        self._intents = {intent.name: intent for intent in intents}
        return self._intents
