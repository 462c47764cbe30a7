"""Who may use which topic. Pure; the same rules as the access list written for mosquitto."""

from enum import Enum, auto

from protocol.ids import shard_of
from protocol.topics import ROOT, WIRE_MAJOR


class Direction(Enum):
    """What somebody wants to do with a topic."""

    READ = auto()
    """Subscribe to it, or be sent a message on it."""
    WRITE = auto()


def may(username: str, topic: str, direction: Direction, *, cloud_username: str) -> bool:
    """Whether a user may read or write a topic.

    Args:
        username: a machine id or the cloud's.
        topic: a topic, or for reading also a filter with `+` and `#`.
        direction: what for.
        cloud_username: the one user who is not a machine.
    """
    levels = topic.split("/")
    if len(levels) < 5 or levels[0] != ROOT or levels[1] != WIRE_MAJOR:
        return False
    side = levels[4]
    if username == cloud_username:
        return side == ("up" if direction is Direction.READ else "down")
    is_own = levels[2] == shard_of(username) and levels[3] == username
    return is_own and side == ("down" if direction is Direction.READ else "up")


def mosquitto_acl(cloud_username: str) -> str:
    """The same rules as mosquitto's access list; `%u` is the user name, and a user name is a machine id."""
    return (
        f"user {cloud_username}\n"
        f"topic read {ROOT}/{WIRE_MAJOR}/+/+/up/#\n"
        f"topic write {ROOT}/{WIRE_MAJOR}/+/+/down/#\n"
        "\n"
        f"pattern write {ROOT}/{WIRE_MAJOR}/+/%u/up/#\n"
        f"pattern read {ROOT}/{WIRE_MAJOR}/+/%u/down/#\n"
    )
