"""What a hopper's test registers say (header 163). Pure.

Source: ccTalk Generic Specification 4.6, part 2, header 163; which flags need a reset: hopper manuals.
"""

from typing import Final

DISABLED: Final = (0, 7)
"""Register and bit: the hopper is not enabled. Normal while idle."""

_NAMES: Final = {
    (0, 0): "over-current",
    (0, 1): "payout timeout, often simply empty",
    (0, 2): "motor reversed to clear a jam",
    (0, 3): "opto blocked while idle",
    (0, 4): "opto short-circuit while idle",
    (0, 5): "opto blocked during payout",
    (0, 6): "power-up seen",
    (0, 7): "disabled",
    (1, 0): "opto short-circuit during payout",
    (1, 1): "single-coin mode",
    (1, 2): "use the other hopper",
    (1, 3): "finger mismatch",
    (1, 4): "motor reverse limit",
    (1, 5): "inductive coil fault",
    (1, 6): "memory checksum",
    (1, 7): "PIN in force",
    (2, 0): "power lost during payout",
    (2, 1): "unknown coin paid",
    (2, 2): "wrong PIN",
    (2, 3): "wrong cipher key",
    (2, 4): "encryption on",
}
_LATCHED: Final = frozenset({(0, 0), (0, 3), (0, 4), (0, 5), (1, 0), (1, 3), (1, 4), (1, 5), (2, 0), (2, 1), (2, 2)})


def flags_of(registers: bytes) -> frozenset[tuple[int, int]]:
    """The (register, bit) pairs that are set."""
    return frozenset(
        (register, bit) for register, value in enumerate(registers) for bit in range(8) if value >> bit & 1
    )


def latched(registers: bytes) -> frozenset[tuple[int, int]]:
    """The flags that stop every payout until the hopper is reset."""
    return flags_of(registers) & _LATCHED


def describe(registers: bytes) -> str:
    """The flags in words; "no flag" when none is set."""
    return ", ".join(_NAMES.get(flag, f"flag {flag}") for flag in sorted(flags_of(registers))) or "no flag"
