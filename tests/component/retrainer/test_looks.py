"""The retrainer looks at the evidence when enough is new, and tells what it shows."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import delete, update

from contracts.codec import decode
from contracts.events import Basis, CertificateIssued, TrustState
from services.learning.certifying.trust import GradedCount, Policy, Standing, after_promotion
from services.retrainer.looks import Looks
from services.retrainer.order import OnProgress, Order, Outcome
from services.retrainer.standing import put_in_force, standing_of
from services.retrainer.steering import Steering, policy_of
from services.retrainer.trust_metrics import TrustMetrics
from services.runtime.live import LiveSettings
from services.storage import certificates, evidence, intents, outbox, tables
from services.storage.certificates import ALARM, LOOK, PROMOTION, TARGET
from services.storage.engine import Database, Transaction
from services.storage.errors import DatabaseAway
from services.storage.evidence import Annotation, StudentAnswer
from tests.component.retrainer.conftest import Shop, at_once


@pytest.fixture
def looks(shop: Shop) -> Looks:
    """One retrainer's looks."""
    return looks_of(shop, "one")


def looks_of(shop: Shop, holder: str, registry: CollectorRegistry | None = None) -> Looks:
    steering = Steering(lambda: shop.live.settings)
    metrics = TrustMetrics(registry or CollectorRegistry())
    return Looks(shop.database, holder, steering, shop._wake_outbox, metrics)


class Leaving(Database):
    """A database that does not serve from some moment on, once what was begun is done."""

    _gone = False

    def leave(self) -> None:
        self._gone = True

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction]:
        if self._gone:
            raise DatabaseAway("gone")
        async with super().begin() as connection:
            yield connection


async def grade(
    shop: Shop,
    first: int,
    rows: int,
    *,
    wrong: int = 0,
    origin: str = "live",
    says: str = "saludo",
    contact: str | None = None,
) -> None:
    """So many drawn turns of a sure student, the first ones of them wrong."""
    said, now = StudentAnswer(says, 0.99, "v1", True), datetime.now(UTC)
    annotations = [
        Annotation(
            f"turn-{n}", "teacher", "envio" if n < first + wrong else says, f"hola {n}", contact,
            origin, now, said,
        )
        for n in range(first, first + rows)
    ]  # fmt: skip
    async with shop.database.begin() as connection:
        await evidence.annotate(connection, annotations)


async def newest(shop: Shop) -> certificates.Certificate | None:
    async with shop.database.read() as connection:
        return await certificates.newest(connection)


async def test_enough_right_rows_certify_and_every_process_is_told(
    shop: Shop, looks: Looks
) -> None:
    await grade(shop, 0, 123)
    assert await looks.look() is None
    await grade(shop, 123, 7)
    seen = await looks.look()
    assert seen is not None
    assert (seen.state, seen.number, seen.rows) == (TrustState.CERTIFIED, 1, 130)
    stored = await newest(shop)
    assert stored is not None
    assert (stored.cause, stored.state, stored.right_rows) == (LOOK, "certified", 130)
    async with shop.database.begin() as connection:
        [row] = await outbox.claim(connection, 10, "test", 60)
    told = decode(row.body).data
    assert isinstance(told, CertificateIssued)
    assert (told.state, told.threshold) == (TrustState.CERTIFIED, stored.threshold)
    assert shop.outbox_woken == 1


async def test_the_next_look_waits_for_half_as_much_again_and_spends_less(
    shop: Shop, looks: Looks
) -> None:
    await grade(shop, 0, 130)
    await looks.look()
    await grade(shop, 130, 64)
    assert await looks.look() is None
    await grade(shop, 194, 1)
    second = await looks.look()
    assert second is not None
    assert second.number == 2
    assert second.level == pytest.approx(0.1 / 6)


async def test_rows_that_the_operators_window_does_not_hold_are_not_tested(
    shop: Shop, looks: Looks
) -> None:
    shop.live.settings = LiveSettings(ml_evidencia_filas=100)
    await grade(shop, 0, 130)
    assert await looks.look() is None
    shop.live.settings = LiveSettings(ml_evidencia_filas=130)
    assert await looks.look() is not None


async def test_a_student_that_is_often_wrong_is_refuted(shop: Shop, looks: Looks) -> None:
    await grade(shop, 0, 130, wrong=30)
    seen = await looks.look()
    assert seen is not None
    assert seen.state is TrustState.REFUTED


