"""What the analytics agent can do: look closer, and write a report."""

from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints

from cloud.agents.agent import Occasion
from cloud.agents.analytics.situation import gather
from cloud.agents.guard.facts import Facts, Looks
from cloud.agents.reporting import report_tool
from cloud.agents.tools import Action, AnyTool, Arguments, Deps, Tool, ToolRefusedError
from cloud.analytics import demand, service, statistics
from cloud.kit.clock import local_day

MOST: Final = 50


class PeriodArguments(Arguments):
    """The whole days before today."""

    days: Annotated[int, Field(ge=1, le=366)]


class StateArguments(Arguments):
    """Which ones."""

    state: Annotated[str, StringConstraints(pattern=r"^(open|acknowledged|over)$")] = "open"


class ForecastArguments(Arguments):
    """A product, and how far ahead."""

    product_id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    days: Annotated[int, Field(ge=1, le=28)] = 7


def tools() -> tuple[AnyTool, ...]:
    """All of them."""
    return (_STATISTICS, _ANOMALIES, _FORECAST, report_tool("business", "write_report", _figures))


async def _looks(_deps: Deps, _arguments: Arguments) -> Facts:
    return Looks()


async def _period(deps: Deps, arguments: PeriodArguments) -> dict[str, Any]:
    today = local_day(deps.now_ms, deps.timezone)
    first, last = today - timedelta(days=arguments.days), today - timedelta(days=1)
    found = await statistics.gather(deps.db_session, first, last, timezone=deps.timezone, now_ms=deps.now_ms)
    return found.model_dump(mode="json")


async def _odd(deps: Deps, arguments: StateArguments) -> dict[str, Any]:
    rows = await service.anomalies(deps.db_session, limit=MOST, state=arguments.state)
    return {"anomalies": [row.model_dump(mode="json") for row in rows]}


async def _ahead(deps: Deps, arguments: ForecastArguments) -> dict[str, Any]:
    today = local_day(deps.now_ms, deps.timezone)
    rows = await demand.forecasts(deps.db_session, today, deps.timezone, deps.now_ms, arguments.days)
    found = next((row for row in rows if row.product_id == arguments.product_id), None)
    if found is None:
        raise ToolRefusedError(f"{arguments.product_id!r} is in no machine and was not sold; choose one that is")
    return found.model_dump(mode="json")


async def _figures(deps: Deps) -> dict[str, Any]:
    """What the report is about, as it is now: a reader can check every word against it."""
    found = await gather(deps.db_session, Occasion(deps.channel, deps.now_ms, deps.timezone))
    return found.statistics.model_dump(mode="json")


_STATISTICS: Final = Tool(
    "statistics",
    Action.GENERATE_REPORT,
    "Sales, stock, customers and costs of the last whole days, with as many days before to compare.",
    PeriodArguments,
    _looks,
    _period,
    examples=({"days": 28},),
)
_ANOMALIES: Final = Tool(
    "anomalies",
    Action.GENERATE_REPORT,
    "What the detectors found odd, with the numbers they judged by.",
    StateArguments,
    _looks,
    _odd,
)
_FORECAST: Final = Tool(
    "forecast",
    Action.GENERATE_REPORT,
    "What one product is expected to sell, with a band of 80 % and how well the method did on past weeks.",
    ForecastArguments,
    _looks,
    _ahead,
)
