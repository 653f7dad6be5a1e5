"""Calls intents as the catalogue does today: a sample may be on its way while one is renamed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from contracts.envelope import Envelope
from contracts.events import SampleRecorded
from services.storage import intents
from services.storage.engine import Transaction

Recorded = Envelope[SampleRecorded]


async def named_as_today(
    transaction: Transaction, recorded: Sequence[Recorded]
) -> Sequence[Recorded]:
    """The same samples; what is stored already was renamed with the intent.

    A proposal stays: who makes one knows what the catalogue has, and says that it does not fit.
    """
    names = {name for each in recorded for name in _names(each.data) if name is not None}
    renamed = await intents.renamed(transaction, names)
    if not renamed:
        return recorded
    return [replace(each, data=_renamed(each.data, renamed)) for each in recorded]


def _names(sample: SampleRecorded) -> tuple[str | None, ...]:
    return sample.intent, sample.graded.said if sample.graded else None


def _renamed(sample: SampleRecorded, names: Mapping[str, str]) -> SampleRecorded:
    intent, said = (name and names.get(name, name) for name in _names(sample))
    graded = sample.graded and sample.graded.model_copy(update={"said": said})
    return sample.model_copy(update={"intent": intent, "graded": graded})
