"""The settings in force: the database's, in plain text, under the environment's."""

from collections.abc import Callable, Mapping

from services.runtime.keys import Keys
from services.runtime.live import LiveSettings, Resolved, from_environment, resolve
from services.storage import secrets
from services.storage import settings as stored_settings
from services.storage.engine import Transaction


async def settings_in_force(
    transaction: Transaction, keys: Callable[[], Keys], environ: Mapping[str, str]
) -> Resolved:
    """What every process resolves to, and what is wrong.

    A secret that does not open is left out like any wrong value: a shop without it still answers
    what it can. The keys are asked for where there is something to open.
    """
    stored = (await stored_settings.read(transaction)).values
    plain: dict[str, str] = {}
    unreadable: list[str] = []
    overridden = from_environment(environ).keys()
    for name in LiveSettings.model_fields.keys() & stored.keys() - overridden:
        try:
            plain[name] = _opened(stored[name] or "", keys)
        except secrets.SecretUnreadable as error:
            unreadable.append(f"{name}: {error}")
    resolved = resolve(plain, environ)
    return resolved._replace(problems=(*unreadable, *resolved.problems))


def _opened(stored: str, keys: Callable[[], Keys]) -> str:
    if not secrets.is_encrypted(stored):
        return stored
    return secrets.decrypt(secrets.encryption_key(keys().secret), stored)
