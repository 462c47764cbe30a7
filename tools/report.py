"""`vend report month`: an operator's command for the month's report."""

import asyncio
import re
import sys
from datetime import date
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from cloud.accounting.month_report import MonthReport, report_of
from cloud.accounting.month_report_pdf import render
from cloud.db.database import open_database
from cloud.kit.clock import local_day, system_clock
from cloud.settings import load_settings

MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")


def run(month: str | None, out: Path | None, *, is_pdf: bool) -> int:
    """Write the report of DATABASE_URL's books.

    Args:
        month: `2026-10`; the newest month that is over when None.
        out: the file; None for `report-MONTH.pdf`, or standard output for JSON.
        is_pdf: PDF instead of JSON.

    Returns:
        The exit code: 1 when the books cannot be read or the file not be written, 2 for a month that is none.
    """
    if month is not None and not MONTH.fullmatch(month):
        print(f"--month {month}: say a year and a month, such as 2026-10", file=sys.stderr)
        return 2
    try:
        report = asyncio.run(_gathered(month))
        target = out or (Path(f"report-{report.month}.pdf") if is_pdf else None)
        if target is None:
            print(report.model_dump_json(indent=2))
            return 0
        target.write_bytes(render(report) if is_pdf else report.model_dump_json(indent=2).encode())
    except (SQLAlchemyError, OSError) as error:
        print(f"the report could not be made: {getattr(error, 'orig', None) or error}", file=sys.stderr)
        return 1
    print(
        f"{target}: {report.month}, {'closed' if report.is_closed else 'not closed yet'}, entry #{report.head_number}"
    )
    return 0


async def _gathered(month: str | None) -> MonthReport:
    settings = load_settings()
    today: date = local_day(system_clock(), settings.timezone)
    database = open_database(settings.database_url)
    try:
        async with database.read() as db_session:
            return await report_of(db_session, settings, month, today)
    finally:
        await database.close()
