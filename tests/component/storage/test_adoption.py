"""A shop's own tables are adopted as they are, or refused with everything that is in the way."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, inspect, select, text

from contracts.catalogue import CatalogueIntent
from services.storage import catalogue, samples, secrets, settings, shop
from services.storage.engine import Database
from services.storage.errors import AdoptionRefused
from services.storage.migrate import SchemaState, check, downgrade, require_current, upgrade
from services.storage.tables import configuracion_plataforma, training_samples
from services.storage.upsert import insert_ignore

HERE = Path(__file__).parent
SHOPS = (
    "empresas",
    "configuracion_plataforma",
    "intenciones_sistema",
    "training_samples",
    "metricas_modelo",
)
KEY = "sk-plain-of-the-first-version"

Snapshot = dict[str, tuple[list[str], list[dict[str, Any]], list[tuple[Any, ...]]]]


async def _run(url: str, script: str) -> None:
    async with Database.open(url) as database, database.begin() as connection:
        for statement in script.split(";\n"):
            if statement.strip():
                await connection.exec_driver_sql(statement.replace("%", "%%"))


async def _load_first_version(url: str) -> None:
    kind = "sqlite" if url.startswith("sqlite") else "mysql"
    await _run(url, (HERE / f"first_version.{kind}.sql").read_text(encoding="utf-8"))


def _snapshot(connection: Connection, columns: dict[str, list[str]] | None = None) -> Snapshot:
    """The shop's columns, foreign keys and rows, every value as the database writes it."""
    taken: Snapshot = {}
    inspector = inspect(connection)
    binary = "CAST({} AS BINARY)" if connection.dialect.name == "mysql" else "CAST({} AS BLOB)"
    for name in SHOPS:
        names = [each["name"] for each in inspector.get_columns(name)]
        chosen = columns[name] if columns else names
        values = ", ".join(binary.format(each) for each in chosen)
        rows = connection.execute(text(f"SELECT {values} FROM {name} ORDER BY id"))
        keys = [dict(each) for each in inspector.get_foreign_keys(name)]
        taken[name] = (chosen, keys, [tuple(row) for row in rows])
    return taken


def _definitions(connection: Connection) -> list[str]:
    """How the database itself describes the shop's tables."""
    if connection.dialect.name == "mysql":
        return [connection.execute(text(f"SHOW CREATE TABLE {each}")).one()[1] for each in SHOPS]
    query = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name = :name ORDER BY name"
    return [sql for each in SHOPS for sql in connection.scalars(text(query), {"name": each}).all()]


async def _read(url: str, question: Any, *arguments: Any) -> Any:
    async with Database.open(url) as database, database.read() as connection:
        return await connection.run_sync(question, *arguments)


async def test_the_shops_rows_columns_and_foreign_keys_stay_byte_for_byte(
    database_url: str,
) -> None:
    await _load_first_version(database_url)
    before: Snapshot = await _read(database_url, _snapshot)
    await upgrade(database_url)
    await require_current(database_url)
    columns = {name: each[0] for name, each in before.items()}
    assert await _read(database_url, _snapshot, columns) == before


async def test_going_down_leaves_the_shops_tables_as_they_were(database_url: str) -> None:
    await _load_first_version(database_url)
    definitions, rows = (
        await _read(database_url, _definitions),
        await _read(database_url, _snapshot),
    )
    await upgrade(database_url)
    assert await _read(database_url, _definitions) != definitions
    await downgrade(database_url)
    assert await _read(database_url, _definitions) == definitions
    assert await _read(database_url, _snapshot) == rows
    tables = await _read(database_url, lambda each: inspect(each).get_table_names())
    assert {each for each in tables if not each.startswith("sqlite_")} == set(SHOPS)


