"""The rows of the desk's menu, in order."""

from edge.screens.maintenance.task import Machine, TaskKind


def goods_and_cash(machine: Machine) -> tuple[TaskKind, ...]:  # noqa: ARG001 - the tasks follow
    """What staff come for: goods in, cash out."""
    return ()
