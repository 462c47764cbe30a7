"""The door of the analytics' own records: what is odd and who looks after it, and reports. Commits nothing."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.analytics import repository
from cloud.analytics.detectors import Insight, Severity
from cloud.analytics.models import Anomaly, Report

Kind = Literal["business", "vending", "procurement"]
State = Literal["open", "acknowledged", "over"]


class NoSuchAnomalyError(LookupError):
    """A number nobody gave."""

    def __init__(self, number: int) -> None:
        super().__init__(f"there is no anomaly {number}")


class NoSuchReportError(LookupError):
    """A number nobody gave."""

    def __init__(self, number: int) -> None:
        super().__init__(f"there is no report {number}")


class AnomalyOverError(ValueError):
    """Nobody needs to look after what is over."""

    def __init__(self, number: int) -> None:
        super().__init__(f"anomaly {number} is over already")


class AnomalyChangedError(ValueError):
    """It has another revision by now."""

    def __init__(self, number: int) -> None:
        super().__init__(f"somebody else changed anomaly {number}; read it again")


class AnomalyView(BaseModel):
    """Something odd."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    detector: str
    severity: Severity
    machine_id: str
    slot: str
    product_id: str
    text: str
    """What it is, in Japanese."""
    figures: dict[str, Any]
    """What its sentence needs, and the numbers it was judged by."""
    href: str
    """Page with what is behind the numbers."""
    first_at_ms: int
    last_at_ms: int
    times: int
    state: State
    handled_by: str
    handled_at_ms: int
    note: str
    revision: int


class ReportView(BaseModel):
    """A report as it was written."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    kind: Kind
    first_day: date
    last_day: date
    made_at_ms: int
    made_by: str
    run_id: str
    title: str
    text: str
    figures: dict[str, Any]


class NewReport(BaseModel):
    """A report to keep."""

    kind: Kind
    first_day: date
    last_day: date
    made_at_ms: int
    made_by: str
    title: str
    text: str
    run_id: str = ""
    figures: dict[str, Any] = {}


async def note(db_session: AsyncSession, seen: Sequence[Insight], now_ms: int) -> list[AnomalyView]:
    """Record what is odd now: what was odd before goes on, what is no longer seen is over.

    Args:
        db_session: a writing session.
        seen: everything that every detector sees now.
        now_ms: ms since 1970 UTC.

    Returns:
        Those that are new.
    """
    known = {row.key: row for row in await repository.live(db_session)}
    fresh = []
    for one in seen:
        row = known.pop(one.key, None)
        if row is None:
            fresh.append(_row(one, now_ms))
            continue
        row.text, row.figures, row.severity, row.last_at_ms = one.text, dict(one.figures), one.severity, now_ms
        row.times += 1
    for row in known.values():
        row.state, row.revision = "over", row.revision + 1
    await repository.add(db_session, *fresh)
    return [AnomalyView.model_validate(row) for row in fresh]


def _row(one: Insight, now_ms: int) -> Anomaly:
    return Anomaly(
        key=one.key,
        detector=one.detector,
        severity=one.severity,
        machine_id=one.machine_id,
        slot=one.slot,
        product_id=one.product_id,
        text=one.text,
        figures=dict(one.figures),
        href=one.href,
        first_at_ms=now_ms,
        last_at_ms=now_ms,
        times=1,
        state="open",
        handled_by="",
        handled_at_ms=0,
        note="",
        revision=1,
    )


async def acknowledge(
    db_session: AsyncSession, number: int, *, by: str, said: str, now_ms: int, revision: int | None = None
) -> AnomalyView:
    """A person looks after it.

    Raises:
        NoSuchAnomalyError: nobody saw it.
        AnomalyOverError: it is over.
        AnomalyChangedError: it has another revision by now.
    """
    row = await repository.anomaly(db_session, number, for_update=True)
    if row is None:
        raise NoSuchAnomalyError(number)
    if revision is not None and row.revision != revision:
        raise AnomalyChangedError(number)
    if row.state == "over":
        raise AnomalyOverError(number)
    row.state, row.handled_by, row.handled_at_ms, row.note = "acknowledged", by, now_ms, said
    row.revision += 1
    await db_session.flush()
    return AnomalyView.model_validate(row)


async def anomaly(db_session: AsyncSession, number: int) -> AnomalyView:
    """One.

    Raises:
        NoSuchAnomalyError: nobody saw it.
    """
    row = await repository.anomaly(db_session, number)
    if row is None:
        raise NoSuchAnomalyError(number)
    return AnomalyView.model_validate(row)


async def anomalies(
    db_session: AsyncSession,
    *,
    limit: int,
    before: tuple[int, int] | None = None,
    state: str | None = None,
    machine_id: str | None = None,
) -> list[AnomalyView]:
    """A page, the last seen first; `before` is (last_at_ms, id) of the last row of the page before."""
    rows = await repository.anomalies(db_session, limit=limit, before=before, state=state, machine_id=machine_id)
    return [AnomalyView.model_validate(row) for row in rows]


async def keep(db_session: AsyncSession, new: NewReport) -> ReportView:
    """Keep a report as it is."""
    row = Report(**new.model_dump())
    await repository.add(db_session, row)
    return ReportView.model_validate(row)


async def report(db_session: AsyncSession, number: int) -> ReportView:
    """One report.

    Raises:
        NoSuchReportError: nobody wrote it.
    """
    row = await repository.report(db_session, number)
    if row is None:
        raise NoSuchReportError(number)
    return ReportView.model_validate(row)


async def reports(
    db_session: AsyncSession, *, limit: int, before: int | None = None, kinds: Sequence[str] = ()
) -> list[ReportView]:
    """A page of reports, the newest first; `before` is the number of the last row of the page before."""
    rows = await repository.reports(db_session, limit=limit, before=before, kinds=kinds)
    return [ReportView.model_validate(row) for row in rows]
