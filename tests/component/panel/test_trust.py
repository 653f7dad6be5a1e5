"""The API tells what the student is trusted with, and what led to it."""

from datetime import UTC, datetime

from contracts.catalogue import parse_catalogue
from services.learning.certifying.trust import GradedCount, Policy, Standing
from services.retrainer.standing import put_in_force
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
