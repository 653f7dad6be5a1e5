"""Settings that are read once: where they come from, and errors that name the variable."""

from pathlib import Path

import pytest

from services.runtime.settings import SettingsError, environment, read_settings

pytestmark = pytest.mark.usefixtures("folder")


def test_everything_has_a_default() -> None:
    settings = read_settings()
    assert settings.gateways == ("simulador",)
    assert settings.database == "sqlite+aiosqlite:///.aprendiz/aprendiz.sqlite"
    assert settings.broker_file == Path(".aprendiz/broker.sqlite")


def test_the_environment_wins_over_a_secrets_file_and_that_over_dotenv(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / ".env").write_text(
        "APRENDIZ_HTTP_TOKEN=dotenv\nAPRENDIZ_SECRET_KEY=dotenv\nAPRENDIZ_LOG_LEVEL=debug\n"
    )
    (folder / "secret").write_text("file\n")
    monkeypatch.setenv("APRENDIZ_HTTP_TOKEN_FILE", str(folder / "secret"))
    monkeypatch.setenv("APRENDIZ_SECRET_KEY_FILE", str(folder / "secret"))
    monkeypatch.setenv("APRENDIZ_SECRET_KEY", "environment")

    settings = read_settings()

    assert settings.secret_key is not None
    assert settings.http_token is not None
    told = (settings.secret_key.get_secret_value(), settings.http_token.get_secret_value())
    assert (*told, settings.log_level) == ("environment", "file", "debug")
    assert environment()["APRENDIZ_SECRET_KEY"] == "environment"
    assert environment()["APRENDIZ_HTTP_TOKEN"] == "file"
    assert environment()["APRENDIZ_LOG_LEVEL"] == "debug"


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APRENDIZ_AMQP_URL", "")
    assert read_settings().amqp_url is None


@pytest.mark.parametrize(
    ("content", "why"), [(None, "No such file"), (b"", "empty"), (b"\xff\xfe", "UTF-8")]
)
def test_a_secrets_file_that_cannot_be_read_is_named(
    content: bytes | None, why: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if content is not None:
        (folder / "secret").write_bytes(content)
    monkeypatch.setenv("APRENDIZ_SECRET_KEY_FILE", str(folder / "secret"))

    with pytest.raises(SettingsError, match=rf"APRENDIZ_SECRET_KEY_FILE: .*{why}"):
        read_settings()
    with pytest.raises(SettingsError, match="APRENDIZ_SECRET_KEY_FILE"):
        environment()


def test_a_secrets_file_may_be_named_in_dotenv(folder: Path) -> None:
    (folder / ".env").write_text("APRENDIZ_DATABASE_URL_FILE=url\nAPRENDIZ_OPENAI_API_KEY_FILE=key")
    (folder / "url").write_text("sqlite:///shop.db\n")
    (folder / "key").write_text("sk-1\n")
    assert read_settings().database == "sqlite:///shop.db"
    assert environment()["APRENDIZ_OPENAI_API_KEY"] == "sk-1"


def test_a_dotenv_that_is_no_utf_8_is_named(folder: Path) -> None:
    (folder / ".env").write_text("APRENDIZ_NEGOCIO_NOMBRE=Peña", encoding="latin-1")
    for read in (read_settings, environment):
        with pytest.raises(SettingsError, match=r"cannot read \.env in .*: it is not UTF-8 text"):
            read()


def test_every_wrong_variable_is_named_with_what_it_expects(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("APRENDIZ_HTTP_PORT", "99999")
    monkeypatch.setenv("APRENDIZ_LOG_FORMAT", "xml")
    with pytest.raises(SettingsError) as error:
        read_settings()
    assert "APRENDIZ_HTTP_PORT: Input should be less than or equal to 65535" in str(error.value)
    assert "APRENDIZ_LOG_FORMAT: Input should be 'auto', 'json' or 'pretty'" in str(error.value)


def test_gateways_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APRENDIZ_GATEWAYS", "whatsapp, simulador")
    assert read_settings().gateways == ("whatsapp", "simulador")


def test_a_gateways_name_must_fit_a_routing_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APRENDIZ_GATEWAYS", "whatsapp.#")
    with pytest.raises(SettingsError, match="APRENDIZ_GATEWAYS"):
        read_settings()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7"])
def test_beyond_loopback_the_api_needs_a_token(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APRENDIZ_HTTP_HOST", host)
    with pytest.raises(SettingsError, match="set APRENDIZ_HTTP_TOKEN too"):
        read_settings()
    monkeypatch.setenv("APRENDIZ_HTTP_TOKEN", "a token")
    assert read_settings().http_host == host


def test_a_secret_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APRENDIZ_AMQP_URL", "amqp://ana:hunter2@localhost/")
    assert "hunter2" not in repr(read_settings())


def test_a_home_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=r"APRENDIZ_HOME: .*/file/home cannot be made: Not a d"):
        read_settings(home=tmp_path / "file" / "home").make_home()
