"""Names of machines, shards and vends. Pure."""

import hashlib
import re
from typing import Annotated, Final

from pydantic import StringConstraints

MACHINE_PATTERN: Final = r"^[a-z0-9](?:[a-z0-9-]{2,38})[a-z0-9]$"
"""Lower-case letters, digits and dashes, 4 to 40 of them: safe as a topic level, a user name and a file name."""

SLOT_PATTERN: Final = r"^[A-Z][0-9]{1,2}$"
"""A row letter and a column number, as printed beside the coil: A1 … Z99."""

EPOCH_PATTERN: Final = r"^[0-9a-f]{32}$"

MachineId = Annotated[str, StringConstraints(pattern=MACHINE_PATTERN)]
"""MQTT user name = client id = certificate name of one machine. It carries no meaning (no customer, no place)."""

Slot = Annotated[str, StringConstraints(pattern=SLOT_PATTERN)]

Epoch = Annotated[str, StringConstraints(pattern=EPOCH_PATTERN)]
"""128 random bits in hex, drawn when a machine's store is created; a new card or a reset is a new epoch."""

DayOrNone = Annotated[str, StringConstraints(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$")]
"""A calendar day as `2026-11-30`; empty when nobody said one."""

_machine = re.compile(MACHINE_PATTERN)


class BadMachineIdError(ValueError):
    """A machine name outside `MACHINE_PATTERN`."""

    def __init__(self, machine: str) -> None:
        self.machine = machine
        super().__init__(
            f"machine id {machine!r} is not 4 to 40 lower-case letters, digits and inner dashes; "
            "set MACHINE_ID to something like 'vm-tokyo-0001'"
        )


def check_machine_id(machine: str) -> str:
    """Return `machine` unchanged.

    Raises:
        BadMachineIdError: it could not stand in a topic.
    """
    if not _machine.match(machine):
        raise BadMachineIdError(machine)
    return machine


def shard_of(machine: str) -> str:
    """The shard of a machine: first two hex digits of SHA-256 over its id; one of 256, fixed for life."""
    return hashlib.sha256(machine.encode()).hexdigest()[:2]


def vend_id(epoch: str, number: int) -> str:
    """The id of a vend: unique for the machine's lifetime, made by the machine so that it works offline.

    Args:
        epoch: of the store that counts the vends.
        number: 1 for the first vend of that store; never reused.
    """
    return f"{epoch[:12]}-{number}"


_CLAIM_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U, so that a code can be read out and typed without mistakes."""


def claim_code(epoch: str, number: int) -> str:
    """A short code that a customer shows for money the machine could not pay.

    Args:
        epoch: of the store that records the debt.
        number: of the payout; never reused within the epoch.

    Returns:
        `7K3Q-9MXA`: 40 bits, so that guessing one of a machine's few open claims is hopeless.
    """
    bits = int.from_bytes(hashlib.sha256(f"claim:{epoch}:{number}".encode()).digest()[:5], "big")
    letters = "".join(_CLAIM_ALPHABET[bits >> shift & 31] for shift in range(35, -1, -5))
    return f"{letters[:4]}-{letters[4:]}"
