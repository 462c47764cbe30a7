import re
from collections.abc import Callable
from pathlib import Path

import pytest

from cloud.settings import Settings, load_settings
from edge.screens.kiosk.settings import ScreenSettings
from edge.screens.kiosk.settings import load_settings as read_screen_settings
from edge.settings import MachineSettings
from protocol.kit.settings import SettingsError


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_settings_when_several_are_missing_then_one_error_names_them_all() -> None:
    with pytest.raises(SettingsError) as refusal:
        load_settings(_env_file=None)
    named = {problem.partition(":")[0] for problem in refusal.value.problems}
    assert named == {"MQTT_PASSWORD", "JWT_SECRET_KEY", "ENCRYPTION_KEY"}


def test_settings_when_the_example_is_copied_unchanged_then_every_placeholder_is_refused() -> None:
    example = Path(__file__).parents[2] / ".env.example"
    with pytest.raises(SettingsError) as refusal:
        load_settings(_env_file=example)
    assert [problem for problem in refusal.value.problems if "placeholder" in problem] == refusal.value.problems
    assert len(refusal.value.problems) == 3


def test_settings_when_the_example_is_read_then_it_names_only_known_settings() -> None:
    example = (Path(__file__).parents[2] / ".env.example").read_text()
    names = {name.lower() for name in re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE)}
    assert names <= set(Settings.model_fields) | set(MachineSettings.model_fields) | set(ScreenSettings.model_fields)


def test_example_when_a_touchscreen_is_set_up_then_its_settings_stand_in_it_as_they_are_by_default() -> None:
    example = Path(__file__).parents[2] / ".env.example"
    stated = re.findall(r"^#?([A-Z_]+)=", example.read_text(), re.MULTILINE)
    assert {name.upper() for name in ScreenSettings.model_fields} <= set(stated)
    assert read_screen_settings(_env_file=example) == read_screen_settings(_env_file=None)


def test_settings_when_a_secret_is_short_then_the_error_does_not_show_it() -> None:
    with pytest.raises(SettingsError) as refusal:
        load_settings(_env_file=None, mqtt_password="short-one", jwt_secret_key="j" * 40, encryption_key="e" * 40)
    assert "MQTT_PASSWORD: shorter than 12" in str(refusal.value)
    assert "short-one" not in str(refusal.value)


def test_settings_when_the_environment_has_them_then_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MQTT_PASSWORD", "p" * 20)
    monkeypatch.setenv("JWT_SECRET_KEY", "j" * 32)
    monkeypatch.setenv("ENCRYPTION_KEY", "e" * 32)
    monkeypatch.setenv("MQTT_URL", "mqtt://broker.example:1999")
    settings = load_settings(_env_file=None)
    assert settings.mqtt_address == ("broker.example", 1999)


def test_settings_when_a_url_holds_a_password_then_it_is_refused(new_settings: Callable[..., Settings]) -> None:
    with pytest.raises(SettingsError, match="URLs end up in logs"):
        new_settings(mqtt_url="mqtt://user:pass@127.0.0.1:1883")


def test_settings_when_an_optional_key_is_empty_then_the_feature_is_simply_off(
    new_settings: Callable[..., Settings],
) -> None:
    assert new_settings(anthropic_api_key="").anthropic_api_key is None


def test_settings_when_the_guard_is_switched_off_then_only_development_takes_it(
    new_settings: Callable[..., Settings],
) -> None:
    with pytest.raises(SettingsError, match="ENABLE_GUARDRAILS cannot be off"):
        new_settings(enable_guardrails=False)
    assert not new_settings(enable_guardrails=False, environment="development").enable_guardrails


def test_settings_when_the_safety_threshold_is_low_then_it_is_refused(new_settings: Callable[..., Settings]) -> None:
    with pytest.raises(SettingsError, match="AI_SAFETY_THRESHOLD"):
        new_settings(ai_safety_threshold=0.89)
    assert new_settings(ai_safety_threshold=0.9).ai_safety_threshold == 0.9
