"""The intent catalogue in the database: seeded once, then the shop's to edit."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import RowMapping, insert, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.catalogue import CatalogueIntent
from services.storage import audit, versions
from services.storage.clock import now
from services.storage.columns import Words
from services.storage.tables import intenciones_sistema as table
from services.storage.tables import training_samples
from services.storage.upsert import insert_ignore

# Read as text: what the shop wrote there by hand may be no JSON.
_COLUMNS = [
    type_coerce(each, Words).label(each.name) if each is table.c.respuestas else each
    for each in table.c
]
_REPLIES = TypeAdapter(dict[str, str])

BASE = "base"
"""Origin and labeller of the examples that the catalogue came with."""


@dataclass(frozen=True, slots=True)
class StoredIntent:
    """An intent as the shop has it. Without an action nobody but the teacher can answer it."""

    name: str
    description: str = ""
    action: str | None = None
    reply: str | None = None
    replies: Mapping[str, str] = field(default_factory=dict)
    active: bool = True
    critical: bool = False


class UnknownIntent(LookupError):
    """The catalogue has no intent of that name."""


async def seed(connection: AsyncConnection, intents: Iterable[CatalogueIntent]) -> bool:
    """Fill an empty catalogue, examples included; False when there is one: that is the truth."""
    if not await _is_empty(connection):
        return False
    # Two processes that start at once wait for each other here, and the second looks again.
    await versions.bump(connection, versions.CATALOGUE)
    if not await _is_empty(connection):
        return False
    moment = await now(connection)
    stamps = {"created_at": moment, "updated_at": moment}
    given = list(intents)
    await connection.execute(insert(table), [{**row_of(each), **stamps} for each in given])
    samples = [
        {**_sample(each.name, example), "created_at": moment}
        for each in given
        for example in each.examples
    ]
    await insert_ignore(connection, training_samples, samples)
    return True


async def read(connection: AsyncConnection, *, active_only: bool = True) -> list[StoredIntent]:
    """The intents by name."""
    rows = await connection.execute(select(*_COLUMNS).order_by(table.c.nombre))
    intents = [_intent(row) for row in rows.mappings()]
    return [each for each in intents if each.active or not active_only]


async def fingerprint(connection: AsyncConnection) -> int:
    """Another number whenever the intents have changed, also when others wrote them."""
    # The version first: what is written between the two reads is then noticed next time.
    version = (await versions.read(connection)).get(versions.CATALOGUE, 0)
    # Stamps say nothing of an intent, and what others wrote there may be no time.
    columns = [each for each in _COLUMNS if each.name not in ("created_at", "updated_at")]
    rows = await connection.execute(select(*columns).order_by(table.c.nombre))
    return crc32(repr((version, [tuple(row) for row in rows])).encode())


async def edit(
    connection: AsyncConnection, name: str, changes: Mapping[str, Any], who: str
) -> StoredIntent:
    """Change fields of an intent, named as in StoredIntent; the history keeps both texts.

    Raises:
        UnknownIntent: there is none of that name.
        KeyError: a changed field is none that can be edited.
    """
    await versions.bump(connection, versions.CATALOGUE)
    before = await one(connection, name)
    values = {_EDITABLE[field]: value for field, value in changes.items()}
    row = table.c.nombre == name
    moment = await now(connection)
    await connection.execute(update(table).where(row).values(**values, updated_at=moment))
    after = await one(connection, name)
    await audit.record(connection, who, [_change(name, before, after)])
    return after


async def one(connection: AsyncConnection, name: str) -> StoredIntent:
    """An intent by its name, active or not; raises UnknownIntent."""
    found = await connection.execute(select(*_COLUMNS).where(table.c.nombre == name))
    row = found.mappings().first()
    if row is None:
        raise UnknownIntent(f"The catalogue has no intent {name!r}")
    return _intent(row)


def row_of(intent: CatalogueIntent) -> dict[str, Any]:
    """The row of an intent as a catalogue file has it."""
    return {
        "nombre": intent.name,
        "descripcion": intent.description,
        "accion": intent.action,
        "respuesta": intent.reply,
        "respuestas": dict(intent.replies),
    }


_EDITABLE = {
    "description": "descripcion",
    "action": "accion",
    "reply": "respuesta",
    "replies": "respuestas",
    "active": "activa",
    "critical": "critica",
}


async def _is_empty(connection: AsyncConnection) -> bool:
    return await connection.scalar(select(table.c.nombre).limit(1)) is None


def _sample(intent: str, example: str) -> dict[str, Any]:
    # Named after its words, so that seeding twice adds nothing.
    digest = hashlib.sha256(f"{intent}\n{example}".encode()).hexdigest()
    return {
        "event_id": f"{BASE}:{digest}",
        "texto": example,
        "intencion": intent,
        "etiquetado_por": BASE,
        "origen": BASE,
    }


def _intent(row: RowMapping) -> StoredIntent:
    return StoredIntent(
        name=row["nombre"],
        description=row["descripcion"] or "",
        action=row["accion"],
        reply=row["respuesta"],
        replies=_replies(row["respuestas"]),
        active=row["activa"] is not False,  # a shop's own row may say nothing
        critical=bool(row["critica"]),
    )


def _replies(stored: str | None) -> Mapping[str, str]:
    """The other texts by key; none when they are unreadable: whoever needs one names the intent."""
    try:
        return _REPLIES.validate_json(stored) if stored else {}
    except ValidationError:
        return {}


def _change(name: str, before: StoredIntent, after: StoredIntent) -> audit.Change:
    return audit.Change("intent", name, _shown(before), _shown(after))


def _shown(intent: StoredIntent) -> str:
    fields = {name: getattr(intent, name) for name in _EDITABLE}
    return json.dumps(fields, ensure_ascii=False, sort_keys=True)
