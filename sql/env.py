"""Runs migrations for Alembic: on the connection of `services.storage.migrate`, or by hand."""

import asyncio
import os

from alembic import context
from sqlalchemy import Connection

from services.storage.migrate import VERSION_TABLE, alone
from services.storage.tables import metadata


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table=VERSION_TABLE,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def _by_hand() -> None:
    async with alone(os.environ["APRENDIZ_DATABASE_URL"]) as connection:
        await connection.run_sync(_run)


if context.is_offline_mode():
    raise SystemExit("A migration looks at the tables that are there: it cannot be printed as SQL")

given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    asyncio.run(_by_hand())
