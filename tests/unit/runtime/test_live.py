"""Settings that take effect while processes run."""

from pathlib import Path

import pytest

from contracts.catalogue import HARMLESS
from services.runtime.live import Live, LiveSettings, resolve
from services.runtime.settings import environment


def test_the_environment_wins_over_the_database_and_that_over_the_default() -> None:
    stored = {"ml_umbral_confianza": "70", "ml_auto_retrain_examples": "25", "otra": "cosa"}
    resolved = resolve(stored, {"APRENDIZ_ML_UMBRAL_CONFIANZA": "90"})

    settings = resolved.settings
    assert (settings.ml_umbral_confianza, settings.ml_auto_retrain_examples) == (90, 25)
    assert settings.turno_plazo_segundos == 60
    assert resolved.problems == ()


@pytest.mark.parametrize("wrong", ["101", "-1", "mucho", "nan"])
def test_a_wrong_value_is_named_and_left_out_and_the_rest_counts(wrong: str) -> None:
    resolved = resolve({"ml_umbral_confianza": wrong, "ml_auto_retrain_examples": "25"}, {})

    assert resolved.settings == LiveSettings(ml_auto_retrain_examples=25)
    (problem,) = resolved.problems
    assert problem.startswith("ml_umbral_confianza: Input should be")
    assert problem.endswith(f", got '{wrong}'")


@pytest.mark.parametrize("name", ["openai_api_key", "openai_base_url"])
def test_a_secret_that_is_no_unicode_is_named_and_not_shown(name: str) -> None:
    """As an environment in Latin-1 arrives."""
    (problem,) = resolve({}, {f"APRENDIZ_{name.upper()}": "sk-live-\udce1"}).problems
    assert problem.startswith(f"APRENDIZ_{name.upper()}: ")
    assert "sk-live" not in problem


def test_a_wrong_value_of_the_environment_is_named_by_its_variable() -> None:
    (problem,) = resolve({}, {"APRENDIZ_MENSAJE_EDAD_MAXIMA_MINUTOS": "inf"}).problems
    assert problem.startswith("APRENDIZ_MENSAJE_EDAD_MAXIMA_MINUTOS: ")


def test_intents_are_separated_by_commas() -> None:
    stored = {"ml_intenciones_siempre_preguntar": " queja, devolucion ,,"}
    settings = resolve(stored, {"APRENDIZ_ML_INTENCIONES_INOFENSIVAS": "saludo"}).settings
    assert settings.ml_intenciones_siempre_preguntar == ("queja", "devolucion")
    assert settings.ml_intenciones_inofensivas == ("saludo",)
    assert LiveSettings().ml_intenciones_inofensivas == HARMLESS


def test_an_unknown_mode_leaves_the_certificate_in_charge() -> None:
    resolved = resolve({"ml_umbral_modo": "libre"}, {})
    assert resolved.settings.ml_umbral_modo == "certificado"
    assert resolved.problems[0].startswith("ml_umbral_modo: ")


def test_an_empty_value_counts_as_not_set() -> None:
    stored = {"ml_umbral_confianza": "", "openai_api_key": None}
    assert resolve(stored, {"APRENDIZ_NEGOCIO_NOMBRE": ""}).settings == LiveSettings()


@pytest.mark.parametrize(
    ("percent", "share"), [("80", 0.8), ("0", 0.0), ("100", 1.0), ("72.5", 0.725)]
)
def test_the_percentage_becomes_a_share(percent: str, share: float) -> None:
    assert resolve({"ml_umbral_confianza": percent}, {}).settings.threshold == share


@pytest.mark.parametrize(
    ("stored", "has_teacher"),
    [({}, False), ({"openai_api_key": "k"}, True), ({"openai_base_url": "http://localhost"}, True)],
)
def test_a_key_or_a_server_of_our_own_makes_a_teacher(
    stored: dict[str, str], has_teacher: bool
) -> None:
    assert resolve(stored, {}).settings.has_teacher is has_teacher


def test_what_the_database_holds_takes_effect_and_what_is_removed_there_is_gone(
    folder: Path,
) -> None:
    live = Live()
    live.take(resolve({"ml_umbral_confianza": "70"}, {}))
    assert live.settings.threshold == 0.7
    live.take(resolve({}, {}))
    assert live.settings == LiveSettings()


def test_dotenv_and_secrets_files_count_as_environment(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / ".env").write_text("APRENDIZ_ML_UMBRAL_CONFIANZA=65\n")
    (folder / "key").write_text("sk-from-a-file\n")
    monkeypatch.setenv("APRENDIZ_OPENAI_API_KEY_FILE", str(folder / "key"))

    stored = {"ml_umbral_confianza": "70", "openai_api_key": "sk-database"}
    resolved = resolve(stored, environment())

    assert resolved.settings.threshold == 0.65
    assert resolved.settings.openai_api_key is not None
    assert resolved.settings.openai_api_key.get_secret_value() == "sk-from-a-file"


@pytest.mark.parametrize(
    "wrong",
    [
        {"mensaje_edad_maxima_minutos": "1e300"},
        {"pausa_humana_minutos": "inf"},
        {"respuesta_espera": "un momento\x00"},
    ],
)
def test_what_no_clock_or_text_can_hold_is_left_out(wrong: dict[str, str]) -> None:
    resolved = resolve(wrong, {})
    assert resolved.settings == LiveSettings()
    [problem] = resolved.problems
    assert problem.startswith(next(iter(wrong)))
