"""Settings that a process reads once, when it starts: environment, ``.env``, ``*_FILE`` secrets."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from contracts.events import Origin
from contracts.fields import Gateway

PREFIX = "APRENDIZ_"
DOTENV = ".env"
SIMULATOR = "simulador"
"""The gateway of the simulated phone."""

Port = Annotated[int, Field(ge=0, le=65535)]


def origin_of(gateway: str) -> Origin:
    """Where a turn's text came from: what the simulated phone plays certifies nothing."""
    return Origin.SIMULATED if gateway == SIMULATOR else Origin.LIVE


class SettingsError(ValueError):
    """A setting is wrong. The message names the environment variable and what it expects."""


class SecretFiles(InitSettingsSource):
    """Reads ``APRENDIZ_NAME_FILE`` for every setting ``name``: how secrets are mounted."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        """Read every file that the environment or ``.env`` names."""
        variables = {name: f"{PREFIX}{name.upper()}_FILE" for name in settings_cls.model_fields}
        named = _dotenv() | _own()
        found: dict[str, Any] = {
            name: _read_secret(named[variable], variable)
            for name, variable in variables.items()
            if variable in named
        }
        super().__init__(settings_cls, found)


def _read_secret(path: str, variable: str) -> str:
    try:
        secret = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise SettingsError(f"{variable}: cannot read {path}: {why}") from error
    if not secret:
        raise SettingsError(f"{variable}: {path} is empty")
    return secret


def environment() -> dict[str, str]:
    """Every ``APRENDIZ_*`` that is set: the environment's own, ``*_FILE`` read, then ``.env``'s.

    Raises:
        SettingsError: ``.env``, or a file that a ``*_FILE`` names, cannot be read.
    """
    own, dotenv = _own(), _dotenv()
    files = {
        name.removesuffix("_FILE"): _read_secret(path, name)
        for name, path in (dotenv | own).items()
        if name.endswith("_FILE")
    }
    return {**dotenv, **files, **own}


def _own() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith(PREFIX) and value}


def _dotenv() -> dict[str, str]:
    try:
        found = dotenv_values(DOTENV)
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(error) from error
    return {name: value for name, value in found.items() if name.startswith(PREFIX) and value}


def _unreadable(error: OSError | UnicodeDecodeError) -> SettingsError:
    why = getattr(error, "strerror", None) or "it is not UTF-8 text"
    return SettingsError(f"cannot read {DOTENV} in the working directory: {why}")


class Settings(BaseSettings):
    """What does not change while a process lives. Every name is also ``APRENDIZ_<NAME>``."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=DOTENV, extra="ignore", frozen=True, env_ignore_empty=True
    )

    home: Path = Path(".aprendiz")
    """The embedded database and broker, and the generated secret."""
    models_dir: Path = Path("model_artifacts")
    """A local cache of the models that the database holds."""
    amqp_url: SecretStr | None = None
    """``amqp://user:password@host/vhost``; without it the embedded broker serves."""
    database_url: SecretStr | None = None
    """``mysql+aiomysql://...``; without it SQLite serves."""
    secret_key: SecretStr | None = None
    """Derives the keys that sign models and encrypt secrets; embedded: generated."""
    gateways: Annotated[tuple[Gateway, ...], NoDecode] = (SIMULATOR,)
    """The gateways whose messages are taken, separated by commas."""
    http_host: str = "127.0.0.1"
    http_port: Port | None = None
    """The HTTP API's port; else ``ml_engine_port`` of the database, else 5000."""
    http_token: SecretStr | None = None
    """Asked of every caller as ``Authorization: Bearer``; required beyond 127.0.0.1."""
    metrics_host: str = "127.0.0.1"
    metrics_port: Port | None = None
    """Health and metrics; else each service's own port of the topology."""
    log_format: Literal["auto", "json", "pretty"] = "auto"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_people: bool = False
    """True writes message texts, names and phones to the log."""

    @field_validator("gateways", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, that over ``*_FILE``, that over ``.env``."""
        return (
            init_settings,
            env_settings,
            SecretFiles(settings_cls),
            dotenv_settings,
            file_secret_settings,
        )

    def make_home(self) -> None:
        """Make the folder ``home``, unless it is there.

        Raises:
            SettingsError: it cannot be made.
        """
        try:
            self.home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(
                f"{PREFIX}HOME: the folder {self.home} cannot be made: {error.strerror}"
            ) from error

    @property
    def broker_file(self) -> Path:
        """The embedded broker's file."""
        return self.home / "broker.sqlite"

    @property
    def database(self) -> str:
        """The database's URL, the embedded default included."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite+aiosqlite:///{self.home / 'aprendiz.sqlite'}"


def _open_beyond_loopback(settings: Settings) -> Settings:
    if settings.http_host not in ("127.0.0.1", "::1", "localhost") and settings.http_token is None:
        raise SettingsError(
            "APRENDIZ_HTTP_HOST opens the API to other machines: set APRENDIZ_HTTP_TOKEN too"
        )
    return settings


def read_settings(**overrides: Any) -> Settings:
    """Read the settings.

    Raises:
        SettingsError: names every wrong variable and what it expects, or a file that can't be read.
    """
    try:
        return _open_beyond_loopback(Settings(**overrides))
    except ValidationError as error:
        words = [
            f"{PREFIX}{str(each['loc'][0]).upper()}: {each['msg']}, got {each['input']!r}"
            for each in error.errors(include_url=False)
        ]
        raise SettingsError("; ".join(words)) from error
    except (OSError, UnicodeDecodeError) as error:  # of .env; secrets are read with words of ours
        raise _unreadable(error) from error
