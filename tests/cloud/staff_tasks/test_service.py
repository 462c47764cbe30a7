"""Tasks from real events to their resolution, and what that does to goods and books."""

from typing import Any

import pytest
from sqlalchemy import text

from cloud.accounting import service as accounting
from cloud.db.database import Database
from cloud.inventory import service as inventory
from cloud.machines import service as machines
from cloud.machines.interpreter import Interpreter
from cloud.machines.receiver import Receiver
from cloud.staff_tasks import rules, service
from cloud.staff_tasks.rules import NewTask, WrongResolutionError
from cloud.staff_tasks.service import AlreadyResolvedError, Answer, NoSuchTaskError

BY = "op@example.com"


async def hear(database: Database, clock: Any, script: Any) -> None:
    await Receiver(database, clock).handle(script.messages(per_frame=20))
    while await Interpreter(database, clock=clock).run_once():
        pass


async def tasks(database: Database, **filters: Any) -> Any:
    async with database.read() as db_session:
        return await service.listing(db_session, limit=100, **filters)


async def resolve(database: Database, clock: Any, task_id: int, resolution: str, note: str = "", by: str = BY) -> Any:
    async with database.write() as db_session:
        answer = Answer(resolution, note, by)
        return await service.resolve(db_session, task_id, answer, now_ms=clock(), timezone="Asia/Tokyo")


async def opened(database: Database, kind: str, amount: int = 90) -> Any:
    """The number of a new task of a kind."""
    task = NewTask(
        kind, "vm-test-0001", f"test/{kind}", 5, slot="A1", product_id="green-tea", amount_minor=amount, claim="7K3Q"
    )
    async with database.write() as db_session:
        await service.open_tasks(db_session, [task])
    (found,) = await tasks(database, kind=kind)
    return found.id


async def balances(database: Database) -> dict[str, int]:
    async with database.read() as db_session:
        assert await accounting.verify(db_session) == []
        trial = await accounting.trial_balance(db_session)
    assert trial.debit == trial.credit
    return {line.code: line.debit - line.credit for line in trial.lines}


