"""The one secret of an installation, and the key that signs models."""

import fcntl
import os
import secrets
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
        SettingsError: several processes need the same secret and none is set, or it is no secret.
    """
    if settings.secret_key is not None:
        secret = settings.secret_key.get_secret_value().encode()
        if len(secret) < SHORTEST:
            raise SettingsError(f"APRENDIZ_SECRET_KEY needs at least {SHORTEST} characters")
    elif settings.database_url is None:
        secret = _generated(settings.home / "secret")
    else:
        raise SettingsError(
            "APRENDIZ_SECRET_KEY (or APRENDIZ_SECRET_KEY_FILE) is not set: every process on this "
            "database needs the same one; make it with: openssl rand -hex 32"
        )
    signing = HKDF(SHA256(), length=32, salt=None, info=b"aprendiz model signing").derive(secret)
    return Keys(secret, signing)


def _generated(path: Path) -> bytes:
    """The secret in a file of mode 600, made once."""
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _make(path)
        secret = path.read_bytes().strip()
    except OSError as error:
        raise SettingsError(
            f"the secret key's file {path} cannot be used: {error.strerror}: check the owner and "
            "mode of file and folder, or set APRENDIZ_SECRET_KEY"
        ) from error
    if len(secret) < SHORTEST:
        raise SettingsError(
            f"the secret key's file {path} is empty or cut: put it back from a backup. Where there "
            "is none, remove it: a new one is made, `aprendiz train` makes a model that it signs, "
            "and settings that are stored encrypted have to be stored again"
        )
    return secret


def _make(path: Path) -> None:
    """Write the file whole. Two processes that start at once agree on one secret."""
    part = path.with_name(f"{path.name}.part")
    with open(part, "a", opener=_for_the_owner) as file:
        # Who is killed here leaves the file and not the lock: the next start takes it over.
        fcntl.flock(file, fcntl.LOCK_EX)
        if path.exists():  # another was first; what it wrote in bears the other name by now
            part.unlink(missing_ok=True)
            return
        file.truncate(0)
        file.write(secrets.token_hex(32))
        file.flush()
        os.fsync(file.fileno())
        part.replace(path)  # and never shows half a secret


def _for_the_owner(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)