async def test_what_refuted_a_student_is_not_held_against_what_it_learned(
    shop: Shop, looks: Looks
) -> None:
    await grade(shop, 0, 130, wrong=30)
    await looks.look()
    await grade(shop, 130, 200)
    seen = await looks.look()
    assert seen is not None
    assert (seen.state, seen.rows, seen.number) == (TrustState.CERTIFIED, 200, 2)


async def test_one_contact_that_writes_all_day_certifies_nothing_for_the_others(
    shop: Shop, looks: Looks
) -> None:
    await grade(shop, 0, 120, wrong=30)
    await grade(shop, 120, 950, contact="ana")
    seen = await looks.look()
    assert seen is not None
    assert (seen.state, seen.rows, seen.right) == (TrustState.REFUTED, 170, 140)


async def test_a_certified_student_that_turns_bad_is_noticed_before_the_next_look(
    shop: Shop, looks: Looks
) -> None:
    teacher = {"openai_base_url": "http://127.0.0.1:1/v1"}
    shop.live.settings = shop.live.settings.model_copy(update=teacher)
    await grade(shop, 0, 300)
    await looks.look()
    await grade(shop, 300, 8, wrong=8)
    assert await looks.look() is None
    stored = await newest(shop)
    assert stored is not None
    assert (stored.cause, stored.state, stored.certified) == (ALARM, "refuted", None)
    assert "whatever came before" in stored.why
    assert await looks.look() is None
    again = await newest(shop)
    assert again == stored


async def test_a_fixed_threshold_knows_no_alarm(shop: Shop, looks: Looks) -> None:
    fixed = {"ml_umbral_modo": "fijo", "openai_base_url": "http://127.0.0.1:1/v1"}
    shop.live.settings = shop.live.settings.model_copy(update=fixed)
    await grade(shop, 0, 20, wrong=20)
    await looks.look()
    assert await newest(shop) is None


async def test_what_always_goes_to_the_teacher_certifies_nothing_of_the_rest(
    shop: Shop, looks: Looks
) -> None:
    rules = {"ml_intenciones_siempre_preguntar": ("saludo",)}
    shop.live.settings = shop.live.settings.model_copy(update=rules)
    await grade(shop, 0, 950)
    await grade(shop, 950, 130, wrong=30, says="precio")
    seen = await looks.look()
    assert seen is not None
    assert (seen.state, seen.rows) == (TrustState.REFUTED, 130)


async def graded_under_a_rule(shop: Shop, wrong: int = 0) -> LiveSettings:
    """300 right rows, and 100 of an intent that is always asked about; the settings before."""
    plain = shop.live.settings
    rules = {"ml_intenciones_siempre_preguntar": ("precio",)}
    shop.live.settings = plain.model_copy(update=rules)
    await grade(shop, 0, 300)
    await grade(shop, 300, 100, wrong=wrong, says="precio")
    return plain


async def test_a_certificate_does_not_outlive_the_rules_that_it_was_tested_under(
    shop: Shop, looks: Looks
) -> None:
    plain = await graded_under_a_rule(shop, wrong=100)
    first = await looks.look()
    assert first is not None
    assert (first.state, first.rows) == (TrustState.CERTIFIED, 300)
    shop.live.settings = plain
    lifted = await looks.look()
    assert lifted is not None
    assert (lifted.state, lifted.number) == (TrustState.REFUTED, 2)


async def test_what_a_rule_kept_out_of_a_test_is_known_by_its_new_name(
    shop: Shop, looks: Looks
) -> None:
    plain = await graded_under_a_rule(shop)
    assert await looks.look() is not None
    async with shop.database.begin() as connection:
        await intents.rename(connection, "precio", "cuanto_vale", "ana")
        # As if as many tested rows had aged: their number alone does not show what is back.
        aged = delete(tables.evidence).where(tables.evidence.c.id <= 100)
        await connection.execute(aged)
    shop.live.settings = plain
    seen = await looks.look()
    assert seen is not None
    assert seen.rows == 300


async def test_a_raised_target_has_its_threshold_long_before_it_can_be_tested(
    shop: Shop, looks: Looks
) -> None:
    await shop.look()
    await grade(shop, 0, 40, wrong=2)
    assert await looks.look() is None
    harder = {"ml_precision_objetivo": 99.0}
    shop.live.settings = shop.live.settings.model_copy(update=harder)
    told = shop.outbox_woken
    for _ in range(2):
        assert await looks.look() is None
    assert shop.outbox_woken == told + 1
    stored = await newest(shop)
    assert stored is not None
    assert (stored.cause, stored.state, stored.target) == (TARGET, "unproven", 0.99)
    assert stored.provisional == 0.995
    async with shop.database.read() as connection:
        assert len(await certificates.history(connection)) == 2


