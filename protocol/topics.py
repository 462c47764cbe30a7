"""Topic names `vm/1/<shard>/<machine>/<direction>/<channel>`: built here, read here, nowhere else.

The shard level lets each intake worker subscribe to its own machines with a plain filter.
Source: MQTT 3.1.1 section 4.7 (wildcards fill whole levels, so an id prefix cannot partition).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from protocol.ids import BadMachineIdError, check_machine_id, shard_of

ROOT: Final = "vm"
WIRE_MAJOR: Final = "1"


class Channel(StrEnum):
    """What travels on a topic; the first three go up, the others down."""

    EVENTS = "up/evt"
    """Outbox frames. QoS 1."""
    LIVE = "up/live"
    """Telemetry that may be lost. QoS 0."""
    STATE = "up/state"
    """Birth, and the last will. QoS 1, retained."""
    ACK = "down/ack"
    """Application acknowledgements. QoS 0: cumulative, so one may be lost."""
    COMMAND = "down/cmd"
    """Commands. QoS 1, never retained."""
    WANT = "down/want"
    """Whole settings documents. QoS 1, not retained."""
    HELLO = "down/hello"
    """Answer to a birth. QoS 0."""


class BadTopicError(ValueError):
    """A topic that is not one of ours."""

    def __init__(self, topic: str, why: str) -> None:
        self.topic = topic
        super().__init__(f"topic {topic!r}: {why}")


@dataclass(frozen=True, slots=True)
class Topic:
    """One address of one machine."""

    machine: str
    channel: Channel

    def __str__(self) -> str:
        return f"{ROOT}/{WIRE_MAJOR}/{shard_of(self.machine)}/{self.machine}/{self.channel}"


def parse_topic(text: str) -> Topic:
    """Read a topic.

    Raises:
        BadTopicError: wrong root, wire version, machine id, shard or channel; the message says which.
    """
    levels = text.split("/")
    if len(levels) != 6 or levels[0] != ROOT:
        raise BadTopicError(text, f"expected {ROOT}/{WIRE_MAJOR}/<shard>/<machine>/<direction>/<channel>")
    _, major, shard, machine, direction, name = levels
    if major != WIRE_MAJOR:
        raise BadTopicError(text, f"wire version {major!r} is not spoken here, only {WIRE_MAJOR!r}")
    try:
        check_machine_id(machine)
    except BadMachineIdError as error:
        raise BadTopicError(text, str(error)) from error
    if shard != shard_of(machine):
        raise BadTopicError(text, f"shard {shard!r} is not {shard_of(machine)!r}, the shard of {machine}")
    try:
        channel = Channel(f"{direction}/{name}")
    except ValueError as error:
        raise BadTopicError(text, f"unknown channel {direction}/{name}") from error
    return Topic(machine, channel)


def uplink_filters(shards: tuple[str, ...] | None = None) -> list[str]:
    """Subscription filters of an intake worker: events, live and state of its shards, or of all when None."""
    return [
        f"{ROOT}/{WIRE_MAJOR}/{shard}/+/{channel}"
        for shard in shards or ("+",)
        for channel in (Channel.EVENTS, Channel.STATE)
    ]


def downlink_filter(machine: str) -> str:
    """The one filter a machine subscribes to."""
    return f"{ROOT}/{WIRE_MAJOR}/{shard_of(machine)}/{machine}/down/#"
