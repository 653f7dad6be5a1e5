"""The catalogue changes under a model: it is trained anew by itself, once, and never broken."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import update

from contracts.envelope import Envelope
from contracts.events import Graded
from services.learning.certifying.certificate import UNREACHED
from services.panel.by_hand import roll_back
from services.retrainer.order import OnProgress, Order, Outcome, Worse
from services.storage import catalogue, certificates, intents, models
from services.storage.tables import log_entrenamientos
from services.storage.training import State
from tests.component.retrainer.conftest import KEY, Shop, at_once, sample_of
from tests.turns import envelope_of

THINGS = (
    *("la licuadora", "la mochila", "el reloj", "la silla", "la chaqueta", "la plancha"),
    *("la batidora", "la impresora", "la tablet", "la olla", "la manta", "la bocina"),
)
NEW = tuple(f"tiene garantia {thing}" for thing in ("la licuadora", "el reloj", "esta silla"))
LATER = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)


async def refuse(_order: Order, _on_progress: OnProgress) -> Outcome:
    return Worse(samples=1, reason="Refused: a rehearsal.")


async def known(shop: Shop) -> Sequence[str]:
    async with shop.database.read() as connection:
        return (await models.find(connection, models.CHAMPION)).manifest.intents


async def edit(shop: Shop, name: str, **changes: object) -> None:
    async with shop.database.begin() as connection:
        await catalogue.edit(connection, name, changes, "ana")


async def test_a_renamed_intent_is_learned_by_its_new_name(shop: Shop) -> None:
    await shop.look()
    assert not await shop.look()
    async with shop.database.begin() as connection:
        await intents.rename(connection, "precio", "cuanto_vale", "ana")
    assert await shop.look()
    [newest, *_] = await shop.history()
    assert newest.details["begun"] == "the catalogue changed: cuanto_vale is new, precio is gone"
    assert newest.state == State.PROMOTED, newest.reason
    assert "cuanto_vale" in await known(shop)
    assert "precio" not in await known(shop)
    assert not await shop.look()


async def test_an_intent_renamed_while_a_training_starts_is_learned_by_its_new_name(
    shop: Shop,
) -> None:
    await shop.look()
    await shop.take_samples(shop.alike(60), "new")

    async def renamed_first(order: Order, on_progress: OnProgress) -> Outcome:
        async with shop.database.begin() as connection:
            await intents.rename(connection, "precio", "cuanto_vale", "ana")
        return await at_once(order, on_progress)

    assert await shop.look(renamed_first)
    assert (await shop.history())[0].state == State.PROMOTED
    assert "cuanto_vale" in await known(shop)


async def test_an_intent_that_was_switched_off_is_forgotten(shop: Shop) -> None:
    await shop.look()
    await edit(shop, "precio", active=False)
    assert await shop.look()
    assert (await shop.history())[0].state == State.PROMOTED
    assert "precio" not in await known(shop)
    await edit(shop, "precio", active=True)
    assert await shop.look()
    assert "precio" in await known(shop)


async def test_a_new_intent_is_learned_once_it_has_two_texts(shop: Shop) -> None:
    await shop.look()
    made = shop.intents[0].model_copy(update={"name": "garantia", "examples": ()})
    async with shop.database.begin() as connection:
        await intents.add(connection, made, "ana")
    assert not await shop.look()
    await shop.take_samples([(text, "garantia") for text in NEW[:1]], "one")
    assert not await shop.look()
    await shop.take_samples([(text, "garantia") for text in NEW[1:]], "more")
    assert await shop.look()
    assert (await shop.history())[0].details["begun"] == "the catalogue changed: garantia is new"
    assert not await shop.look(), "whatever became of it, it is not tried again"


async def test_turns_for_which_an_intent_was_proposed_are_no_errors_once_it_is_there(
    shop: Shop,
) -> None:
    await shop.look()
    await shop.take(*(graded(f"garantia de {thing}", None, "garantia") for thing in THINGS))
    await shop.take(*(graded(text, intent) for text, intent in shop.alike(30)))
    made = shop.intents[0].model_copy(update={"name": "garantia", "examples": ()})
    async with shop.database.begin() as connection:
        await intents.add(connection, made, "ana")
    assert await shop.look()
    assert "garantia" in await known(shop)
    async with shop.database.read() as connection:
        chosen = await certificates.provisional_for(connection, await shop.champion(), 0.95)
    assert chosen is not None
    assert chosen < UNREACHED


def graded(text: str, intent: str | None, proposed: str | None = None) -> Envelope[Any]:
    """A drawn turn with the teacher's label; the student was not sure."""
    said = Graded(said="saludo", confidence=0.3, model_version="v1", drawn=True)
    more = {"turn_id": text, "graded": said, "proposed": proposed}
    sample = sample_of(text, intent).model_copy(update=more)
    return envelope_of(sample, given_id=text)


async def test_a_refused_change_is_not_tried_again_before_the_next_one(shop: Shop) -> None:
    await shop.look()
    await edit(shop, "precio", active=False)
    assert await shop.look(refuse)
    assert not await shop.look(refuse)
    await edit(shop, "saludo", active=False)
    assert await shop.look(refuse)
    assert not await shop.look(refuse)


async def test_a_refused_change_is_not_tried_again_after_the_clock_was_set_back(shop: Shop) -> None:
    await shop.look()
    for name in ("precio", "saludo"):
        await edit(shop, name, active=False)
        assert await shop.look(refuse)
        if name == "precio":
            ended = update(log_entrenamientos).values(finished_at=LATER)
            async with shop.database.begin() as connection:
                await connection.execute(ended)
    assert not await shop.look(refuse)


async def test_an_edit_of_words_starts_nothing(shop: Shop) -> None:
    await shop.look()
    await edit(shop, "precio", reply="Cuesta {items}")
    assert not await shop.look()


async def test_a_rollback_to_a_model_of_before_the_change_lasts(shop: Shop) -> None:
    await shop.look()
    first = await shop.champion()
    await edit(shop, "precio", active=False)
    await shop.look()
    await roll_back(shop.database, KEY, "ana")
    assert not await shop.look()
    assert await shop.champion() == first
