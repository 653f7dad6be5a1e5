"""One reading of the clock and of the settings, for a whole batch."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.runtime.live import LiveSettings
from services.runtime.settings import SIMULATOR


@dataclass(frozen=True)
class Moment:
    """The present, and what the settings make of it."""

    now: datetime
    settings: LiveSettings

    @property
    def pause(self) -> timedelta:
        """How long the bot is silent after a person took over."""
        return timedelta(minutes=self.settings.pausa_humana_minutos)

    @property
    def deadline(self) -> datetime:
        """Until when a turn that opens now may hold back the next one."""
        return self.now + timedelta(seconds=self.settings.turno_plazo_segundos)

    def window(self, gateway: str) -> timedelta:
        """How long a burst may pause; who types into the simulated phone doesn't want to wait."""
        seconds = 0.0 if gateway == SIMULATOR else self.settings.turno_ventana_segundos
        return timedelta(seconds=seconds)
