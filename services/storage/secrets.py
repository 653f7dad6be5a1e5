"""Secrets in the settings table: encrypted ones are opened, plain ones read as they are."""

from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PREFIX = "aprendiz:fernet:"
"""How an encrypted value begins; whatever begins otherwise is plain text."""


class SecretUnreadable(ValueError):
    """An encrypted value does not open with this key: APRENDIZ_SECRET_KEY was changed."""


def encryption_key(secret: bytes) -> bytes:
    """The key for settings, derived from the installation's one secret (HKDF-SHA256)."""
    return HKDF(SHA256(), length=32, salt=None, info=b"aprendiz settings encryption").derive(secret)


def is_encrypted(stored: str) -> bool:
    """Whether we wrote this value as a secret."""
    return stored.startswith(PREFIX)


def encrypt(key: bytes, value: str) -> str:
    """The value as it is stored; ``key`` has 32 bytes."""
    return PREFIX + _box(key).encrypt(value.encode()).decode()


def decrypt(key: bytes, stored: str) -> str:
    """The value of what is stored; plain text comes back as it is.

    Raises:
        SecretUnreadable: it was encrypted with another key.
    """
    if not is_encrypted(stored):
        return stored
    try:
        return _box(key).decrypt(stored.removeprefix(PREFIX)).decode()
    except (InvalidToken, ValueError) as error:
        raise SecretUnreadable(
            "A stored secret does not open: bring the former APRENDIZ_SECRET_KEY back, or save "
            "the secret again"
        ) from error


def _box(key: bytes) -> Fernet:
    return Fernet(urlsafe_b64encode(key))
