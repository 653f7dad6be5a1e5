"""Secrets at rest."""

import pytest

from services.storage.secrets import (
    PREFIX,
    SecretUnreadable,
    decrypt,
    encrypt,
    encryption_key,
    is_encrypted,
)

KEY = encryption_key(b"one")


def test_an_encrypted_value_opens_with_its_key_and_does_not_show_itself() -> None:
    stored = encrypt(KEY, "sk-señal")
    assert is_encrypted(stored)
    assert "sk-" not in stored
    assert decrypt(KEY, stored) == "sk-señal"


def test_plain_text_of_before_is_read_as_it_is() -> None:
    assert decrypt(KEY, "sk-plain") == "sk-plain"
    assert not is_encrypted("sk-plain")


def test_another_key_is_told_how_to_go_on() -> None:
    with pytest.raises(SecretUnreadable, match="APRENDIZ_SECRET_KEY"):
        decrypt(encryption_key(b"two"), encrypt(KEY, "sk"))


@pytest.mark.parametrize("nonsense", ["", "no es nada", "ñ"])
def test_what_only_looks_encrypted_is_unreadable_too(nonsense: str) -> None:
    with pytest.raises(SecretUnreadable):
        decrypt(KEY, f"{PREFIX}{nonsense}")
