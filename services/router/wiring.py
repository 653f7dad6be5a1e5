"""Puts the router together."""

from prometheus_client import Counter

from contracts.topology import queue_of
from services.router.catalogue import CatalogueInForce
from services.router.claiming import NAME
from services.router.handler import Router
from services.runtime.process import Frame, Intake, Part
from services.storage import versions
from services.storage.engine import Database


def assemble(frame: Frame, database: Database) -> Part:
    """The router; it reads the catalogue again whenever its version has moved."""
    outcomes = Counter(
        "aprendiz_router_outcomes",
        "Turns the router took, by what became of them: reply, handoff, escalate.",
        ("outcome",),
        registry=frame.metrics.registry,
    )
    catalogue = CatalogueInForce(database)
    router = Router(frame.live, database, catalogue, frame.metrics, outcomes)

    async def follow() -> None:
        await catalogue.reload()

    return Part(
        NAME,
        intakes=[Intake(queue_of(NAME), router.handle)],
        follows={versions.CATALOGUE: follow},
    )
