"""The settings in force: the database's, in plain text, under the environment's."""

from collections.abc import Mapping

from services.runtime.keys import Keys
from services.runtime.live import LiveSettings, Resolved, resolve
from services.storage import secrets
from services.storage import settings as stored_settings
from services.storage.engine import Transaction


async def settings_in_force(
    transaction: Transaction, keys: Keys, environ: Mapping[str, str]
) -> Resolved:
    """What every process resolves to, and what is wrong.

    A secret that does not open is left out like any wrong value: a shop without it still answers
    what it can.
    """
    stored = (await stored_settings.read(transaction)).values
    key = secrets.encryption_key(keys.secret)
    plain: dict[str, str] = {}
    unreadable: list[str] = []
    for name in LiveSettings.model_fields & stored.keys():
        try:
            plain[name] = secrets.decrypt(key, stored[name] or "")
        except secrets.SecretUnreadable as error:
            unreadable.append(f"{name}: {error}")
    resolved = resolve(plain, environ)
    return resolved._replace(problems=(*unreadable, *resolved.problems))
