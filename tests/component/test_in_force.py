"""Processes and commands read the same settings from the database."""

from pydantic import SecretStr

from services.in_force import settings_in_force
from services.runtime.keys import Keys
from services.runtime.live import LiveSettings, Resolved
from services.storage import secrets, settings
from services.storage.engine import Database

KEYS = Keys(secret=b"the installation's secret", signing=b"")
KEY = secrets.encryption_key(KEYS.secret)
FOREIGN = secrets.encrypt(secrets.encryption_key(b"another secret"), "70")


async def resolved(database: Database, stored: dict[str, str], **environ: str) -> Resolved:
    async with database.begin() as connection:
        await settings.write(connection, stored, "ana")
    async with database.read() as connection:
        return await settings_in_force(connection, lambda: KEYS, environ)


async def test_what_is_stored_encrypted_counts_in_plain_text(database: Database) -> None:
    sealed = secrets.encrypt(KEY, "70")
    found = await resolved(database, {"ml_umbral_confianza": sealed, "ml_sorteo": "20"})
    assert found.settings == LiveSettings(ml_umbral_confianza=70, ml_sorteo=20)
    assert found.problems == ()


async def test_the_environment_wins(database: Database) -> None:
    stored = {"ml_umbral_confianza": "70"}
    found = await resolved(database, stored, APRENDIZ_ML_UMBRAL_CONFIANZA="90")
    assert found.settings.threshold == 0.9


async def test_a_secret_that_does_not_open_is_named_and_the_rest_counts(database: Database) -> None:
    stored = {"openai_api_key": FOREIGN, "ml_umbral_confianza": "700", "ml_sorteo": "20"}
    found = await resolved(database, stored)
    assert found.settings == LiveSettings(ml_sorteo=20)
    secret, wrong = found.problems
    assert secret.startswith("openai_api_key: A stored secret does not open")
    assert wrong.startswith("ml_umbral_confianza: ")


async def test_what_the_environment_overrides_need_not_open(database: Database) -> None:
    stored = {"openai_api_key": FOREIGN}
    found = await resolved(database, stored, APRENDIZ_OPENAI_API_KEY="sk-1")
    assert found == (LiveSettings(openai_api_key=SecretStr("sk-1")), ())


async def test_plain_settings_need_no_key(database: Database) -> None:
    async with database.begin() as connection:
        await settings.write(connection, {"ml_sorteo": "20"}, "ana")
        found = await settings_in_force(connection, keyless, {})
    assert found.settings == LiveSettings(ml_sorteo=20)


def keyless() -> Keys:
    raise AssertionError("nothing is encrypted")


async def test_what_other_programs_keep_there_is_none_of_our_business(database: Database) -> None:
    found = await resolved(database, {"otro_programa": FOREIGN})
    assert (found.settings, found.problems) == (LiveSettings(), ())
