"""Work that one process at a time may do, fenced: who lost the lease can change nothing."""

import os
import secrets
import socket
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.storage.clock import now
from services.storage.errors import LeaseLost
from services.storage.tables import leases
from services.storage.upsert import insert_ignore


@dataclass(frozen=True, slots=True)
class Lease:
    """A held lease. Its token is higher than that of every holder before."""

    name: str
    holder: str
    token: int


def this_process() -> str:
    """A name for a holder in this process, another one each time: readable, and never met again."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


async def acquire(
    connection: AsyncConnection, name: str, holder: str, seconds: float
) -> Lease | None:
    """Take the lease for so long on the database's clock; None while another holds it.

    A holder that asks again gets a new token: what it began under the old one is lost.
    """
    row = await _locked(connection, name)
    moment = await now(connection)
    if row.holder not in (None, holder) and row.expires_at > moment:
        return None
    lease = Lease(name, holder, row.token + 1)
    taken = {
        "holder": holder,
        "token": lease.token,
        "expires_at": moment + timedelta(seconds=seconds),
    }
    await connection.execute(update(leases).where(leases.c.name == name).values(taken))
    return lease


async def renew(connection: AsyncConnection, lease: Lease, seconds: float) -> None:
    """Hold the lease for so long from now on; raises LeaseLost."""
    await confirm(connection, lease)
    until = await now(connection) + timedelta(seconds=seconds)
    held = update(leases).where(leases.c.name == lease.name)
    await connection.execute(held.values(expires_at=until))


async def confirm(connection: AsyncConnection, lease: Lease) -> None:
    """Make sure that the lease is held, until the end of this transaction.

    Raises:
        LeaseLost: it ran out or another has it; let the transaction be rolled back.
    """
    row = await _locked(connection, lease.name)
    held = (row.holder, row.token) == (lease.holder, lease.token)
    if not held or row.expires_at <= await now(connection):
        raise LeaseLost(f"{lease.holder} no longer holds {lease.name!r}: it ran out or was taken")


async def release(connection: AsyncConnection, lease: Lease) -> None:
    """Give the lease back; one that was lost meanwhile is left alone."""
    given_back = update(leases).where(
        leases.c.name == lease.name, leases.c.token == lease.token, leases.c.holder == lease.holder
    )
    await connection.execute(given_back.values(holder=None, expires_at=None))


async def _locked(connection: AsyncConnection, name: str) -> Row[Any]:
    # A row that is not there yet cannot be locked.
    free = {"name": name, "holder": None, "token": 0, "expires_at": None}
    await insert_ignore(connection, leases, [free])
    query = select(leases).where(leases.c.name == name).with_for_update()
    return (await connection.execute(query)).one()
