"""`/api/v1/accounting/cash`: what should be in each machine, and counts of what is."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator

from cloud.accounting import counting, service
from cloud.accounting.counting import CashView, CountedPart, CountView, Visit
from cloud.accounting.endpoints import EntryView, entry_view
from cloud.identity.access import Creates, Creator, needs
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep, ProblemError, RowId, refusals
from cloud.kit.pages import AskedDep, Page
from cloud.machines import service as machines

router = APIRouter(prefix="/api/v1/accounting/cash", tags=["accounting"])

MOST_YEN = 100_000_000
"""No part of a machine holds more."""
NOTE_LENGTH = 500

Yen = Annotated[int, Field(ge=0, le=MOST_YEN)]
MachineName = Annotated[str, Path(max_length=40)]
Denomination = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,4}$")]


class PartBody(BaseModel):
    """What was counted in one part: `counted`, or `pieces` to be added up, or both when they agree."""

    model_config = ConfigDict(extra="forbid")

    part: Literal["hopper", "cash_box", "stacker", "escrow"]
    counted: Yen | None = None
    """Yen."""
    pieces: dict[Denomination, Annotated[int, Field(ge=0, le=100_000)]] = Field(default_factory=dict, max_length=16)
    """Denomination in yen to coins or bills."""
    collected: Yen = 0
    """Of it, what was taken to the safe."""

    @property
    def sum_minor(self) -> int:
        """Yen in this part."""
        return self._added if self.counted is None else self.counted

    @property
    def _added(self) -> int:
        return sum(int(kind) * count for kind, count in self.pieces.items())

    @model_validator(mode="after")
    def _agrees(self) -> "PartBody":
        if self.counted is None and not self.pieces:
            raise ValueError("say `counted` or `pieces`")
        if self.counted is not None and self.pieces and self.counted != self._added:
            raise ValueError(f"`pieces` add up to {self._added}, `counted` is {self.counted}")
        if self.sum_minor > MOST_YEN:
            raise ValueError(f"at most {MOST_YEN} yen")
        return self


class CountBody(BaseModel):
    """One count; parts that are not named were not counted."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"parts": [{"part": "cash_box", "pieces": {"100": 42, "500": 3}, "collected": 5700}]}],
        },
    )

    parts: list[PartBody] = Field(min_length=1, max_length=4)
    note: str = Field(default="", max_length=NOTE_LENGTH)

    @model_validator(mode="after")
    def _once(self) -> "CountBody":
        if len({row.part for row in self.parts}) != len(self.parts):
            raise ValueError("each part once")
        return self


class DepositBody(BaseModel):
    """Cash that was paid in at the bank."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"amount": 8000}]})

    amount: Annotated[int, Field(ge=1, le=MOST_YEN)]
    """Yen."""


class ExplainBody(BaseModel):
    """Why what is missing, or too much, is not looked for any longer."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"why": "month end"}]})

    why: str = Field(min_length=1, max_length=200)


async def visit_of(db_session: DatabaseDep, machine_id: str, body: CountBody, by: str) -> Visit:
    """A count from its body.

    Raises:
        ProblemError: 404, nobody registered the machine.
    """
    async with db_session.read() as reading:
        try:
            heard = (await machines.machine(reading, machine_id)).last_seen_ms
        except machines.NoSuchMachineError as error:
            raise ProblemError(404, "no_such_machine", str(error)) from error
    lines = [CountedPart(row.part, row.sum_minor, row.collected, row.pieces) for row in body.parts]
    return Visit(machine_id, lines, by, body.note, heard)


@router.get("", dependencies=[needs(Permission.BOOKS_READ)])
async def get_cash(database: DatabaseDep) -> CashView:
    """What should be in the safe and in each machine, now, as far as the machines were heard."""
    async with database.read() as db_session:
        known = [row.id for row in await machines.machines(db_session)]
        return await counting.cash_now(db_session, known)


@router.get("/counts", dependencies=[needs(Permission.BOOKS_READ)])
async def get_counts(
    database: DatabaseDep,
    asked: AskedDep,
    machine_id: Annotated[str | None, Query(max_length=40)] = None,
    counted_by: Annotated[str | None, Query(max_length=254)] = None,
) -> Page[CountView]:
    """Counts, newest first; of one machine, of one person."""
    async with database.read() as db_session:
        rows = await counting.counts(
            db_session,
            limit=asked.one_more,
            before=asked.after(int),
            machine_id=machine_id,
            counted_by=counted_by,
        )
    return asked.page(rows, lambda row: row.id)


@router.get(
    "/counts/{number}",
    dependencies=[needs(Permission.BOOKS_READ)],
    responses=refusals(http_404="no_such_count"),
)
async def get_count(number: RowId, database: DatabaseDep) -> CountView:
    """One count."""
    async with database.read() as db_session:
        found = await counting.one_count(db_session, number)
    if found is None:
        raise ProblemError(404, "no_such_count", f"there is no count {number}")
    return found


@router.post(
    "/machines/{machine_id}/counts",
    status_code=201,
    responses=refusals(http_404="no_such_machine", http_409="key_reused", http_422="collected_too_much"),
)
async def count_cash(
    machine_id: MachineName,
    body: CountBody,
    creator: Annotated[Creator, Depends(Creates(Permission.CASH_COUNT, "cash.counted"))],
    database: DatabaseDep,
) -> CountView:
    """Record what was counted. The books follow the count, and the difference stays on 現金過不足 of the machine."""
    visit = await visit_of(database, machine_id, body, creator.user.email)
    timezone = creator.request.app.state.settings.timezone
    try:
        async with creator.once(body, machine=machine_id) as work:
            if work.is_new:
                made = await counting.record(work.db_session, visit, now_ms=creator.now_ms, timezone=timezone)
                work.made = str(made.id)
            found = await counting.one_count(work.db_session, int(work.made))
    except counting.CollectedTooMuchError as error:
        raise ProblemError(422, "collected_too_much", str(error)) from error
    assert found is not None  # noqa: S101 - it was made by this request, now or before
    return found


@router.post("/deposits", status_code=201, responses=refusals(http_409="key_reused"))
async def deposit_cash(
    body: DepositBody,
    creator: Annotated[Creator, Depends(Creates(Permission.BOOKS_CORRECT, "cash.deposited"))],
) -> EntryView:
    """Book what was carried from the safe to the bank."""
    timezone = creator.request.app.state.settings.timezone
    async with creator.once(body, amount=body.amount) as work:
        if work.is_new:
            made = await counting.deposit(work.db_session, body.amount, now_ms=creator.now_ms, timezone=timezone)
            work.made = str(made)
        return entry_view(await service.entry(work.db_session, int(work.made)))


@router.post(
    "/machines/{machine_id}/explanations",
    status_code=201,
    responses=refusals(http_409="nothing_to_explain, key_reused"),
)
async def explain_difference(
    machine_id: MachineName,
    body: ExplainBody,
    creator: Annotated[Creator, Depends(Creates(Permission.BOOKS_CORRECT, "cash.explained"))],
) -> EntryView:
    """Move what is left on 現金過不足 of a machine to other losses or income: at the end of the month at the latest."""
    timezone = creator.request.app.state.settings.timezone
    async with creator.once(body, why=body.why) as work:
        if work.is_new:
            made = await counting.explain(
                work.db_session,
                machine_id,
                body.why,
                now_ms=creator.now_ms,
                timezone=timezone,
            )
            if not made:
                raise ProblemError(409, "nothing_to_explain", f"Nothing is missing or too much in {machine_id}.")
            work.made = str(made)
        return entry_view(await service.entry(work.db_session, int(work.made)))
