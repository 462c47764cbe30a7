"""What the analytics agent sees: the last week in figures, what is odd, what comes."""

from datetime import timedelta
from typing import Any, Final

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.agents.agent import Occasion
from cloud.analytics import report
from cloud.analytics.demand import ProductForecast
from cloud.analytics.service import AnomalyView
from cloud.analytics.statistics import Statistics
from cloud.kit.clock import local_day

DAYS: Final = 7


class Situation(BaseModel):
    """A week, told by the business's own records."""

    statistics: Statistics
    anomalies: list[AnomalyView]
    forecasts: list[ProductForecast]
    paragraphs: list[str]
    """The same in plain words, as rules put it."""


async def situation(db_session: AsyncSession, occasion: Occasion) -> dict[str, Any]:
    """Read it; of the seven days before today."""
    return (await gather(db_session, occasion)).model_dump(mode="json")


async def gather(db_session: AsyncSession, occasion: Occasion) -> Situation:
    """The same as an object."""
    today = local_day(occasion.now_ms, occasion.timezone)
    found = await report.gather(
        db_session,
        today - timedelta(days=DAYS),
        today - timedelta(days=1),
        business="",
        timezone=occasion.timezone,
        now_ms=occasion.now_ms,
        today=today,
    )
    return Situation(
        statistics=found.statistics,
        anomalies=found.anomalies,
        forecasts=found.forecasts,
        paragraphs=found.paragraphs,
    )