def change(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {code: after[code] - before.get(code, 0) for code in after if after[code] != before.get(code, 0)}


BOOKED: dict[tuple[str, str], dict[str, int]] = {
    ("debt", "paid_out"): {"2110": 90, "1001": -90},
    ("debt", "written_off"): {"2110": 90, "7001": -90},
    ("refund_claim", "paid_out"): {"2110": 90, "1001": -90},
    ("refund_claim", "written_off"): {"2110": 90, "7001": -90},
    ("debt_claimed", "paid_out"): {"2110": 90, "1001": -90},
    ("debt_lapsed", "paid_out"): {"2110": 90, "1001": -90},
    ("debt_lapsed", "written_off"): {"2110": 90, "7001": -90},
    ("bill_uncertain", "returned"): {"1160": 90, "1001": -90},
    ("payout_uncertain", "paid"): {"2110": 90, "1160": -90},
    ("card_collect", "written_off"): {"8001": 90, "1020": -90},
    ("vend_uncertain", "unit_missing"): {"5102": 84, "1101": -84},
}
"""Every other resolution is a record only."""


@pytest.mark.parametrize(
    ("kind", "resolution"), [(kind, name) for kind, names in rules.RESOLUTIONS.items() for name in names]
)
async def test_resolve_when_a_person_answers_then_the_books_move_as_the_resolution_says(
    seeded: Database, clock: Any, kind: str, resolution: str
) -> None:
    task_id = await opened(seeded, kind)
    before = await balances(seeded)
    clock.now_ms += 1_000
    found = await resolve(seeded, clock, task_id, resolution, "seen at noon")
    assert (found.state, found.resolution, found.note) == ("resolved", resolution, "seen at noon")
    assert (found.resolved_by, found.resolved_at_ms) == (BY, clock.now_ms)
    assert change(before, await balances(seeded)) == BOOKED.get((kind, resolution), {})
    if (kind, resolution) in BOOKED:
        async with seeded.read() as db_session:
            (entry,) = await accounting.journal(db_session, limit=1)
        assert entry.draft.source.startswith(f"task:{task_id}#")
        assert entry.draft.occurred_at_ms == clock.now_ms


async def test_resolve_when_a_unit_is_missing_then_it_leaves_the_slot_once_and_stock_is_worth_what_the_books_say(
    seeded: Database, clock: Any, script: Any
) -> None:
    script.restock()
    body = {"vend_id": "v", "slot": "A1", "product_id": "green-tea", "price_minor": 160}
    script.add("vend.failed", body | {"reason": "uncertain", "credit_minor": 160, "on_hand": 6})
    await hear(seeded, clock, script)
    (task,) = await tasks(seeded)
    for _ in range(2):
        await resolve(seeded, clock, task.id, "unit_missing")
    async with seeded.read() as db_session:
        assert (await inventory.stock_of_machine(db_session, "vm-test-0001"))["A1", "green-tea"] == 5
        value = await inventory.total_value(db_session)
    assert value == (await balances(seeded))["1101"]


async def test_resolve_when_the_missing_unit_was_never_in_the_books_then_nothing_is_booked_and_the_count_is_negative(
    seeded: Database, clock: Any
) -> None:
    async with seeded.write() as db_session:
        task = NewTask("vend_uncertain", "vm-test-0001", "test", 5, slot="A1", product_id="mystery")
        await service.open_tasks(db_session, [task])
    before = await balances(seeded)
    await resolve(seeded, clock, (await tasks(seeded))[0].id, "unit_missing")
    assert await balances(seeded) == before
    async with seeded.read() as db_session:
        assert (await inventory.stock_of_machine(db_session, "vm-test-0001"))["A1", "mystery"] == -1


async def test_resolve_when_doubtful_coins_did_not_come_out_then_the_customer_is_still_owed_them(
    seeded: Database, clock: Any, script: Any
) -> None:
    owed = {"owed_minor": 340, "paid_minor": 250, "coins": {}, "short_minor": 90, "uncertain_minor": 50}
    script.add("coin.accepted", {"amount_minor": 340, "credit_minor": 340, "routed_to": "hopper", "counter": 1})
    script.add("credit.returned", owed | {"reason": "lever", "claim": "7K3Q-9MXA"})
    await hear(seeded, clock, script)
    before = await balances(seeded)
    assert before["2110"] == -90
    payout, debt = await tasks(seeded)
    await resolve(seeded, clock, payout.id, "not_paid")
    first, second = await tasks(seeded, kind="debt", state="open")
    assert (first.id, second.amount_minor, second.claim, second.source) == (
        debt.id,
        50,
        "7K3Q-9MXA",
        f"task:{payout.id}",
    )
    for task in (first, second):
        await resolve(seeded, clock, task.id, "paid_out")
    assert change(before, await balances(seeded)) == {"2110": 90, "1001": -90}


async def test_resolve_when_the_same_answer_comes_again_then_nothing_is_done_twice(
    seeded: Database, clock: Any
) -> None:
    task_id = await opened(seeded, "debt")
    first = await resolve(seeded, clock, task_id, "paid_out", "at the counter")
    before = await balances(seeded)
    clock.now_ms += 5_000
    assert await resolve(seeded, clock, task_id, "paid_out", "at the counter") == first
    assert await balances(seeded) == before


@pytest.mark.parametrize(
    ("resolution", "note", "by"), [("refused", "", BY), ("paid_out", "other", BY), ("paid_out", "", "x@example.com")]
)
async def test_resolve_when_it_was_resolved_otherwise_then_it_says_by_whom_and_nothing_moves(
    seeded: Database, clock: Any, resolution: str, note: str, by: str
) -> None:
    task_id = await opened(seeded, "debt")
    await resolve(seeded, clock, task_id, "paid_out")
    before = await balances(seeded)
    with pytest.raises(AlreadyResolvedError, match=BY):
        await resolve(seeded, clock, task_id, resolution, note, by)
    assert await balances(seeded) == before


async def test_resolve_when_the_resolution_is_of_another_kind_then_it_is_refused_and_the_task_stays(
    seeded: Database, clock: Any
) -> None:
    task_id = await opened(seeded, "debt")
    for resolution in ("unit_missing", rules.SETTLED_BY_MACHINE, ""):
        with pytest.raises(WrongResolutionError, match="paid_out, refused, written_off"):
            await resolve(seeded, clock, task_id, resolution)
    with pytest.raises(NoSuchTaskError):
        await resolve(seeded, clock, task_id + 1, "paid_out")
    assert [task.state for task in await tasks(seeded)] == ["open"]


async def test_tasks_when_the_log_is_replayed_then_none_is_opened_again_and_answers_stay(
    seeded: Database, clock: Any, script: Any
) -> None:
    script.sale(short=40)
    script.add("fault.raised", {"code": "store.replaced"})
    await hear(seeded, clock, script)
    debt, _ = await tasks(seeded)
    await resolve(seeded, clock, debt.id, "paid_out")
    before = await tasks(seeded), await balances(seeded)
    async with seeded.write() as db_session:
        await db_session.execute(text("UPDATE streams SET interpreted_upto = 0, interpreted_digest = ''"))
    await hear(seeded, clock, script)
    assert (await tasks(seeded), await balances(seeded)) == before
    async with seeded.read() as db_session:
        assert await machines.quarantined(db_session, 10) == []


async def test_tasks_when_the_event_is_of_foreign_money_then_it_is_in_the_inbox_and_no_yen_are_promised(
    seeded: Database, clock: Any, script: Any
) -> None:
    owed = {"owed_minor": 5, "paid_minor": 0, "coins": {}, "short_minor": 5, "currency": "USD"}
    script.add("credit.returned", owed | {"reason": "lever"})
    await hear(seeded, clock, script)
    assert await tasks(seeded) == []


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize(
    ("answer", "payout", "moved"),
    [
        ("returned", "paid", {"2110": 840, "8001": 160, "1001": -1_000}),
        ("stacked", "not_paid", {}),
    ],
)
async def test_resolve_when_a_doubtful_bill_is_found_then_cash_and_what_is_owed_for_it_are_right_again(
    seeded: Database, clock: Any, script: Any, answer: str, payout: str, moved: dict[str, int]
) -> None:
    owed = {"owed_minor": 840, "paid_minor": 0, "coins": {}, "short_minor": 840, "uncertain_minor": 840}
    script.add("bill.held", {"amount_minor": 1_000, "credit_minor": 1_000})
    script.add("fault.raised", {"code": "bill.uncertain", "where": "", "detail": "1000, 160 unpaid: power cut"})
    script.add("credit.returned", owed | {"reason": "bill", "claim": "7K3Q-9MXA"})
    await hear(seeded, clock, script)
    before = await balances(seeded)
    found = {task.kind: task.id for task in await tasks(seeded)}
    await resolve(seeded, clock, found["bill_uncertain"], answer)
    await resolve(seeded, clock, found["payout_uncertain"], payout)
    after = await balances(seeded)
    assert {code: yen for code, yen in change(before, after).items() if yen} == moved
    async with seeded.read() as db_session:
        escrow = {
            row.sub_account: row.balance_minor
            for row in await accounting.by_place(db_session, "1001")
            if row.sub_account.startswith("vm-test-0001/")
        }
    assert escrow["vm-test-0001/escrow"] == 0
    assert escrow.get("vm-test-0001/stacker", 0) == (1_000 if answer == "stacked" else 0)


async def test_debt_when_it_was_refused_then_it_stays_owed_until_it_lapsed_and_a_person_decides_once(
    seeded: Database, clock: Any
) -> None:
    before = await balances(seeded)
    number = await opened(seeded, "debt")
    await resolve(seeded, clock, number, "refused", note="no receipt")
    assert await balances(seeded) == before
    for since, expected in ((clock(), []), (clock() + 1, [number]), (clock() + 1, [number])):
        async with seeded.write() as db_session:
            await service.lapsed(db_session, since, clock() + 5)
        again = await tasks(seeded, kind="debt_lapsed")
        assert [row.source for row in again] == [f"task:{one}" for one in expected]
    (row,) = again
    assert (row.amount_minor, row.claim, row.detail, row.state) == (90, "7K3Q", "no receipt", "open")
    await resolve(seeded, clock, row.id, "written_off")
    assert change(before, await balances(seeded)) == {"2110": 90, "7001": -90}


async def paid(database: Database, clock: Any, number: int, by: str = "op@example.com") -> Any:
    async with database.write() as db_session:
        return await service.pay_after_all(db_session, number, "came back", by, now_ms=clock(), timezone="Asia/Tokyo")


async def refused(database: Database) -> list[int]:
    async with database.read() as db_session:
        return [row.id for row in await service.refused_debts(db_session, limit=9)]


async def test_debt_when_its_customer_comes_after_it_was_refused_then_it_is_paid_once_and_both_stand_there(
    seeded: Database, clock: Any
) -> None:
    before = await balances(seeded)
    number = await opened(seeded, "debt")
    with pytest.raises(service.NotRefusedError, match="debt, open"):
        await paid(seeded, clock, number)
    await resolve(seeded, clock, number, "refused", note="no receipt")
    assert await refused(seeded) == [number]
    first, again = await paid(seeded, clock, number), await paid(seeded, clock, number)
    assert (first.kind, first.resolution, first.source) == ("debt_claimed", "paid_out", f"task:{number}")
    assert (again, await refused(seeded)) == (first, [])
    with pytest.raises(service.AlreadyResolvedError):
        await paid(seeded, clock, number, by="other@example.com")
    with pytest.raises(service.NotRefusedError):
        await paid(seeded, clock, first.id)
    async with seeded.write() as db_session:
        await service.lapsed(db_session, clock() + 1, clock() + 5)
    assert [row.note for row in await tasks(seeded, kind="debt")] == ["no receipt"]
    assert await tasks(seeded, kind="debt_lapsed") == []
    assert change(before, await balances(seeded)) == {"2110": 90, "1001": -90}


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_debt_when_it_lapsed_then_paying_it_after_all_answers_the_question_unless_it_is_income_already(
    seeded: Database, clock: Any
) -> None:
    before = await balances(seeded)
    debts = [NewTask("debt", "vm-test-0001", f"test/{at}", 5, amount_minor=90) for at in range(2)]
    async with seeded.write() as db_session:
        await service.open_tasks(db_session, debts)
    numbers = [row.id for row in await tasks(seeded, kind="debt")]
    for number in numbers:
        await resolve(seeded, clock, number, "refused")
    async with seeded.write() as db_session:
        await service.lapsed(db_session, clock() + 1, clock() + 5)
    asked = {row.source: row.id for row in await tasks(seeded, kind="debt_lapsed")}
    assert (await paid(seeded, clock, numbers[0])).id == asked[f"task:{numbers[0]}"]
    await resolve(seeded, clock, asked[f"task:{numbers[1]}"], "written_off")
    with pytest.raises(service.AlreadyResolvedError, match="written_off"):
        await paid(seeded, clock, numbers[1])
    assert change(before, await balances(seeded)) == {"2110": 180, "1001": -90, "7001": -90}
