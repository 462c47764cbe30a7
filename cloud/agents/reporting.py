"""The tool with which an agent keeps what it has to say for people; the same for all of them."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import StringConstraints

from cloud.agents.guard.facts import Facts, Note
from cloud.agents.tools import Action, Arguments, Deps, Tool
from cloud.analytics import service as analytics
from cloud.analytics.service import Kind, NewReport
from cloud.kit.clock import local_day

DAYS: Final = 7

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=8000)]


class ReportArguments(Arguments):
    """What to keep."""

    title: Title
    """One line, in Japanese."""
    text: Text
    """In Japanese, paragraphs separated by empty lines."""


Figures = Callable[[Deps], Awaitable[dict[str, Any]]]


def report_tool(kind: Kind, name: str = "report", figures: Figures | None = None) -> Tool[ReportArguments]:
    """A tool that keeps a report.

    Args:
        kind: of the report.
        name: of the tool.
        figures: read what the report is about, to be kept beside its words.
    """

    async def facts(_deps: Deps, arguments: ReportArguments) -> Facts:
        return Note(f"{arguments.title}\n{arguments.text}")

    async def act(deps: Deps, arguments: ReportArguments) -> dict[str, Any]:
        today = local_day(deps.now_ms, deps.timezone)
        new = NewReport(
            kind=kind,
            first_day=today - timedelta(days=DAYS),
            last_day=today,
            made_at_ms=deps.now_ms,
            made_by=deps.by,
            run_id=deps.run_id,
            title=arguments.title,
            text=arguments.text,
            figures=await figures(deps) if figures else {},
        )
        kept = await analytics.keep(deps.db_session, new)
        return {"report_id": kept.id, "page": f"/dashboard/analytics/reports/{kept.id}"}

    return Tool(
        name,
        Action.GENERATE_REPORT,
        "Keep a short report for people in the office: what you saw, did and proposed, with figures and reasons. "
        "Japanese. Call it once, at the end.",
        ReportArguments,
        facts,
        act,
        examples=({"title": "価格と補充", "text": "緑茶を 160 円から 170 円にしました。理由: ..."},),
    )
