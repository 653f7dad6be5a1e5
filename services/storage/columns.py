"""Column types that hold the same values on MySQL, MariaDB and SQLite."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, DateTime, Integer, LargeBinary, Numeric, String, Text
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from contracts.fields import ID_LENGTH

# Exact comparison: under MySQL's default collations `si`, `sí` and `SÍ` are one key.
_CHARSET, _EXACT = "utf8mb4", "utf8mb4_bin"


def bounded(length: int) -> String:
    """Text of at most ``length`` characters, compared exactly."""
    return String(length).with_variant(
        mysql.VARCHAR(length, charset=_CHARSET, collation=_EXACT), "mysql"
    )


Id = bounded(ID_LENGTH)
"""An identifier of the contracts: `si` and `sí` and `SÍ` distinct."""

Words = Text().with_variant(mysql.TEXT(charset=_CHARSET, collation=_EXACT), "mysql")
"""What people write, emoji included: at most 64 KiB."""

Bytes = LargeBinary().with_variant(mysql.LONGBLOB(), "mysql")
"""An event's body, as it travels."""

Chunk = LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql")
"""A piece of a model file."""

# SQLite hands out row ids only for a column that is exactly INTEGER.
Serial = BigInteger().with_variant(Integer(), "sqlite")
"""A number that the database hands out, rising."""


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time in UTC with microseconds. Naive values are refused, aware ones come back."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """MySQL drops the microseconds unless they are asked for."""
        if dialect.name == "mysql":
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Store the UTC reading of the value's own offset."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError(f"{value.isoformat()} names no time zone: pass an aware datetime")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Say aloud that what is stored is UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


class Json(TypeDecorator[Any]):
    """A JSON document kept as text, so that it reads the same on every database."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """A turn's messages may pass the 64 KiB of MySQL's TEXT."""
        if dialect.name == "mysql":
            return dialect.type_descriptor(mysql.MEDIUMTEXT(charset=_CHARSET, collation=_EXACT))
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """NaN is refused: it is no JSON."""
        return None if value is None else json.dumps(value, ensure_ascii=False, allow_nan=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        """None stays None; an adopted column may also hold an empty text."""
        return json.loads(value) if value else None


class Money(TypeDecorator[Decimal]):
    """An amount with two decimals. SQLite has no decimals of its own, so it passes as a float."""

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Fourteen digits survive the way through a double."""
        return dialect.type_descriptor(Numeric(14, 2, asdecimal=False))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> float | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Amounts are Decimals to everyone else."""
        return None if value is None else float(value)

    def process_result_value(self, value: float | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Two decimals, as they were stored."""
        return None if value is None else Decimal(f"{value:.2f}")