async def test_settings_of_others_and_a_plain_key_are_read_and_left_alone(
    database_url: str,
) -> None:
    await _load_first_version(database_url)
    await upgrade(database_url)
    async with Database.open(database_url) as database:
        async with database.begin() as connection:
            changes = {"ml_umbral_confianza": "85", "ml_auto_retrain_examples": "50"}
            await settings.write(connection, changes, "ana")
        async with database.read() as connection:
            values = (await settings.read(connection)).values
            query = select(text("descripcion, tipo")).select_from(configuracion_plataforma)
            others = query.where(configuracion_plataforma.c.clave == "ml_umbral_confianza")
            kept = (await connection.execute(others)).one()
    assert values["openai_api_key"] == KEY
    assert secrets.decrypt(secrets.encryption_key(b"any"), KEY) == KEY
    assert values["whatsapp_bienvenida"] == "¡Hola! 👋 ¿En qué te ayudo?"
    assert values["ml_umbral_confianza"] == "85"
    assert values["ml_auto_retrain_examples"] == "50"
    assert tuple(kept) == ("Umbral en porcentaje", "numero")


async def test_the_shops_catalogue_is_the_truth_and_is_not_seeded_over(database_url: str) -> None:
    await _load_first_version(database_url)
    await upgrade(database_url)
    intent = CatalogueIntent(name="pago", description="d", action="reply", reply="r")
    async with Database.open(database_url) as database, database.begin() as connection:
        assert not await catalogue.seed(connection, [intent])
        greeting, other = sorted(await catalogue.read(connection), key=lambda each: -len(each.name))
    assert (greeting.name, greeting.active, greeting.action) == ("Domicilio Bogotá", True, None)
    assert (other.name, other.reply) == ("saludo", "¡Buenas! 🥖")


async def test_adopted_tables_take_our_rows_and_refuse_repeats(database_url: str) -> None:
    await _load_first_version(database_url)
    await upgrade(database_url)
    async with Database.open(database_url) as database, database.begin() as connection:
        for words in ("🙂 sí", "another"):
            row = {"event_id": "e-1", "texto": words, "intencion": "saludo"}
            await insert_ignore(connection, training_samples, [row])
        query = select(training_samples.c.texto).order_by(training_samples.c.id)
        assert list(await connection.scalars(query))[-2:] == ["sí", "🙂 sí"]


_CONFLICTS = """
CREATE TABLE configuracion_plataforma (
  id INTEGER PRIMARY KEY, clave INTEGER, valor DATE, idioma VARCHAR(5) NOT NULL
);
CREATE TABLE training_samples (
  texto VARCHAR(5000) NOT NULL, confianza DATETIME
);
CREATE TABLE intenciones_sistema (
  id INTEGER PRIMARY KEY, nombre VARCHAR(80), padre INTEGER NOT NULL
);
INSERT INTO intenciones_sistema VALUES (1, 'pago', 0), (2, 'envio', 0), (3, 'pago', 0);
"""


async def test_all_that_stands_in_the_way_is_listed_at_once_and_nothing_changed(
    database_url: str,
) -> None:
    await _run(database_url, _CONFLICTS)
    if database_url.startswith("mysql"):
        await _run(
            database_url, "ALTER TABLE configuracion_plataforma MODIFY id INT AUTO_INCREMENT;\n"
        )
        await _run(database_url, "ALTER TABLE intenciones_sistema MODIFY id INT AUTO_INCREMENT;\n")
    with pytest.raises(AdoptionRefused, match="nothing was changed") as refused:
        await upgrade(database_url)
    starts = {
        "configuracion_plataforma.clave is ": "must hold text",
        "configuracion_plataforma.valor is ": "must hold text",
        "configuracion_plataforma.idioma is NOT NULL": "give it a default",
        "intenciones_sistema.padre is NOT NULL": "give it a default",
        "intenciones_sistema(nombre) must be unique": "there twice: pago",
        "training_samples has no column id": "numbers its rows",
        "training_samples.confianza is ": "must hold numbers",
    }
    conflicts = refused.value.conflicts
    for start, cure in starts.items():
        assert [each for each in conflicts if each.startswith(start) and cure in each], start
    assert len(conflicts) == len(starts), conflicts
    assert all(conflict in str(refused.value) for conflict in conflicts)
    tables = await _read(database_url, lambda each: inspect(each).get_table_names())
    assert set(tables) == {
        "configuracion_plataforma",
        "intenciones_sistema",
        "training_samples",
    }
    assert await check(database_url) is SchemaState.EMPTY


