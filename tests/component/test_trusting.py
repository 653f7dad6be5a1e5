"""Every process takes what is in force from the newest certificate, the settings, the catalogue."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection
from structlog.testing import capture_logs

from contracts.catalogue import CatalogueIntent
from contracts.codec import decode
from contracts.events import CertificateIssued, TrustState
from services.learning.certifying.slot import TrustSlot
from services.learning.certifying.trust import GradedCount, Policy, Standing
from services.retrainer.standing import put_in_force, standing_of
from services.runtime.live import Live, LiveSettings
from services.storage import catalogue, certificates, evidence, models, outbox, tables
from services.storage.engine import Database
from services.storage.evidence import Annotation, StudentAnswer
from services.storage.upsert import insert_ignore
from services.trusting import TrustKeeper

WITH_TEACHER = {"openai_base_url": "http://localhost"}
CERTIFIED = Standing(
    state=TrustState.CERTIFIED,
    target=0.95,
    certified=0.7,
    provisional=0.9,
    was_certified=True,
    looked_at=200,
    rows=180,
    right=178,
    bound=0.957,
    why="178 of 180 rows right",
)


class Stand:
    """A process's trust over a database with one intent."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.live = Live(LiveSettings(**WITH_TEACHER))
        self.slot = TrustSlot()
        self.trusting = TrustKeeper(database, self.live, self.slot)

    async def certify(self) -> None:
        await self.promote(CERTIFIED, "v1")

    async def promote(self, standing: Standing, version: str) -> None:
        """Note what stands once a model was promoted."""
        graded, cause = GradedCount(300, 300), certificates.PROMOTION
        async with self.database.begin() as connection:
            await put_in_force(
                connection, standing, Policy(), graded, model_version=version, cause=cause
            )

    async def grade(self, rows: int) -> None:
        said, now = StudentAnswer("saludo", 0.9, "v1", True), datetime.now(UTC)
        annotations = [
            Annotation(f"t-{n}", "teacher", "saludo", "hola", None, "live", now, said)
            for n in range(rows)
        ]
        async with self.database.begin() as connection:
            await evidence.annotate(connection, annotations)


@pytest.fixture
async def stand(database: Database) -> Stand:
    hello = CatalogueIntent(
        name="saludo", description="Saluda.", action="text", reply="Hola", examples=("hola",)
    )
    async with database.begin() as connection:
        await catalogue.seed(connection, [hello])
    return Stand(database)


async def test_at_first_all_is_drawn_and_little_trusted(stand: Stand) -> None:
    await stand.trusting.refresh()
    given = stand.slot.trust
    assert (given.state, given.share, given.probation) == (TrustState.UNPROVEN, 1.0, True)
    assert given.policy.catalogue == {"saludo": "text"}


async def test_with_enough_rows_the_probation_ends(stand: Stand) -> None:
    stand.live.settings = stand.live.settings.model_copy(update={"ml_sorteo_inicial": 5})
    await stand.grade(5)
    await stand.trusting.refresh()
    assert not stand.slot.trust.probation
    assert stand.slot.trust.share == pytest.approx(0.1)


async def test_a_certificate_rules(stand: Stand) -> None:
    await stand.certify()
    await stand.trusting.refresh()
    assert (stand.slot.trust.state, stand.slot.trust.threshold) == (TrustState.CERTIFIED, 0.7)


async def test_a_model_put_in_force_by_hand_has_its_own_threshold_at_once(stand: Stand) -> None:
    """Nobody waits for the retrainer, which may be down."""
    await stand.promote(Standing(provisional=0.93), "v2")
    async with stand.database.begin() as connection:
        champion = [{"alias": models.CHAMPION, "version": "v2"}]
        await insert_ignore(connection, tables.model_aliases, champion)
    await stand.certify()
    await stand.trusting.refresh()
    assert (stand.slot.trust.state, stand.slot.trust.threshold) == (TrustState.UNPROVEN, 0.93)


class Slow(Database):
    """A database of which the first answer reaches its reader late."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.read_once, self.go_on = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        async with super().read() as connection:
            yield connection
        if not self.read_once.is_set():
            self.read_once.set()
            await self.go_on.wait()


async def test_what_was_read_before_a_certificate_does_not_replace_it(stand: Stand) -> None:
    url = stand.database.url.render_as_string(hide_password=False)
    async with Slow.open(url) as database:
        trusting = TrustKeeper(database, stand.live, stand.slot)
        counting = asyncio.create_task(trusting.refresh())
        await database.read_once.wait()
        await stand.certify()
        following = asyncio.create_task(trusting.refresh())
        await asyncio.wait({following}, timeout=0.3)
        database.go_on.set()
        await asyncio.gather(counting, following)
    assert stand.slot.trust.state is TrustState.CERTIFIED


async def test_without_a_teacher_nothing_is_drawn_or_proven(stand: Stand) -> None:
    await stand.certify()
    stand.live.settings = LiveSettings()
    await stand.trusting.refresh()
    assert (stand.slot.trust.state, stand.slot.trust.share) == (TrustState.UNPROVEN, 0.0)


async def test_a_fixed_threshold_is_warned_of_once(stand: Stand) -> None:
    fixed = {"ml_umbral_modo": "fijo", "ml_umbral_confianza": 60.0}
    stand.live.settings = stand.live.settings.model_copy(update=fixed)
    with capture_logs() as logged:
        for _ in range(2):
            await stand.trusting.refresh()
    assert (stand.slot.trust.threshold, stand.slot.trust.probation) == (0.6, False)
    assert [each["event"].startswith("a fixed threshold") for each in logged].count(True) == 1


async def test_a_rule_that_names_no_intent_is_warned_of_once(stand: Stand) -> None:
    rules = {
        "ml_intenciones_siempre_preguntar": ("saludo", "quejas"),
        "ml_intenciones_nunca_preguntar": ("despedida",),
    }
    stand.live.settings = stand.live.settings.model_copy(update=rules)
    async with stand.database.begin() as connection:
        await catalogue.edit(connection, "saludo", {"active": False}, "ana")
    with capture_logs() as logged:
        for _ in range(2):
            await stand.trusting.refresh()
    named = [each["intents"] for each in logged if each["event"].startswith("rules name")]
    assert named == [["despedida", "quejas"]]


async def test_the_evidence_is_counted_again_without_a_hint(stand: Stand) -> None:
    trusting = TrustKeeper(stand.database, stand.live, stand.slot, every=0.01)
    stop = asyncio.Event()
    running = asyncio.create_task(trusting.run(stop))
    await stand.certify()
    async with asyncio.timeout(5):
        while True:
            await asyncio.sleep(0.01)
            if stand.slot.trust.state is TrustState.CERTIFIED:
                break
    stop.set()
    await running


async def test_a_standing_is_kept_whole_and_told(stand: Stand) -> None:
    await stand.certify()
    async with stand.database.begin() as connection:
        assert standing_of(await certificates.newest(connection)) == CERTIFIED
        [row] = await outbox.claim(connection, 10, "test", 0)
    told = decode(row.body).data
    assert isinstance(told, CertificateIssued)
    assert (told.state, told.threshold, told.rows) == (TrustState.CERTIFIED, 0.7, 180)