async def test_a_threshold_is_kept_with_the_target_that_it_was_chosen_for(shop: Shop) -> None:
    async def raised_meanwhile(order: Order, on_progress: OnProgress) -> Outcome:
        harder = {"ml_precision_objetivo": 99.0}
        shop.live.settings = shop.live.settings.model_copy(update=harder)
        return await at_once(order, on_progress)

    assert await shop.look(raised_meanwhile)
    stored = await newest(shop)
    assert stored is not None
    assert (stored.cause, stored.target) == (PROMOTION, 0.95)


@pytest.mark.parametrize("target", [99.0, 80.0])
async def test_a_threshold_is_filed_under_the_target_that_it_was_chosen_for(
    shop: Shop, target: float
) -> None:
    """Whoever puts the model in force again is given it for that target alone."""

    async def moved_meanwhile(order: Order, on_progress: OnProgress) -> Outcome:
        moved = {"ml_precision_objetivo": target}
        shop.live.settings = shop.live.settings.model_copy(update=moved)
        return await at_once(order, on_progress)

    assert await shop.look(moved_meanwhile)
    stored = await newest(shop)
    assert stored is not None
    assert stored.chosen_for == 0.95


async def test_an_intent_that_the_shop_no_longer_has_refutes_nothing(
    shop: Shop, looks: Looks
) -> None:
    await grade(shop, 0, 30, wrong=30, says="de_antes")
    await grade(shop, 30, 130)
    seen = await looks.look()
    assert seen is not None
    assert (seen.state, seen.rows) == (TrustState.CERTIFIED, 130)


async def test_a_certificate_ends_when_its_rows_have_aged(shop: Shop, looks: Looks) -> None:
    await grade(shop, 0, 130)
    assert await looks.look()
    old = datetime.now(UTC) - timedelta(days=91)
    async with shop.database.begin() as connection:
        await connection.execute(update(tables.evidence).values(created_at=old))
    seen = await looks.look()
    assert seen is not None
    assert (seen.state, seen.rows) == (TrustState.UNPROVEN, 0)
    assert await looks.look() is None


async def test_looks_at_rows_that_have_all_aged_cost_the_next_ones_nothing(
    shop: Shop, looks: Looks
) -> None:
    """A look at other evidence may be as bold as a first one."""
    await grade(shop, 0, 130)
    assert await looks.look()
    old = datetime.now(UTC) - timedelta(days=91)
    async with shop.database.begin() as connection:
        await connection.execute(update(tables.evidence).values(created_at=old))
    await grade(shop, 130, 130)
    seen = await looks.look()
    assert seen is not None
    assert (seen.state, seen.number, seen.rows) == (TrustState.CERTIFIED, 1, 130)


async def test_simulated_traffic_certifies_nothing(shop: Shop, looks: Looks) -> None:
    await grade(shop, 0, 200, origin="simulated")
    assert await looks.look() is None


async def test_two_retrainers_look_once(shop: Shop, looks: Looks) -> None:
    await grade(shop, 0, 130)
    seen = await asyncio.gather(looks.look(), looks_of(shop, "two").look())
    assert len([each for each in seen if each]) == 1
    async with shop.database.read() as connection:
        assert len(await certificates.history(connection)) == 1


async def test_a_look_counts_though_its_lease_cannot_be_given_back(
    shop: Shop, upgraded_url: str
) -> None:
    async with Leaving.open(upgraded_url) as database:
        looks = Looks(
            database, "one", Steering(lambda: shop.live.settings), database.leave,
            TrustMetrics(CollectorRegistry()),
        )  # fmt: skip
        await grade(shop, 0, 130)
        assert await looks.look()


async def test_who_has_looked_leaves_the_next_look_to_any(shop: Shop, looks: Looks) -> None:
    await grade(shop, 0, 130)
    assert await looks.look()
    await grade(shop, 130, 65)
    assert await looks_of(shop, "two").look()


async def test_a_look_and_a_promotion_at_one_moment_do_not_undo_each_other(
    shop: Shop, looks: Looks
) -> None:
    policy = policy_of(shop.live.settings)
    await grade(shop, 0, 130)
    async with shop.database.begin() as connection:
        before = standing_of(await certificates.to_replace(connection))
        looking = asyncio.create_task(looks.look())
        await asyncio.sleep(0.3)
        renewed = after_promotion(before, 0.97, policy, GradedCount(130, 130))
        await put_in_force(
            connection, renewed, policy, GradedCount(130, 130), model_version=None, cause=PROMOTION
        )
    assert await looking
    stored = await newest(shop)
    assert stored is not None
    assert (stored.state, stored.provisional) == ("certified", 0.97)


