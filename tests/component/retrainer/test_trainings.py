"""A retrainer trains when there is enough new, once, and promotes only what is no worse."""

import asyncio
import hashlib
import io
import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import delete, text, update

from contracts.catalogue import OUT_OF_SCOPE
from contracts.codec import decode
from contracts.events import ModelPromoted
from services.learning.artifact import MODEL, libraries, sign
from services.learning.certifying.certificate import UNREACHED
from services.learning.certifying.provisional import FEWEST_GRADED
from services.learning.promoting.retraining import Retrained, retrain
from services.retrainer import record, train
from services.retrainer.order import (
    Better,
    Impossible,
    OnProgress,
    Order,
    Outcome,
    Progress,
    Worse,
)
from services.retrainer.trainings import ASK_EVERY, LEASE
from services.runtime.live import LiveSettings
from services.storage import catalogue, certificates, evidence, leases, models, samples, training
from services.storage.engine import Database
from services.storage.evidence import Annotation, StudentAnswer
from services.storage.outbox import OutboxStore
from services.storage.samples import NewSample
from services.storage.tables import intenciones_sistema, log_entrenamientos
from services.storage.training import State
from tests.component.retrainer.conftest import KEY, Shop, at_once, sample_of, wish
from tests.turns import envelope_of

NOW = datetime.now(UTC)


async def test_the_first_model_is_made_of_the_catalogue(shop: Shop) -> None:
    assert await shop.look()
    [made] = await shop.history()
    assert (made.state, made.version) == (State.PROMOTED, await shop.champion())
    assert (made.requested_by, made.samples) == (
        training.AUTOMATIC,
        sum(len(intent.examples) for intent in shop.intents),
    )
    assert made.details["begun"] == "there is no model yet"
    assert not await shop.look()


async def test_a_promotion_is_told_through_the_outbox(shop: Shop) -> None:
    await shop.look()
    promoted, trusted = await OutboxStore(shop.database, "test").claim(10, 30)
    event = decode(promoted.body).data
    async with shop.database.read() as connection:
        [kept] = await models.newest(connection)
    assert event == ModelPromoted(version=kept.manifest.version, digest=kept.manifest.digest)
    assert decode(trusted.body).data.type == "certificate.issued"
    assert shop.outbox_woken == 1


async def ordered(shop: Shop) -> Order:
    """What a training that is due is told."""
    orders: list[Order] = []

    async def rehearse(order: Order, _on_progress: OnProgress) -> Outcome:
        orders.append(order)
        return Worse(samples=1, reason="Refused: a rehearsal.")

    assert await shop.look(rehearse)
    [order] = orders
    return order


async def test_a_model_that_no_training_here_has_made_is_compared_with_nothing(shop: Shop) -> None:
    """It names the samples of another database, by which nobody knows what it has learned."""
    await shop.look()
    await shop.take(wish("before"))
    assert (await ordered(shop)).comparable == await shop.champion()
    async with shop.database.begin() as connection:
        await connection.execute(delete(log_entrenamientos))
    await shop.take(wish("after"))
    assert (await ordered(shop)).comparable is None


async def test_a_training_is_told_what_the_operator_has_decided(shop: Shop) -> None:
    shop.live.settings = LiveSettings(
        ml_intenciones_siempre_preguntar=("precio",),
        ml_intenciones_nunca_preguntar=("saludo",),
        ml_precision_objetivo=97.0,
        ml_evidencia_dias=30,
        ml_evidencia_filas=500,
        ml_idioma="en",
    )
    critical = update(intenciones_sistema).where(intenciones_sistema.c.nombre == "despedida")
    async with shop.database.begin() as connection:
        await connection.execute(critical.values(critica=True))
    order = await ordered(shop)
    assert order.critical == ("despedida",)
    assert (order.decided, order.target) == (("precio", "saludo"), 0.97)
    assert (order.evidence_days, order.evidence_rows, order.language) == (30, 500, "en")


