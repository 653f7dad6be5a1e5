"""Takes the events of conversations: one transaction a batch, and nothing published by itself."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from contracts.envelope import Envelope
from contracts.events import HumanReplied, MessageReceived
from services.conversations.counts import Counts
from services.conversations.effects import apply
from services.conversations.mentions import TAKEN, mentions
from services.conversations.releasing import Releasing
from services.conversations.store import locked_picture
from services.runtime.batch import Result
from services.runtime.policy import Refused
from services.runtime.process import Frame
from services.storage.engine import Database


class Conversations:
    """The handler of the service's queue."""

    def __init__(
        self, frame: Frame, database: Database, releasing: Releasing, counts: Counts
    ) -> None:
        """Keep the parts; ``releasing`` learns when a turn will want to be looked at."""
        self._frame = frame
        self._database = database
        self._releasing = releasing
        self._counts = counts

    async def handle(self, batch: Sequence[Envelope[Any]]) -> Sequence[Result]:
        """Let every event take effect; TurnReady leaves through the outbox alone."""
        gateways = self._frame.settings.gateways
        results: list[Result] = [refusal(envelope, gateways) or [] for envelope in batch]
        taken = [each for each, result in zip(batch, results, strict=True) if result == []]
        if taken:
            await self._take(taken)
        return results

    async def _take(self, envelopes: Sequence[Envelope[Any]]) -> None:
        found = mentions(envelopes, datetime.now(UTC))
        settings = self._frame.live.settings
        async with locked_picture(self._database, found, settings) as (picture, moment):
            for envelope in envelopes:
                apply(picture, envelope, moment)
        self._counts.add(picture)
        self._releasing.expect(picture.next_moments())
        if picture.released():
            self._frame.wake_outbox()


def refusal(envelope: Envelope[Any], gateways: Collection[str]) -> Refused | None:
    """Why an event can't be taken, if so."""
    event = envelope.data
    if not isinstance(event, TAKEN):
        return Refused(f"{envelope.type} has no effect on a conversation: unbind it from the queue")
    if isinstance(event, MessageReceived | HumanReplied) and event.gateway not in gateways:
        return Refused(
            f"the gateway {event.gateway!r} is not listed: add it to APRENDIZ_GATEWAYS "
            f"(now {','.join(gateways)}) and restart"
        )
    return None
