"""Settings are read whole, written with their history, and secrets are never shown."""

from sqlalchemy import insert, select

from services.storage import secrets, settings, versions
from services.storage.engine import Database
from services.storage.settings import MASK
from services.storage.tables import auditoria, configuracion_plataforma

KEY = secrets.encryption_key(b"the installation's secret")


async def _history(database: Database) -> list[tuple[str, str | None, str | None]]:
    async with database.read() as connection:
        rows = await connection.execute(select(auditoria).order_by(auditoria.c.id))
        return [(row.target, row.before, row.after) for row in rows]


async def test_what_is_written_is_read_under_a_new_version(database: Database) -> None:
    async with database.begin() as connection:
        assert await settings.write(connection, {"ml_umbral_confianza": "80"}, "ana") == 1
        assert await settings.write(connection, {"ml_umbral_confianza": "85", "b": "2"}, "eva") == 2
    async with database.read() as connection:
        stored = await settings.read(connection)
        assert (await versions.read(connection))[versions.SETTINGS] == 2
    assert stored == (2, {"ml_umbral_confianza": "85", "b": "2"})
    assert await _history(database) == [
        ("ml_umbral_confianza", None, "80"),
        ("ml_umbral_confianza", "80", "85"),
        ("b", None, "2"),
    ]


async def test_none_takes_a_key_out(database: Database) -> None:
    async with database.begin() as connection:
        await settings.write(connection, {"a": "1"}, "ana")
        await settings.write(connection, {"a": None, "never_there": None}, "ana")
        assert (await settings.read(connection)).values == {}
    assert await _history(database) == [("a", None, "1"), ("a", "1", None)]


async def test_a_secret_comes_back_and_its_history_shows_none_of_it(database: Database) -> None:
    plain = {"clave": "openai_api_key", "valor": "sk-plain-of-before"}
    sealed = secrets.encrypt(KEY, "sk-ñ-new")
    async with database.begin() as connection:
        await connection.execute(insert(configuracion_plataforma).values(plain))
        await settings.write(connection, {"openai_api_key": sealed}, "ana")
        await settings.write(connection, {"openai_api_key": None}, "ana")
        await settings.write(connection, {"openai_api_key": sealed}, "ana")
    async with database.read() as connection:
        stored = (await settings.read(connection)).values["openai_api_key"]
    assert stored is not None
    assert "sk-ñ-new" not in stored
    assert secrets.decrypt(KEY, stored) == "sk-ñ-new"
    assert await _history(database) == [
        ("openai_api_key", MASK, MASK),
        ("openai_api_key", MASK, None),
        ("openai_api_key", None, MASK),
    ]
