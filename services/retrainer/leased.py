"""Holds a lease as long as the work under it takes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from services.storage import leases
from services.storage.engine import Database
from services.storage.errors import DatabaseAway
from services.storage.leases import Lease

log = structlog.get_logger(__name__)


@asynccontextmanager
async def leased(
    database: Database, name: str, holder: str, seconds: float
) -> AsyncIterator[Lease | None]:
    """Hold a lease for what is done within; None while another holds it.

    It is held for so many seconds, unless it is renewed, and given back at the end.
    """
    async with database.begin() as connection:
        lease = await leases.acquire(connection, name, holder, seconds)
    try:
        yield lease
    finally:
        if lease is not None:
            await _give_back(database, lease)


async def _give_back(database: Database, lease: Lease) -> None:
    """Whatever came of the work counts more than that its lease is kept until it runs out."""
    try:
        async with database.begin() as connection:
            await leases.release(connection, lease)
    except DatabaseAway as error:
        log.warning("a lease runs out by itself", lease=lease.name, why=str(error))
