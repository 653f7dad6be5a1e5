"""A process opens with what its services need, also when a setting can't be read."""

from pathlib import Path

import pytest

from contracts.topology import SERVICES
from services.runtime.settings import Settings
from services.storage import settings as stored_settings
from services.storage import versions
from services.storage.engine import Database
from services.storage.migrate import upgrade
from services.storage.secrets import PREFIX
from services.wiring import open_process


async def test_a_secret_that_does_not_open_leaves_the_shop_open(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, models_dir=tmp_path / "models")
    await upgrade(settings.database)
    async with Database.open(settings.database) as database, database.begin() as connection:
        nonsense = {"openai_api_key": f"{PREFIX}nonsense", "ml_umbral_confianza": "70"}
        await stored_settings.write(connection, nonsense, "ana")
    async with open_process(settings, ["classifier"]) as process:
        live = process._frame.live.settings
    assert (live.openai_api_key, live.ml_umbral_confianza) == (None, 70)


async def test_a_model_never_acts_by_the_threshold_of_the_one_before(tmp_path: Path) -> None:
    """What is followed first is in force first, and a database may go away in between."""
    settings = Settings(home=tmp_path, models_dir=tmp_path / "models")
    await upgrade(settings.database)
    async with open_process(settings, ["classifier"]) as process:
        followed = [name for part in process._parts for name in part.follows]
    assert followed.index(versions.TRUST) < followed.index(versions.MODEL)


@pytest.mark.parametrize("name", [row.name for row in SERVICES if row.name != "panel"])
async def test_only_who_needs_the_model_loads_it(tmp_path: Path, name: str) -> None:
    settings = Settings(home=tmp_path, models_dir=tmp_path / "models")
    await upgrade(settings.database)
    async with open_process(settings, [name]) as process:
        [common, *_] = process._parts
    asked = name in ("classifier", "retrainer")
    assert (versions.MODEL in common.follows) == asked
    assert bool(common.background) == asked, "nor does it count the evidence every minute"
    assert versions.SETTINGS in common.follows
