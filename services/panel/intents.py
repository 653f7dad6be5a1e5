"""Intents: the catalogue that the shop edits, and what the teacher proposes to add to it."""

from dataclasses import asdict

from pydantic import ValidationError

from contracts.catalogue import CatalogueIntent
from services.learning.estimation.masking import masked
from services.panel.intent_bodies import Intent, IntentChange, Proposal
from services.storage import catalogue, intents
from services.storage.catalogue import StoredIntent
from services.storage.engine import Database


class UnusableIntent(ValueError):
    """What was given makes no intent; the message names the field and what was expected."""


def made(name: str, description: str, reply: str | None, holding: str) -> CatalogueIntent:
    """An intent that says ``reply``; without one it says ``holding``, and calls a person.

    Raises:
        UnusableIntent: the name, the description or the reply can't be used.
    """
    action = "handoff" if reply is None else "reply"
    # The holding reply is the shop's plain words, not a template.
    words = holding.replace("{", "{{").replace("}", "}}") if reply is None else reply
    try:
        return CatalogueIntent(name=name, description=description, action=action, reply=words)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[0]
        raise UnusableIntent(f"{wrong['loc'][0]}: {wrong['msg']}") from error


async def change(database: Database, name: str, wanted: IntentChange) -> StoredIntent:
    """Change an intent's fields, then its name.

    Raises:
        UnknownIntent, IntentExists.
    """
    given = {"description": wanted.description, "reply": wanted.reply, "active": wanted.active}
    fields = {field: value for field, value in given.items() if value is not None}
    async with database.begin() as connection:
        found = await catalogue.one(connection, name)
        if fields:
            found = await catalogue.edit(connection, name, fields, wanted.requested_by)
        if wanted.name not in (None, name):
            by = wanted.requested_by
            found = await intents.rename(connection, name, wanted.name or name, by)
    return found


async def listed(database: Database) -> list[Intent]:
    """The whole catalogue, by name."""
    async with database.read() as connection:
        stored = await catalogue.read(connection, active_only=False)
        texts = await intents.counts(connection, [each.name for each in stored])
    return [shown_intent(each, texts.get(each.name, 0)) for each in stored]


async def proposals(database: Database, limit: int) -> list[Proposal]:
    """What the teacher proposed, with the customers' words made fit to be shown."""
    async with database.read() as connection:
        found = await intents.proposed(connection, limit)
    return [
        Proposal(
            name=each.name,
            samples=each.samples,
            examples=tuple(masked(text) for text in each.examples),
        )
        for each in found
    ]


def shown_intent(stored: StoredIntent, texts: int) -> Intent:
    """An intent as the API shows it."""
    return Intent(**asdict(stored) | {"replies": dict(stored.replies)}, texts=texts)
