"""The API tells what the student is trusted with, and what led to it."""

import asyncio
from datetime import UTC, datetime
from itertools import pairwise
from time import perf_counter

from contracts.catalogue import parse_catalogue
from services.learning.certifying.slot import TrustSlot
from services.learning.certifying.trust import GradedCount, Policy, Standing
from services.learning.normalise import different
from services.panel.trusted import describe_trust
from services.retrainer.standing import put_in_force
from services.runtime.live import LiveSettings
from services.storage import catalogue, certificates, evidence, samples
from services.storage.engine import Database
from services.storage.evidence import Annotation, StudentAnswer
from services.storage.samples import NewSample
from tests.component.panel.conftest import CATALOGUE, Panel


def sample(text: str, event_id: str) -> NewSample:
    """A text that the teacher has labelled."""
    moment = datetime.now(UTC)
    return NewSample(
        event_id, text, "agradecimiento", "teacher", None, "live", None, None, None, moment
    )


async def test_trust_is_told_with_its_evidence_and_history(
    database: Database, panel: Panel
) -> None:
    nothing = (await panel.client.get("/trust")).json()
    assert (nothing["state"], nothing["threshold"], nothing["history"]) == ("unproven", 0.8, [])
    assert nothing["evidence"]["agreement"] is None
    assert (nothing["model_version"], nothing["samples_until_training"]) == (None, 50)
    said, now = StudentAnswer("precio", 0.9, "v1", True), datetime.now(UTC)
    labels = ["precio"] * 9 + ["envio"]
    annotations = [
        Annotation(f"t-{place}", "teacher", label, "cuanto?", None, "live", now, said)
        for place, label in enumerate(labels)
    ]
    unsure = said._replace(confidence=0.5)
    others = [each._replace(turn_id=f"unsure-{each.turn_id}", said=unsure) for each in annotations]
    async with database.begin() as connection:
        await evidence.annotate(connection, [*annotations, *others])
        await catalogue.seed(connection, parse_catalogue(CATALOGUE.read_bytes()).intents)
        await samples.store(connection, [sample("Gracias", "1"), sample("GRACIAS", "2")])
        await put_in_force(
            connection,
            Standing(why="9 of 10 rows right"),
            Policy(),
            GradedCount(10, 10),
            model_version="v1",
            cause=certificates.LOOK,
        )
    told = (await panel.client.get("/trust")).json()
    assert (told["evidence"]["rows"], told["evidence"]["answered_alone"]) == (20, 0.5)
    assert told["evidence"]["agreement"] == 0.9
    assert told["evidence"]["precision_bound"] is None
    assert told["samples_until_training"] == 49, "one text in two spellings is one"
    assert [each["why"] for each in told["history"]] == ["9 of 10 rows right"]


async def test_a_training_that_is_overdue_misses_no_samples(
    database: Database, panel: Panel
) -> None:
    texts = [
        f"gracias {one}{other}" for one in "bcdfglmn" for other in ("ana", "eso", "ina", "oro")
    ]
    texts += [f"muchas {text}" for text in texts]
    async with database.begin() as connection:
        await catalogue.seed(connection, parse_catalogue(CATALOGUE.read_bytes()).intents)
        await samples.store(connection, [sample(text, text) for text in texts])
    assert (await panel.client.get("/trust")).json()["samples_until_training"] == 0


async def test_many_new_samples_keep_the_panel_from_nothing_else(database: Database) -> None:
    texts = [f"gracias {place} " * 400 for place in range(600)]
    async with database.begin() as connection:
        await catalogue.seed(connection, parse_catalogue(CATALOGUE.read_bytes()).intents)
        await samples.store(connection, [sample(text, str(n)) for n, text in enumerate(texts)])
    turns: list[float] = []

    async def others() -> None:
        while True:
            turns.append(perf_counter())
            await asyncio.sleep(0.005)

    working = asyncio.create_task(others())
    told = await describe_trust(database, TrustSlot(), LiveSettings(), 1)
    working.cancel()
    began = perf_counter()
    turns.append(began)
    assert told.samples_until_training == 50 - different(texts, "es")
    counting = perf_counter() - began
    assert max(after - before for before, after in pairwise(turns)) < counting / 2
