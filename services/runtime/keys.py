"""The one secret of an installation, and the key that signs models."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.runtime.settings import Settings, SettingsError

SHORTEST = 16


class Keys(NamedTuple):
    """What is derived from ``APRENDIZ_SECRET_KEY``."""

    secret: bytes
    """The secret itself, from which others derive their own keys."""
    signing: bytes
    """32 bytes that sign models."""


def read_keys(settings: Settings) -> Keys:
    """The keys of this installation; the embedded one generates its secret once.

    Raises:
        SettingsError: several processes need the same secret and none is set.
    """
    if settings.secret_key is not None:
        secret = settings.secret_key.get_secret_value().encode()
    elif settings.database_url is None:
        secret = _generated(settings.home / "secret")
    else:
        raise SettingsError(
            "APRENDIZ_SECRET_KEY (or APRENDIZ_SECRET_KEY_FILE) is not set: every process on this "
            "database needs the same one; make it with: openssl rand -hex 32"
        )
    if len(secret) < SHORTEST:
        raise SettingsError(f"APRENDIZ_SECRET_KEY needs at least {SHORTEST} characters")
    signing = HKDF(SHA256(), length=32, salt=None, info=b"aprendiz model signing").derive(secret)
    return Keys(secret, signing)


def _generated(path: Path) -> bytes:
    """The secret in a file of mode 600. Two processes that start at once agree on one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mine = path.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(32))
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):
        os.link(mine, path)  # fails when another was first, and never shows half a secret
    mine.unlink()
    return path.read_bytes().strip()
