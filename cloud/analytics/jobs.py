"""What the analytics do by themselves: look for what is odd, and record it. The job's boundary commits."""

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.analytics import service, signals
from cloud.analytics.service import AnomalyView

log = structlog.get_logger()


async def look(db_session: AsyncSession, now_ms: int, timezone: str, loss_budget: int) -> list[AnomalyView]:
    """Look with every detector; what is new is returned and logged.

    Args:
        db_session: a writing session.
        now_ms: ms since 1970 UTC.
        timezone: of the operator's days.
        loss_budget: yen that agents may give away a day.
    """
    fresh = await service.note(db_session, await signals.look(db_session, now_ms, timezone, loss_budget), now_ms)
    for row in fresh:
        log.warning("something is odd", detector=row.detector, machine=row.machine_id, severity=row.severity)
    return fresh
