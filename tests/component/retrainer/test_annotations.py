"""A sample that firmly contradicts the student waits until other labels have settled it."""

import asyncio
from collections import Counter
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import select

from contracts.catalogue import OUT_OF_SCOPE
from contracts.envelope import Envelope
from contracts.events import Author, Graded, Origin, SampleRecorded
from services.retrainer.admission import admit
from services.retrainer.releasing import release_confirmed
from services.runtime.live import LiveSettings
from services.storage import evidence, intents
from services.storage.evidence import Row
from services.storage.tables import training_samples
from tests.component.retrainer.conftest import Shop
from tests.turns import envelope_of

FIRM = Graded(said="precio", confidence=0.95, model_version="v1", drawn=True)


def said(
    intent: str | None,
    *,
    by: Author = Author.TEACHER,
    name: str | None = None,
    turn_id: str = "t-1",
    graded: Graded | None = FIRM,
    **more: Any,
) -> Envelope[Any]:
    sample = SampleRecorded(
        text="¿me lo mandan?",
        intent=intent,
        labelled_by=by,
        turn_id=turn_id,
        contact_id="ana",
        graded=graded,
        **more,
    )
    return envelope_of(sample, given_id=name or f"{turn_id}-{by}-{more.get('second', False)}")


async def stored(shop: Shop) -> list[tuple[str | None, str | None]]:
    """Intent and state of the samples, the catalogue's aside."""
    columns = (training_samples.c.intencion, training_samples.c.estado)
    query = select(*columns).where(training_samples.c.turn_id.is_not(None))
    async with shop.database.read() as connection:
        return [tuple(row) for row in await connection.execute(query.order_by("id"))]


async def window(shop: Shop) -> list[Row]:
    async with shop.database.read() as connection:
        return await evidence.window(connection, 90, 2_000)


async def test_a_graded_turn_is_evidence_and_a_sample(shop: Shop) -> None:
    for _ in range(2):
        await shop.take(said("precio"))
    [row] = await window(shop)
    assert (row.said, row.confidence, row.teacher, row.second) == ("precio", 0.95, "precio", None)
    assert row.sample is not None
    assert await stored(shop) == [("precio", None)]


async def test_where_no_model_spoke_there_is_a_sample_and_no_evidence(shop: Shop) -> None:
    await shop.take(said("precio", graded=None))
    assert await window(shop) == []
    assert await stored(shop) == [("precio", None)]


async def test_a_model_that_came_after_a_label_cannot_be_judged_by_it(shop: Shop) -> None:
    """A turn that is classified again may find the first model, which has learned from it."""
    await shop.take(said("precio", graded=None))
    await shop.take(said("precio", name="classified again"))
    assert await window(shop) == []


async def test_what_nothing_fits_is_evidence_too(shop: Shop) -> None:
    await shop.take(said(None, graded=FIRM.model_copy(update={"confidence": 0.5})))
    [row] = await window(shop)
    assert row.teacher == OUT_OF_SCOPE
    assert await stored(shop) == [(None, None)]


@pytest.mark.parametrize(
    ("second", "ends"),
    [
        ("envio", ("envio", "released")),
        ("precio", ("precio", "released")),
        ("pago", ("envio", "held")),
        (None, ("envio", "held")),
    ],
    ids=["teacher again", "the student", "something else", "nothing"],
)
@pytest.mark.parametrize("backwards", [False, True])
async def test_a_second_answer_settles_a_firm_disagreement(
    shop: Shop, second: str | None, ends: tuple[str, str], backwards: bool
) -> None:
    heard = [said("envio"), said(second, second=True)]
    for each in reversed(heard) if backwards else heard:
        await shop.take(each)
    assert await stored(shop) == [ends]
    [row] = await window(shop)
    assert (row.teacher, row.second) == ("envio", second or OUT_OF_SCOPE)


async def test_a_first_that_nothing_fits_is_released_as_such(shop: Shop) -> None:
    await shop.take(said(None), said(None, second=True))
    assert await stored(shop) == [(None, "released")]


ALL = (
    said("envio"),
    said("precio", second=True),
    said("pago", by=Author.PERSON, graded=None),
)


@pytest.mark.parametrize("order", list(permutations(ALL)), ids=range(6))
async def test_a_person_outranks_all_others(shop: Shop, order: tuple[Envelope[Any], ...]) -> None:
    for each in order:
        await shop.take(each)
    states = dict(await stored(shop))
    assert (len(states), states.pop("pago"), set(states.values())) == (2, None, {"dropped"})
    [row] = await window(shop)
    assert row.person == "pago"


async def test_a_contact_cannot_teach_more_than_its_share_of_a_day(shop: Shop) -> None:
    shop.live.settings = LiveSettings(ml_muestras_contacto_dia=2)
    for place in range(2):
        await shop.take(said("precio", turn_id=f"a-{place}"), said("precio", turn_id=f"b-{place}"))
    states = [state for _, state in await stored(shop)]
    assert states == [None, None, "capped", "capped"]
    assert len(await window(shop)) == 4


async def test_what_comes_twice_counts_once_towards_it(shop: Shop) -> None:
    shop.live.settings = LiveSettings(ml_muestras_contacto_dia=3)
    first = [said("precio", turn_id=f"a-{place}") for place in range(2)]
    await shop.take(*first, first[0])
    await shop.take(*first, said("precio", turn_id="b"))
    assert [state for _, state in await stored(shop)] == [None, None, None]


