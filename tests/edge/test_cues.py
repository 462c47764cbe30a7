"""Sound and light: each result is heard once, and the lamp's colour has its word."""

from typing import Any, get_args

import pytest

from edge.screens.cues import Cue, Cues, cue_of, light_of
from edge.screens.texts import LANGUAGES
from edge.vend.state import ActiveFault, MachineState, Phase
from edge.vend.step import Step
from protocol import events
from tools.design import sounds

STAFF: dict[str, Any] = {"staff": "s-1", "visit": ""}


def sale(**change: Any) -> events.ChangePaid:
    return events.ChangePaid(**({"vend_id": "v", "owed_minor": 40, "paid_minor": 40, "coins": {}} | change))


@pytest.mark.parametrize(
    ("happened", "cue"),
    [
        ([events.CoinAccepted(amount_minor=100, credit_minor=100, routed_to="hopper", counter=1)], "accepted"),
        ([events.SelectionMade(slot="A1", credit_minor=0, refused="sold_out")], "refused"),
        ([events.SelectionMade(slot="A1", credit_minor=0, refused="too_little_credit")], ""),
        ([sale()], "done"),
        ([sale(short_minor=40, paid_minor=0)], "sorry"),
        ([events.DeviceTested(test="motor", where="A1", ok=True, **STAFF)], "done"),
        ([events.DeviceTested(test="motor", where="A1", ok=False, **STAFF)], "refused"),
        ([events.FaultRaised(code="slot.jammed", where="A1")], ""),
        ([events.FaultRaised(code="drop_sensor.blocked")], "warning"),
        ([events.DoorOpened()], ""),
        ([sale(), sale(short_minor=10, paid_minor=30)], "sorry"),
    ],
)
def test_cue_when_something_happened_then_is_its_gravest_result(happened: list[events.Event], cue: str) -> None:
    assert cue_of(happened) == cue


def test_sound_when_the_same_result_comes_again_then_its_number_grows() -> None:
    cues = Cues()
    cues.stepped(Step(MachineState(), (sale(),)))
    first = cues.sound(60)
    cues.stepped(Step(MachineState()))
    assert cues.sound(60) == first
    cues.stepped(Step(MachineState(), (sale(),)))
    assert (cues.sound(60).cue, cues.sound(60).n) == ("done", first.n + 1)


@pytest.mark.parametrize(
    ("update", "colour"),
    [
        ({}, "green"),
        ({"phase": Phase.CREDIT}, "blue"),
        ({"phase": Phase.SERVICING}, "amber"),
        ({"door_open": True, "faults": (ActiveFault(code="store.full"),)}, "amber"),
        ({"faults": (ActiveFault(code="store.full"),)}, "red"),
        ({"faults": (ActiveFault(code="coin_hopper.short", where="hopper 10"),)}, "amber"),
        ({"faults": (ActiveFault(code="slot.jammed", where="A1"),)}, "green"),
    ],
)
def test_light_when_the_machine_stands_so_then_has_this_colour_and_words(update: dict[str, Any], colour: str) -> None:
    state = MachineState().model_copy(update=update)
    lights = [light_of(state, language) for language in LANGUAGES]
    assert {light.colour for light in lights} == {colour}
    assert len({light.text for light in lights}) == len(LANGUAGES)


def test_sounds_when_drawn_then_there_is_a_small_file_for_every_cue_that_begins_and_ends_in_silence() -> None:
    drawn = sounds.draw_all()
    assert set(drawn) == set(get_args(Cue))
    for wav in drawn.values():
        assert len(wav) < 30 * 1024
        first, last = (int.from_bytes(wav[at : at + 2], "little", signed=True) for at in (44, len(wav) - 2))
        assert abs(first) + abs(last) < 200
