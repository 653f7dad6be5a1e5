"""What is stored comes back the same, whatever the database."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from sqlalchemy import insert, select, text

from services.storage.clock import now
from services.storage.engine import Database
from services.storage.errors import DatabaseError
from services.storage.migrate import upgrade
from services.storage.tables import leases, mensajes_fallidos, productos, training_samples

BOGOTA = timezone(timedelta(hours=-5))
KIRITIMATI = timezone(timedelta(hours=14))


@pytest.mark.parametrize(
    "words", ["👍🏽 ¿tienes el de 1/2 kilo? 🇨🇴", "niño", "", "a'b\"c\\d%s:x\n"]
)
async def test_words_come_back_as_they_were_written(database: Database, words: str) -> None:
    async with database.begin() as connection:
        await connection.execute(insert(training_samples).values(texto=words))
    async with database.read() as connection:
        assert await connection.scalar(select(training_samples.c.texto)) == words


async def test_ids_that_differ_in_an_accent_or_a_capital_are_different(database: Database) -> None:
    names = ["si", "sí", "SÍ", "Si", "ñ", "n"]
    async with database.begin() as connection:
        for number, name in enumerate(names):
            await connection.execute(insert(leases).values(name=name, token=number))
    async with database.read() as connection:
        token = select(leases.c.token).where(leases.c.name == "SÍ")
        assert await connection.scalar(token) == names.index("SÍ")


@pytest.mark.parametrize("zone", [UTC, BOGOTA, KIRITIMATI])
async def test_a_moment_keeps_its_microseconds_whatever_zone_it_was_told_in(
    database: Database, zone: timezone
) -> None:
    moment = datetime(2026, 2, 28, 23, 59, 59, 123456, tzinfo=zone)
    async with database.begin() as connection:
        await connection.execute(insert(leases).values(name="a", token=1, expires_at=moment))
    async with database.read() as connection:
        stored = await connection.scalar(select(leases.c.expires_at))
    assert stored == moment
    assert stored.utcoffset() == timedelta(0)


async def test_moments_of_different_zones_sort_by_time(database: Database) -> None:
    earlier = datetime(2026, 1, 1, 12, 0, 0, 1, tzinfo=KIRITIMATI)
    later = datetime(2026, 1, 1, 1, 0, tzinfo=BOGOTA)
    async with database.begin() as connection:
        rows = [("later", later), ("earlier", earlier)]
        values = [{"name": name, "token": 0, "expires_at": at} for name, at in rows]
        await connection.execute(insert(leases), values)
    async with database.read() as connection:
        names = await connection.scalars(select(leases.c.name).order_by(leases.c.expires_at))
        assert list(names) == ["earlier", "later"]


async def test_a_naive_moment_is_refused(database: Database) -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - the mistake under test
    with pytest.raises(ValueError, match="names no time zone"):
        async with database.begin() as connection:
            await connection.execute(insert(leases).values(name="a", token=1, expires_at=naive))


async def test_the_databases_clock_is_utc_and_close_to_ours(database: Database) -> None:
    async with database.read() as connection:
        told = await now(connection)
    assert abs(told - datetime.now(UTC)) < timedelta(seconds=5)


async def test_documents_and_bytes_come_back_as_they_were(database: Database) -> None:
    headers = {"aprendiz-error": "¡no! 🙈", "aprendiz-attempt": 3}
    body = bytes(range(256)) * 300
    async with database.begin() as connection:
        row = {"failure_key": "k", "source_queue": "q", "routing_key": "r", "reason": "invalid"}
        rest = {"error": "e", "attempts": 1, "state": "buried", "buried_at": datetime.now(UTC)}
        await connection.execute(
            insert(mensajes_fallidos).values(**row, **rest, body=body, headers=headers)
        )
    async with database.read() as connection:
        stored = (await connection.execute(select(mensajes_fallidos))).one()
    assert (stored.body, stored.headers) == (body, headers)


async def test_prices_are_exact(database: Database) -> None:
    prices = [Decimal("0.10"), Decimal("19.99"), Decimal("123456789012.35")]
    async with database.begin() as connection:
        rows = [{"nombre": str(price), "precio": price} for price in prices]
        await connection.execute(insert(productos), rows)
    async with database.read() as connection:
        assert list(await connection.scalars(select(productos.c.precio))) == prices


async def test_what_is_too_long_is_refused_not_cut(mariadb_url: str) -> None:
    await upgrade(mariadb_url)
    async with Database.open(mariadb_url) as database:
        with pytest.raises(DatabaseError, match="too long"):
            async with database.begin() as connection:
                await connection.execute(insert(leases).values(name="n" * 65, token=1))


async def test_a_latin1_database_holds_emoji_all_the_same(mariadb_url: str) -> None:
    async with Database.open(mariadb_url) as database:
        async with database.begin() as connection:
            await connection.execute(
                text(f"ALTER DATABASE `{database.url.database}` CHARACTER SET latin1")
            )
        await upgrade(mariadb_url)
        async with database.begin() as connection:
            await connection.execute(insert(training_samples).values(texto="🙂"))
        async with database.read() as connection:
            assert await connection.scalar(select(training_samples.c.texto)) == "🙂"