async def test_a_promotion_does_not_undo_a_refutation_of_the_same_moment(shop: Shop) -> None:
    learned, go_on = asyncio.Event(), asyncio.Event()

    async def learn(order: Order, on_progress: OnProgress) -> Outcome:
        outcome = await at_once(order, on_progress)
        learned.set()
        await go_on.wait()
        return outcome

    training = asyncio.create_task(shop.look(learn))
    await learned.wait()
    refuted, policy = Standing(state=TrustState.REFUTED, target=0.95), Policy()
    async with shop.database.begin() as connection:
        await put_in_force(
            connection, refuted, policy, GradedCount(0, 0), model_version=None, cause=ALARM
        )
        go_on.set()
        await asyncio.sleep(0.5)
    assert await training
    stored = await newest(shop)
    assert stored is not None
    assert (stored.cause, stored.state) == (PROMOTION, "refuted")


async def test_a_promotion_chooses_a_threshold_and_keeps_what_was_certified(shop: Shop) -> None:
    assert await shop.look()
    stored = await newest(shop)
    assert stored is not None
    assert (stored.cause, stored.model_version) == (PROMOTION, await shop.champion())
    standing = standing_of(stored)
    assert standing.state is TrustState.UNPROVEN
    assert standing.provisional is not None
    assert 0.3 <= standing.provisional <= 0.995


async def test_a_standing_is_kept_whole(shop: Shop) -> None:
    """Also what no look finds again: the floor, and that it was certified once."""
    standing = Standing(
        state=TrustState.CERTIFIED, target=0.9, certified=0.71, provisional=0.72, chosen_for=0.8,
        floor=0.73, kept_out=frozenset({"envio"}),
        was_certified=True, looked_at=7, rows=6, right=5, bound=0.74, basis=Basis.PRECISION,
        why="because",
    )  # fmt: skip
    async with shop.database.begin() as connection:
        await put_in_force(
            connection, standing, Policy(), GradedCount(0, 0), model_version=None, cause=LOOK
        )
    assert standing_of(await newest(shop)) == standing


async def test_monitors_see_what_the_evidence_shows(shop: Shop) -> None:
    teacher = {"openai_base_url": "http://127.0.0.1:1"}
    shop.live.settings = shop.live.settings.model_copy(update=teacher)
    registry = CollectorRegistry()
    looks = looks_of(shop, "one", registry)
    await shop.look()
    await grade(shop, 0, 100, wrong=2)
    await looks.look()
    await looks.look()
    assert registry.get_sample_value("aprendiz_evidence_rows") == 100
    assert registry.get_sample_value("aprendiz_evidence_accepted") == 100
    assert registry.get_sample_value("aprendiz_drawn_share") == 1.0, "the first phase"
    assert registry.get_sample_value("aprendiz_certificate_rows") == 0
    why = {"why": "too few turns were graded to test anything"}
    assert registry.get_sample_value("aprendiz_trust_info", why) == 1
    assert registry.get_sample_value("aprendiz_evidence_answered_alone") == 1.0
    assert registry.get_sample_value("aprendiz_evidence_agreement") == 0.98
    bound = registry.get_sample_value("aprendiz_evidence_agreement_bound")
    assert bound == pytest.approx(0.948, abs=0.001)
    labels = {"version": str(await shop.champion())}
    assert registry.get_sample_value("aprendiz_trust_state", {"state": "unproven"}) == 1
    await grade(shop, 100, 80)
    await looks.look()
    assert registry.get_sample_value("aprendiz_trust_state", {"state": "certified"}) == 1
    assert registry.get_sample_value("aprendiz_drawn_share") == pytest.approx(0.1)
    assert registry.get_sample_value("aprendiz_certificate_rows") == 180
    assert (registry.get_sample_value("aprendiz_certificate_bound") or 0) > 0.95
    assert registry.get_sample_value("aprendiz_trust_info", why) is None, "only what holds now"
    made = registry.get_sample_value("aprendiz_model_created_timestamp_seconds", labels)
    assert made == pytest.approx(datetime.now(UTC).timestamp(), abs=60)
    states = [
        registry.get_sample_value("aprendiz_trust_state", {"state": state}) for state in TrustState
    ]
    assert sum(each or 0 for each in states) == 1
