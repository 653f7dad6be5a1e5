"""Puts the gateways together that this process serves: of ours, there is the simulated phone."""

from contracts.topology import gateway_queue
from services.gateway.handler import Deliverer
from services.gateway.metrics import GatewayMetrics
from services.gateway.simulator import SimulatedPhone
from services.runtime.process import Frame, Intake, Part
from services.runtime.settings import SIMULATOR
from services.storage.engine import Database


def assemble(frame: Frame, database: Database) -> Part:
    """The part of a process that delivers replies; gateways of others take theirs themselves."""
    metrics = GatewayMetrics(frame.metrics)
    phones = {SIMULATOR: SimulatedPhone(database)}
    intakes = [
        Intake(queue=gateway_queue(name), handler=Deliverer(database, phone, metrics).handle)
        for name, phone in phones.items()
        if name in frame.settings.gateways
    ]
    return Part(name="gateway", intakes=intakes)
