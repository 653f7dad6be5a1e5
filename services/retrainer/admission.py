"""Decides what a new sample is: learned from, held until another voice confirms it, or too much."""

from collections import Counter
from typing import NamedTuple

from contracts.events import Author, SampleRecorded
from services.learning.certifying.holding import is_suspicious
from services.storage.samples import SampleState


class Admission(NamedTuple):
    """A sample's state, None: it is learned from; and why it is not."""

    state: SampleState | None = None
    reason: str | None = None


def admit(sample: SampleRecorded, sent: Counter[str], most: int) -> Admission:
    """The state of a new sample; ``sent`` counts its contact's samples of the day, and goes on.

    What a person says is never held: who may label may also be wrong on purpose.
    """
    if sample.labelled_by is Author.PERSON:
        return Admission()
    if sample.contact_id is not None:
        sent[sample.contact_id] += 1
        if sent[sample.contact_id] > most:
            return Admission(SampleState.CAPPED, "over the contact's daily limit")
    graded = sample.graded
    if graded is not None and is_suspicious(graded.said, graded.confidence, sample.label):
        return Admission(SampleState.HELD, f"the student says {graded.said}"[:32])
    return Admission()