async def test_two_retrainers_let_a_contact_teach_no_more_than_one(shop: Shop) -> None:
    shop.live.settings = LiveSettings(ml_muestras_contacto_dia=20)
    batches = [[said("precio", turn_id=f"{one}-{n}") for n in range(15)] for one in "abc"]
    await asyncio.gather(*(shop.take(*batch) for batch in batches))
    states = [state for _, state in await stored(shop)]
    assert (states.count(None), states.count("capped")) == (20, 25)


async def test_what_was_on_its_way_while_an_intent_was_renamed_has_its_new_name(
    shop: Shop,
) -> None:
    async with shop.database.begin() as connection:
        await intents.rename(connection, "saludo", "hola", "ana")
        await intents.rename(connection, "hola", "buenas", "ana")
        await intents.rename(connection, "despedida", "saludo", "ana")
    word = FIRM.model_copy(update={"said": "despedida"})
    await shop.take(said("hola", graded=word), said("saludo", turn_id="t-2", graded=word))
    assert await stored(shop) == [("buenas", "held"), ("saludo", None)]
    rows = await window(shop)
    assert [(row.said, row.teacher) for row in rows] == [("saludo", "buenas"), ("saludo", "saludo")]


async def test_a_proposal_is_no_sample_of_an_intent_that_was_once_called_so(shop: Shop) -> None:
    """The teacher saw the intent under its new name, and said that it does not fit."""
    async with shop.database.begin() as connection:
        await intents.rename(connection, "saludo", "hola", "ana")
    await shop.take(said(None, graded=None, proposed="saludo"))
    async with shop.database.read() as connection:
        assert [each.name for each in await intents.proposed(connection, 9)] == ["saludo"]


async def test_a_person_may_teach_as_much_as_she_likes(shop: Shop) -> None:
    shop.live.settings = LiveSettings(ml_muestras_contacto_dia=1)
    for place in range(2):
        await shop.take(said("precio", by=Author.PERSON, turn_id=f"t-{place}", graded=None))
    assert await stored(shop) == [("precio", None), ("precio", None)]


@pytest.mark.parametrize(("percent", "waiting"), [(0, 0), (100, 1)])
async def test_a_share_of_the_agreements_waits_for_a_person(
    shop: Shop, percent: int, waiting: int
) -> None:
    shop.live.settings = LiveSettings(ml_auditoria=percent)
    undrawn = FIRM.model_copy(update={"drawn": False})
    await shop.take(said("precio", turn_id="agrees"), said("envio", turn_id="differs"))
    await shop.take(said("precio", turn_id="undrawn", graded=undrawn))
    async with shop.database.begin() as connection:
        found = await evidence.waiting_checks(connection, 10)
        assert [check.turn_id for check in found] == [*["agrees"] * waiting, "differs"]
        assert await evidence.take_check(connection, "undrawn") is None


async def test_a_proposed_intent_is_kept(shop: Shop) -> None:
    await shop.take(said(None, proposed="reservar_mesa", graded=None))
    query = select(training_samples.c.propuesta).where(training_samples.c.turn_id == "t-1")
    async with shop.database.read() as connection:
        assert await connection.scalar(query) == "reservar_mesa"


async def test_what_two_other_contacts_also_say_is_released_before_a_training(shop: Shop) -> None:
    """FIRM contradicts the label, and no second answer came."""
    await shop.take(said("envio"))
    assert await stored(shop) == [("envio", "held")]
    await shop.take(
        *(envelope_of(alike(contact), given_id=f"alike-{contact}") for contact in ("luz", "eva"))
    )
    assert await release_confirmed(shop.database, "es")
    assert ("envio", "released") in await stored(shop)
    assert await release_confirmed(shop.database, "es") == []


async def test_a_training_learns_what_similar_samples_have_confirmed_by_then(shop: Shop) -> None:
    await shop.take(said("envio"))
    for contact in ("luz", "eva"):
        await shop.take(envelope_of(alike(contact), given_id=f"alike-{contact}"))
    assert ("envio", "held") in await stored(shop)
    assert await shop.look()
    assert ("envio", "released") in await stored(shop)


@pytest.mark.parametrize("origin", [Origin.SIMULATED, Origin.REPLAYED])
async def test_what_no_customer_has_just_written_releases_nothing(
    shop: Shop, origin: Origin
) -> None:
    await shop.take(said("envio"))
    for contact in ("luz", "eva"):
        played = alike(contact).model_copy(update={"origin": origin})
        await shop.take(envelope_of(played, given_id=f"played-{contact}"))
    assert await release_confirmed(shop.database, "es") == []


async def test_held_samples_do_not_confirm_one_another(shop: Shop) -> None:
    """Else three phones that agree on a wrong label could teach it."""
    planted = [alike(contact).model_copy(update={"graded": FIRM}) for contact in ("luz", "eva")]
    await shop.take(said("envio"))
    await shop.take(*(envelope_of(each, given_id=f"held-{each.contact_id}") for each in planted))
    assert await stored(shop) == [("envio", "held")] * 3
    assert await release_confirmed(shop.database, "es") == []


def alike(contact: str) -> SampleRecorded:
    """Nearly the same words of somebody else, under the same label."""
    return SampleRecorded(
        text="¿me lo mandan hoy?",
        intent="envio",
        labelled_by=Author.TEACHER,
        contact_id=contact,
        turn_id=f"t-{contact}",
    )


def test_why_a_sample_waits_fits_its_column_whatever_the_intent_is_called() -> None:
    """MariaDB refuses what does not, and the whole batch with it."""
    said_at_length = FIRM.model_copy(update={"said": "cambios_y_devoluciones_de_calzado"})
    sample = said("envio", graded=said_at_length).data
    reason = admit(sample, Counter(), 50).reason
    assert reason is not None
    assert reason.startswith("the student says cambios")
    assert len(reason) <= 32
