"""Database URLs as people write them."""

from pathlib import Path

import pytest

from services.storage.engine import Database
from services.storage.errors import UnusableUrl
from services.storage.url import completed, shown


@pytest.mark.parametrize(
    ("written", "driver"),
    [
        ("sqlite:////data/shop.db", "sqlite+aiosqlite"),
        ("sqlite+aiosqlite:///shop.db", "sqlite+aiosqlite"),
        ("mysql://u:p@host/shop", "mysql+aiomysql"),
        ("mariadb://u:p@host:3307/shop", "mysql+aiomysql"),
        ("mysql+aiomysql://u@host/shop", "mysql+aiomysql"),
        ("mysql+pymysql://u@host/shop", "mysql+aiomysql"),
    ],
)
def test_the_driver_is_filled_in(written: str, driver: str) -> None:
    assert completed(written).drivername == driver


def test_mysql_is_always_spoken_to_in_utf8mb4() -> None:
    assert completed("mysql://h/shop?charset=latin1").query["charset"] == "utf8mb4"


@pytest.mark.parametrize(
    "written",
    ["", "shop.db", "postgresql://h/shop", "mysql://host", "sqlite://", "sqlite:///:memory:"],
)
def test_what_cannot_serve_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(UnusableUrl, match=r"write .* like sqlite:////"):
        completed(written)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UnusableUrl, match=r"/file/shop cannot be made: Not a directory"):
        Database.open(f"sqlite:///{tmp_path}/file/shop/shop.sqlite")


def test_a_message_never_shows_the_password() -> None:
    assert "hunter2" not in shown(completed("mysql://u:hunter2@host/shop"))
    with pytest.raises(UnusableUrl) as refused:
        completed("mysql://u:hunter2@host")
    assert "hunter2" not in str(refused.value)
