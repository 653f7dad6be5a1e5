"""Database URLs: what people write, completed to what the engine needs."""

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from services.storage.errors import UnusableUrl

_EXAMPLES = "sqlite:////var/lib/aprendiz/aprendiz.db or mysql://user:password@host:3306/shop"
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "mysql": "mysql+aiomysql", "mariadb": "mysql+aiomysql"}


def completed(url: str) -> URL:
    """The URL with its asyncio driver.

    Raises:
        UnusableUrl: it is not SQLite on a file, MySQL or MariaDB with a database's name.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise UnusableUrl(f"This is no database URL; write one like {_EXAMPLES}") from error
    backend = parsed.get_backend_name()
    if backend not in _DRIVERS:
        raise UnusableUrl(f"{backend!r} is no database we know; write a URL like {_EXAMPLES}")
    if parsed.database in (None, "", ":memory:"):
        raise UnusableUrl(f"{shown(parsed)} names no database; write a URL like {_EXAMPLES}")
    return _with_driver(parsed, backend)


def shown(url: URL) -> str:
    """The URL without its password, for messages."""
    return url.render_as_string(hide_password=True)


def _with_driver(parsed: URL, backend: str) -> URL:
    url = parsed.set(drivername=_DRIVERS[backend])
    if backend == "sqlite":
        return url
    # Whatever the server's default is: the first emoji fails on a latin1 connection.
    return url.update_query_dict({"charset": "utf8mb4"})
