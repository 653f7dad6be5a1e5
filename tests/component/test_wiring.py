"""A process opens with what its services need, also when a setting can't be read."""

import asyncio
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import insert

from contracts.topology import SERVICES
from infra.servers.ports import free_port
from services.runtime.follower import Callback
from services.runtime.process import Part
from services.runtime.settings import Settings
from services.storage import settings as stored_settings
from services.storage import versions
from services.storage.engine import Database
from services.storage.migrate import upgrade
from services.storage.secrets import PREFIX
from services.storage.tables import configuracion_plataforma, intenciones_sistema
from services.wiring import followed, open_process


async def test_a_secret_that_does_not_open_leaves_the_shop_open(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, models_dir=tmp_path / "models")
    await upgrade(settings.database)
    async with Database.open(settings.database) as database, database.begin() as connection:
        nonsense = {"openai_api_key": f"{PREFIX}nonsense", "ml_umbral_confianza": "70"}
        await stored_settings.write(connection, nonsense, "ana")
    async with open_process(settings, ["classifier"]) as process:
        live = process.frame.live.settings
    assert (live.openai_api_key, live.ml_umbral_confianza) == (None, 70)


async def test_what_others_write_into_the_shops_own_tables_is_followed(tmp_path: Path) -> None:
    """An operator's own SQL raises no version of ours."""
    settings = Settings(home=tmp_path, models_dir=tmp_path / "models")
    await upgrade(settings.database)
    async with (
        open_process(settings, ["router"]) as process,
        Database.open(settings.database) as database,
    ):
        before = await process.dependencies.versions()
        assert await process.dependencies.versions() == before
        async with database.begin() as connection:
            theirs = {"clave": "otro_programa", "valor": "12:00"}
            await connection.execute(insert(configuracion_plataforma).values(theirs))
        assert await process.dependencies.versions() == before, "theirs is none of our business"
        async with database.begin() as connection:
            ours = {"clave": "negocio_nombre", "valor": "Luna"}
            await connection.execute(insert(configuracion_plataforma).values(ours))
        after = await process.dependencies.versions()
        assert {name for name in after if after[name] != before[name]} == {versions.SETTINGS}
        async with database.begin() as connection:
            await connection.execute(insert(intenciones_sistema).values(nombre="garantia"))
        then = await process.dependencies.versions()
        assert {name for name in then if then[name] != after[name]} == {versions.CATALOGUE}


class Noted:
    """What was brought in force, in order."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def part(self, *names: str) -> Part:
        settings, trust, model = (self._note(name) for name in ("settings", "trust", "model"))
        return followed(names, settings, trust, model, self._count)

    def _note(self, name: str) -> Callback:
        async def noted() -> None:
            self.done.append(name)

        return noted

    async def _count(self, _stop: asyncio.Event) -> None:
        """Nothing to count."""


async def test_a_model_never_acts_by_the_threshold_of_the_one_before() -> None:
    """What is followed first is in force first, and a database may go away in between."""
    noted = Noted()
    part = noted.part("classifier")
    await part.follows[versions.MODEL]()
    assert noted.done == ["trust", "model"], "a person who chooses a model moves its version alone"
    assert list(part.follows).index(versions.TRUST) < list(part.follows).index(versions.MODEL)


async def test_settings_and_catalogue_move_what_the_student_is_trusted_with() -> None:
    noted = Noted()
    part = noted.part("panel")
    await part.follows[versions.SETTINGS]()
    await part.follows[versions.CATALOGUE]()
    assert noted.done == ["settings", "trust", "trust"]


async def test_the_panel_and_readyz_say_the_same_of_the_broker(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, models_dir=tmp_path / "models", http_port=free_port())
    await upgrade(settings.database)
    stop = asyncio.Event()
    async with open_process(settings, ["panel"]) as process:
        [_, panel] = process.parts
        serving = asyncio.create_task(panel.background[0](stop))
        async with httpx2.AsyncClient(base_url=str(panel.url), trust_env=False) as client:
            health = (await client.get("/health")).json()
        assert health["broker"] == (await process.away())["broker"] == "not connected yet"
        stop.set()
        await serving


@pytest.mark.parametrize("name", [row.name for row in SERVICES if row.name != "panel"])
async def test_only_who_needs_the_model_loads_it(tmp_path: Path, name: str) -> None:
    settings = Settings(home=tmp_path, models_dir=tmp_path / "models")
    await upgrade(settings.database)
    async with open_process(settings, [name]) as process:
        [common, *_] = process.parts
    asked = name in ("classifier", "retrainer")
    assert (versions.MODEL in common.follows) == asked
    assert bool(common.background) == asked, "nor does it count the evidence every minute"
    assert versions.SETTINGS in common.follows