async def test_fifty_new_samples_lead_to_a_new_model(shop: Shop) -> None:
    await shop.look()
    first = await shop.champion()
    await shop.take_samples(shop.alike(49), "some")
    assert not await shop.look()
    await shop.take_samples(shop.alike(50)[49:], "one more")
    assert await shop.look()
    newest = (await shop.history())[0]
    assert newest.state == State.PROMOTED, newest.reason
    assert newest.details["begun"] == "50 new samples"
    assert set(newest.details["known"]["recall"]) == {intent.name for intent in shop.intents}
    async with shop.database.read() as connection:
        assert await models.alias(connection, models.CHAMPION) == newest.version != first
        assert await models.alias(connection, models.PREVIOUS) == first


async def test_monitors_see_how_many_samples_are_missing(shop: Shop) -> None:
    await shop.look()
    await shop.take_samples(shop.alike(20), "some")
    await shop.look()
    assert shop.registry.get_sample_value("aprendiz_samples_until_training") == 30


async def test_monitors_see_what_comes_while_a_training_runs(shop: Shop) -> None:
    seen = asyncio.Event()

    async def waits(_order: Order, _on_progress: OnProgress) -> Outcome:
        await seen.wait()
        return Worse(samples=1, reason="Refused: a rehearsal.")

    training_now = asyncio.create_task(shop.retrainer(waits, ask_seconds=0.1).do_next(shop.stop))
    async with asyncio.timeout(20):
        while shop.registry.get_sample_value("aprendiz_new_samples") != 0:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        await shop.take_samples(shop.alike(20), "meanwhile")
        while shop.registry.get_sample_value("aprendiz_new_samples") != 20:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    seen.set()
    assert await training_now


async def test_a_training_that_fails_shows_how_far_it_came(shop: Shop) -> None:
    async def breaks_off(_order: Order, on_progress: OnProgress) -> Outcome:
        on_progress(Progress(stage="fold 3 of 10", share=0.3))
        async with asyncio.timeout(20):
            while (await shop.history())[0].details.get("progress") != 0.3:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return Impossible(reason="Failed: it was only a rehearsal.")

    await shop.take(wish())
    assert await shop.look(breaks_off)
    [failed] = await shop.history()
    assert (failed.state, failed.details["progress"]) == (State.FAILED, 0.3)


