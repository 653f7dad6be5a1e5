"""Decides whether a training is due: one pure decision over what the database holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from services.storage.training import State, Training

BACK_OFF = 300.0
"""Seconds after a failed or cancelled one until a shop without a model tries again by itself."""
MAX_ATTEMPTS = 3
"""So often a training is begun whose process dies; it may be what kills the machine."""


class ChampionState(Enum):
    """What can be said of the model in force."""

    NONE = "there is no model yet"
    USABLE = "the model in force can be used"
    OUTDATED = "the model in force cannot be read by this release"
    FOREIGN = "the model in force was signed with another APRENDIZ_SECRET_KEY"


@dataclass(frozen=True, slots=True)
class Situation:
    """All that the decision needs."""

    champion_state: ChampionState
    unfinished: Sequence[Training]
    """Requested ones, and those that run or whose process has died, the oldest first."""
    newest_sample: int
    new_samples: int
    wanted: int
    """New samples that start a training."""
    since_failure: float | None
    """Seconds since a training failed or was cancelled; None: none ever was."""
    changed: str | None = None
    """How the catalogue differs from the model in force; None: no training is needed for that."""


@dataclass(frozen=True, slots=True)
class Train:
    """Train now: a training that was asked for or whose process died, else a new one.

    `reason` is why it was begun first: it is shown in its history.
    """

    reason: str
    training: Training | None = None


@dataclass(frozen=True, slots=True)
class GiveUp:
    """A training that must not be begun once more."""

    training: Training
    reason: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do."""

    reason: str


Decision = Train | GiveUp | Wait


def attempts(training: Training | None) -> int:
    """How many times a training was begun before."""
    return 0 if training is None else int(training.details.get("attempts", 0))


def decide(situation: Situation) -> Decision:
    """What to do for whoever holds the lease, under which nothing else runs."""
    for state, reason in ((State.RUNNING, "its process died"), (State.REQUESTED, "requested")):
        for training in situation.unfinished:
            if training.state == state:
                return _again(training, reason)
    return _by_itself(situation)


def _again(training: Training, reason: str) -> Decision:
    if attempts(training) >= MAX_ATTEMPTS:
        return GiveUp(
            training,
            f"Failed: begun {MAX_ATTEMPTS} times, and its process died each time. It may need more "
            "memory than there is.",
        )
    return Train(training.details.get("begun", reason), training)


def _by_itself(situation: Situation) -> Decision:
    if not situation.newest_sample:
        return Wait("there is nothing to learn from: run `aprendiz db upgrade`")
    if situation.champion_state is ChampionState.FOREIGN:
        return Wait(f"{situation.champion_state.value}: restore the key, or ask for a training")
    if situation.new_samples >= situation.wanted:
        return Train(f"{situation.new_samples} new samples")
    if situation.champion_state is not ChampionState.USABLE:
        return _without_model(situation)
    if situation.changed is not None:
        return Train(f"the catalogue changed: {situation.changed}")
    return Wait(f"{situation.new_samples} of {situation.wanted} new samples")


def _without_model(situation: Situation) -> Decision:
    since = situation.since_failure
    if since is None or since >= BACK_OFF:
        return Train(situation.champion_state.value)
    return Wait(
        f"a training failed or was cancelled {since:.0f} s ago: the next one after {BACK_OFF:.0f} s"
    )
