"""What a machine must be told."""

from pathlib import Path

import pytest

from edge.settings import load_settings
from protocol.kit.settings import SettingsError

GOOD = {"machine_id": "vm-test-0001", "machine_secret": "0123456789abcdef", "_env_file": None}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("MACHINE_ID", "MACHINE_SECRET", "MQTT_URL", "DEVICES", "FRONT_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_settings_when_complete_then_have_safe_defaults() -> None:
    settings = load_settings(**GOOD)
    assert (settings.devices, settings.front_host) == ("real", "127.0.0.1")
    assert "0123456789abcdef" not in repr(settings)


def test_settings_when_several_are_wrong_then_the_error_lists_them_all() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(machine_id="VM 1", front_port=99999, _env_file=None)
    assert len(caught.value.problems) == 3
    assert "MACHINE_SECRET: missing" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"machine_secret": "your_machine_secret"}, "placeholder"),
        ({"machine_secret": "short"}, "shorter than 16"),
        ({"machine_id": "your_machine_id"}, "placeholder"),
        ({"front_host": "0.0.0.0"}, "FRONT_HOST"),
        ({"coin_device": "changer"}, "COIN_DEVICE: no wire driver"),
    ],
)
def test_settings_when_a_value_is_unusable_then_says_why(change: dict[str, str], why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        load_settings(**(GOOD | change))


def test_changer_when_the_machine_is_emulated_then_is_accepted() -> None:
    assert load_settings(**GOOD, devices="simulated", coin_device="changer").coin_device == "changer"


def test_example_when_copied_as_it_is_then_is_refused_with_the_names_to_set() -> None:
    example = Path(__file__).parents[2] / ".env.example"
    with pytest.raises(SettingsError) as caught:
        load_settings(_env_file=example)
    assert [problem.partition(":")[0] for problem in caught.value.problems] == ["MACHINE_ID", "MACHINE_SECRET"]