async def test_a_count_that_fails_ends_no_training(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What monitors see is not worth an hour of learning."""
    seen = asyncio.Event()

    async def waits(order: Order, on_progress: OnProgress) -> Outcome:
        await seen.wait()
        return await at_once(order, on_progress)

    await shop.take(wish())
    retrainer = shop.retrainer(waits, ask_seconds=0.05)
    running = asyncio.create_task(retrainer.do_next(shop.stop))
    async with asyncio.timeout(20):
        while (await shop.history())[0].state != State.RUNNING:  # noqa: ASYNC110
            await asyncio.sleep(0.02)

    async def fails(_connection: object) -> list[str]:
        raise ValueError("broken")

    with monkeypatch.context() as broken:
        broken.setattr(training, "texts_since_last", fails)
        await asyncio.sleep(0.3)
    seen.set()
    assert await running
    assert await shop.champion() is not None


async def test_what_a_dead_process_held_is_begun_soon_after_its_lease(shop: Shop) -> None:
    await shop.take(wish())
    async with shop.database.begin() as connection:
        assert await leases.acquire(connection, LEASE, "dead", 1)
    running = asyncio.create_task(shop.retrainer(lease_seconds=1).run(shop.stop))
    async with asyncio.timeout(ASK_EVERY / 2):
        while not await shop.champion():  # noqa: ASYNC110 - it is in the database
            await asyncio.sleep(0.05)
    shop.stop.set()
    await running


async def test_graded_turns_choose_the_threshold_of_a_new_model(shop: Shop) -> None:
    await shop.look()
    said = StudentAnswer("saludo", 0.99, "v1", True)
    wrong = [
        Annotation(f"t{n}", "teacher", "envio", f"hola {'x' * n}", None, "live", NOW, said)
        for n in range(FEWEST_GRADED)
    ]
    async with shop.database.begin() as connection:
        await evidence.annotate(connection, wrong)
    await shop.take_samples(shop.alike(50), "new")
    assert await shop.look()
    async with shop.database.read() as connection:
        [second, first] = await certificates.history(connection)
    assert first.provisional is not None
    assert first.provisional < UNREACHED
    assert second.provisional == UNREACHED


async def test_a_training_compares_critical_intents_as_such(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = []

    def watched(*rows: Any, critical: frozenset[str], **rest: Any) -> Retrained:
        compared.append(critical)
        return retrain(*rows, critical=critical, **rest)

    monkeypatch.setattr(train, "retrain", watched)
    critical = update(intenciones_sistema).where(intenciones_sistema.c.nombre == "despedida")
    async with shop.database.begin() as connection:
        await connection.execute(critical.values(critica=True))
    assert await shop.look()
    assert compared == [{"despedida"}]


async def test_a_promotion_lets_old_models_go(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "KEPT_MODELS", 1)
    made = []
    for part in range(3):
        await shop.take_samples(shop.alike(150)[50 * part : 50 * (part + 1)], f"part {part}")
        assert await shop.look()
        made.append(await shop.champion())
    async with shop.database.read() as connection:
        left = {each.manifest.version for each in await models.newest(connection)}
    assert len(set(made)) == 3
    assert left == {*made[1:]}


async def test_what_teaches_nothing_new_does_not_count(shop: Shop) -> None:
    """Repeats, labels that nobody knows, the catalogue's own."""
    await shop.look()
    for _ in range(2):
        await shop.take_samples(shop.alike(49), "same")
    await shop.take_samples([("x", "gone")], "gone")
    own = NewSample("base:1", "hola!", "saludo", "base", None, "base", None, None, None, NOW)
    async with shop.database.begin() as connection:
        await samples.store(connection, [own])
    assert not await shop.look()


async def test_the_same_text_is_recognised_in_the_shops_own_language(shop: Shop) -> None:
    """`k` is `ok` in English and `que` in Spanish."""
    await shop.look()
    two, intent = ["k thx", "ok thanks"], shop.intents[0].name
    shop.live.settings = LiveSettings(ml_idioma="en", ml_auto_retrain_examples=2)
    await shop.take_samples([(words, intent) for words in two], "english")
    assert not await shop.look()
    shop.live.settings = LiveSettings(ml_idioma="es", ml_auto_retrain_examples=2)
    assert await shop.look()


async def test_what_no_intent_fits_counts_as_new(shop: Shop) -> None:
    await shop.look()
    await shop.take_samples(shop.alike(48), "some")
    await shop.take_samples([("quién ganó?", None)], "none fits")
    assert not await shop.look()
    await shop.take_samples([("cántame algo", None)], "none fits either")
    assert await shop.look()


async def test_what_no_intent_fits_is_learned_as_out_of_scope(shop: Shop) -> None:
    """But not what nobody has labelled yet."""
    unlabelled = text("INSERT INTO training_samples (texto) VALUES ('qué opinas de la luna')")
    async with shop.database.begin() as connection:
        await connection.execute(unlabelled)
    strange = ["quién ganó el partido?", "quién ganó ayer?", "cántame una canción", "canta algo"]
    await shop.take_samples([(words, None) for words in strange], "none fits")
    assert await shop.look()
    async with shop.database.read() as connection:
        [kept] = await models.newest(connection)
    assert kept.manifest.measures.per_intent[OUT_OF_SCOPE].rows == len(strange)


async def test_samples_of_the_shops_other_programs_count(shop: Shop) -> None:
    await shop.look()
    insert = text("INSERT INTO training_samples (texto, intencion) VALUES (:texto, :intencion)")
    rows = [{"texto": words, "intencion": intent} for words, intent in shop.alike(50)]
    async with shop.database.begin() as connection:
        await connection.execute(insert, rows)
    assert await shop.look()
    assert len(await shop.history()) == 2


async def test_a_batch_taken_twice_is_stored_once(shop: Shop) -> None:
    batch = [envelope_of(sample_of("hola", "saludo"), given_id="s-1"), wish(), wish()]
    await shop.take(*batch)
    await shop.take(*batch)
    [asked] = await shop.history()
    assert (asked.training_id, asked.requested_by, asked.state) == ("wish-1", "ana", "requested")
    async with shop.database.read() as connection:
        rows = await samples.labelled(connection, ["saludo"], 10**9)
    assert [row.text for row in rows].count("hola") == 2  # the catalogue's and this one
    assert shop.woken == 2


async def test_a_wish_that_comes_again_after_it_was_granted_changes_nothing(shop: Shop) -> None:
    await shop.take(wish())
    await shop.look()
    await shop.take(wish())
    assert not await shop.look()
    [made] = await shop.history()
    assert (made.training_id, made.state) == ("wish-1", State.PROMOTED)


async def test_a_wish_with_nothing_new_is_refused_in_words(shop: Shop) -> None:
    await shop.look()
    await shop.take(wish())
    assert await shop.look()
    refused = (await shop.history())[0]
    assert refused.state == State.REFUSED
    assert "nothing new" in (refused.reason or "")


async def test_two_retrainers_at_once_train_once(shop: Shop) -> None:
    one, other = shop.retrainer(), shop.retrainer()
    trained = await asyncio.gather(one.do_next(shop.stop), other.do_next(shop.stop))
    assert sorted(trained) == [False, True]
    assert len(await shop.history()) == 1


async def test_poisoned_samples_are_refused_with_what_got_worse(shop: Shop) -> None:
    await shop.look()
    champion = await shop.champion()
    names = [intent.name for intent in shop.intents]
    poison = [(words, names[names.index(right) - 1]) for words, right in shop.alike(120)]
    random.Random(0).shuffle(poison)
    await shop.take_samples(poison, "poison")
    assert await shop.look()
    refused = (await shop.history())[0]
    assert refused.state == State.REFUSED
    assert "Refused" in (refused.reason or "")
    assert min(refused.details["known"]["recall"].values()) < 0
    assert await shop.champion() == champion
    assert not await shop.look(), "the same samples must not be tried again"


async def test_a_shop_with_one_intent_is_told_what_is_missing(
    database: Database, shop: Shop
) -> None:
    async with database.begin() as connection:
        for intent in shop.intents[1:]:
            await catalogue.edit(connection, intent.name, {"active": False}, "ana")
    assert await shop.look()
    [failed] = await shop.history()
    assert failed.state == State.FAILED
    assert "at least two intents" in (failed.reason or "")
    assert not await shop.look()


async def test_a_finished_model_is_not_promoted_under_a_lost_lease(shop: Shop) -> None:
    """The lease is lost between the last renewal and the transaction that would promote."""

    async def robbed(order: Order, on_progress: OnProgress) -> Outcome:
        learned = await at_once(order, on_progress)
        async with shop.database.begin() as connection:
            await connection.execute(text("UPDATE leases SET token = token + 1, holder = 'quick'"))
        return learned

    assert await shop.look(robbed)
    assert await shop.champion() is None
    assert [each.state for each in await shop.history()] == [State.RUNNING]
    assert await OutboxStore(shop.database, "test").claim(10, 30) == []


async def test_a_training_whose_machine_dies_again_and_again_is_given_up(shop: Shop) -> None:
    async with shop.database.begin() as connection:
        asked = training.Request("heavy", "ana")
        await training.begin(connection, asked, 1, {"attempts": 3})
    assert await shop.look()
    [given_up] = await shop.history()
    assert given_up.state == State.FAILED
    assert "begun 3 times" in (given_up.reason or "")


async def test_a_model_of_other_libraries_is_replaced_without_comparison(shop: Shop) -> None:
    await shop.look()
    await _with_manifest(shop, {"libraries": libraries() | {"snowballstemmer": "0.1"}}, KEY)
    assert await shop.look()
    made = (await shop.history())[0]
    assert (made.state, made.details["begun"]) == (
        State.PROMOTED,
        "the model in force cannot be read by this release",
    )


async def test_a_model_that_an_earlier_release_wrote_is_replaced_without_being_asked(
    shop: Shop,
) -> None:
    await shop.look()
    async with shop.database.begin() as connection:
        [stored] = await models.newest(connection)
        _, file = await models.fetch(connection, stored.manifest.version)
        older = _as_an_earlier_release(file)
        digest = hashlib.sha256(older).hexdigest()
        facts = {"version": f"20200101T000000-{digest[:8]}", "digest": digest, "size": len(older)}
        manifest = sign(stored.manifest.model_copy(update=facts), KEY)
        await models.store(connection, manifest, older)
        await models.promote(connection, manifest.version, "ana")
    assert await shop.look()
    made = (await shop.history())[0]
    assert (made.state, made.details["begun"]) == (
        State.PROMOTED,
        "the model in force cannot be read by this release",
    )
    assert not await shop.look()


async def test_a_model_of_another_key_is_replaced_only_when_asked(shop: Shop) -> None:
    """A process with a wrong key must not put models in force that nobody else can read."""
    await shop.look()
    await _with_manifest(shop, {}, b"the key of somebody else")
    await shop.take_samples(shop.alike(50), "new")
    assert not await shop.look()
    await shop.take(wish())
    assert await shop.look()
    assert (await shop.history())[0].state == State.PROMOTED


async def test_a_model_that_is_damaged_before_it_is_stored_is_not_put_in_force(shop: Shop) -> None:
    async def damaged(order: Order, on_progress: OnProgress) -> Outcome:
        outcome = await at_once(order, on_progress)
        assert isinstance(outcome, Better)
        _cut(order.models_dir / outcome.version / MODEL)
        return outcome

    assert await shop.look(damaged)
    [made] = await shop.history()
    assert made.state == State.FAILED
    assert "half-written" in (made.reason or "")
    assert await shop.champion() is None


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


async def test_old_models_go_but_not_those_in_force(shop: Shop) -> None:
    await shop.look()
    async with shop.database.begin() as connection:
        [first] = await models.newest(connection)
        await connection.execute(text("DELETE FROM model_aliases"))
        await models.promote(connection, first.manifest.version, "ana")
        kept = []
        for second in range(4):
            version = f"2099010{second + 1}T000000-{first.manifest.version[-8:]}"
            moment = first.manifest.created_at.replace(year=2099, month=1, day=second + 1)
            newer = first.manifest.model_copy(update={"version": version, "created_at": moment})
            _, file = await models.fetch(connection, first.manifest.version)
            await models.store(connection, newer, file)
            kept.append(version)
        assert await models.forget_old(connection, 2) == kept[1::-1]
        left = {each.manifest.version for each in await models.newest(connection)}
    assert left == {first.manifest.version, *kept[2:]}


async def _with_manifest(shop: Shop, changes: dict[str, object], key: bytes) -> None:
    """Put another manifest beside the champion's file, signed with ``key``."""
    async with shop.database.begin() as connection:
        [stored] = await models.newest(connection)
        changed = sign(stored.manifest.model_copy(update=changes), key)
        update = text("UPDATE model_artifacts SET manifest = :manifest")
        await connection.execute(update, {"manifest": changed.model_dump_json()})


def _as_an_earlier_release(model: bytes) -> bytes:
    """The same model without what was added to model files since."""
    with np.load(io.BytesIO(model)) as archive:
        arrays = dict(archive)
    names = json.loads(arrays["names"].tobytes())
    del names["enough"], names["unseen_idf"]
    arrays["names"] = np.frombuffer(json.dumps(names).encode(), dtype=np.uint8)
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


async def test_a_folder_that_takes_no_model_is_named_with_its_setting(shop: Shop) -> None:
    shop.models_dir.touch()
    assert await shop.look()
    [made] = await shop.history()
    assert made.state == State.FAILED
    assert f"cannot be written to {shop.models_dir}" in (made.reason or "")
    assert "APRENDIZ_MODELS_DIR" in (made.reason or "")