@pytest.mark.parametrize("number", ["INT NOT NULL PRIMARY KEY", "INT PRIMARY KEY", "INTEGER"])
async def test_a_number_that_sqlite_does_not_count_is_refused(sqlite_url: str, number: str) -> None:
    await _run(sqlite_url, f"CREATE TABLE training_samples (id {number}, texto TEXT);\n")
    with pytest.raises(AdoptionRefused, match=r"training_samples\.id does not number the rows"):
        await upgrade(sqlite_url)


@pytest.mark.parametrize(
    ("table", "obstacle"),
    [
        (
            "training_samples (id INT AUTO_INCREMENT PRIMARY KEY, texto VARCHAR(200))",
            "training_samples.texto holds 200 characters: it needs 4096 at least",
        ),
        (
            "training_samples (id INT AUTO_INCREMENT PRIMARY KEY, texto TEXT CHARACTER SET latin1)",
            "ALTER TABLE training_samples CONVERT TO CHARACTER SET utf8mb4",
        ),
        (
            "configuracion_plataforma (id INT AUTO_INCREMENT PRIMARY KEY, clave TEXT, valor TEXT)",
            "configuracion_plataforma(clave) must be unique, and TEXT cannot be",
        ),
        (
            "intenciones_sistema (id CHAR(36) PRIMARY KEY, nombre VARCHAR(80) UNIQUE)",
            "intenciones_sistema.id is NOT NULL without a default, and we don't fill it",
        ),
        (
            "intenciones_sistema (nombre VARCHAR(80) PRIMARY KEY, accion ENUM('a','b'))",
            "intenciones_sistema.accion is ENUM('a', 'b'): it must hold text",
        ),
    ],
    ids=["too short", "no emoji", "text as a key", "a key that nobody fills", "a list of words"],
)
async def test_what_only_mysql_minds_is_refused_with_its_cure(
    mariadb_url: str, table: str, obstacle: str
) -> None:
    await _run(mariadb_url, f"CREATE TABLE {table};\n")
    with pytest.raises(AdoptionRefused) as refused:
        await upgrade(mariadb_url)
    [conflict] = refused.value.conflicts
    assert obstacle in conflict


async def test_a_refused_upgrade_passes_once_the_shop_has_cured_its_tables(
    database_url: str,
) -> None:
    await _run(database_url, "CREATE TABLE intenciones_sistema (nombre VARCHAR(80));\n")
    await _run(
        database_url, "INSERT INTO intenciones_sistema VALUES ('a'), ('a'), (NULL), (NULL);\n"
    )
    with pytest.raises(AdoptionRefused, match="there twice: a"):
        await upgrade(database_url)
    await _run(database_url, "DELETE FROM intenciones_sistema WHERE nombre = 'a';\n")
    await upgrade(database_url)
    await require_current(database_url)


async def test_a_shops_own_alembic_is_left_alone(database_url: str) -> None:
    await _run(database_url, "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL);\n")
    await _run(database_url, "INSERT INTO alembic_version VALUES ('shop-17');\n")
    await upgrade(database_url)
    await downgrade(database_url)
    async with Database.open(database_url) as database, database.read() as connection:
        assert await connection.scalar(text("SELECT version_num FROM alembic_version")) == "shop-17"


async def test_a_shops_rows_without_a_name_or_a_text_are_passed_over(database_url: str) -> None:
    counts = "AUTO_INCREMENT" if "mysql" in database_url else ""
    number = f"id INTEGER PRIMARY KEY {counts}"
    rows = f"""
CREATE TABLE productos ({number}, nombre VARCHAR(191));
CREATE TABLE training_samples ({number}, texto TEXT, intencion VARCHAR(191));
INSERT INTO productos (nombre) VALUES (NULL), ('Pan');
INSERT INTO training_samples (texto, intencion) VALUES (NULL, 'saludo'), ('hola', 'saludo');
"""
    if "mysql" in database_url:
        rows = rows.replace(" TEXT,", " TEXT CHARACTER SET utf8mb4,")
    await _run(database_url, rows)
    await upgrade(database_url)
    async with Database.open(database_url) as database, database.read() as connection:
        assert [each.name for each in await shop.products(connection)] == ["Pan"]
        assert await samples.new_texts(connection, ["saludo"], 0, 9) == ["hola"]
        assert [row.text for row in await samples.labelled(connection, ["saludo"], 9)] == ["hola"]
