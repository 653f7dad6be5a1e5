"""What the operator set, as the retrainer needs it: read anew each time."""

from collections.abc import Callable
from dataclasses import dataclass

from services.learning.certifying.trust import Policy
from services.runtime.live import LiveSettings


@dataclass(frozen=True)
class Steering:
    """``settings`` gives those in force now, ``to_policy`` what they mean for the student."""

    settings: Callable[[], LiveSettings]
    to_policy: Callable[[LiveSettings], Policy]

    @property
    def policy_without_catalogue(self) -> Policy:
        """The policy in force now, for which any intent is in the catalogue."""
        return self.to_policy(self.settings())
