"""Counts of machine cash: what was expected, what the books do, what is left to explain."""

from datetime import date, timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from cloud.accounting import counting, places
from cloud.accounting import service as accounting
from cloud.accounting.counting import CountedPart, Visit
from cloud.accounting.rules import Draft, Leg
from cloud.db.database import Database
from cloud.staff_tasks import service as tasks

ZONE = "Asia/Tokyo"


async def count(database: Database, clock: Any, *lines: CountedPart, by: str = "staff@example.com") -> Any:
    async with database.write() as db_session:
        visit = Visit("vm-test-0001", lines, by, "", clock())
        return await counting.record(db_session, visit, now_ms=clock(), timezone=ZONE)


async def machine(database: Database) -> Any:
    async with database.read() as db_session:
        assert await accounting.verify(db_session) == []
        found = await counting.cash_now(db_session, ["vm-test-0001"])
        assert found.safe + found.unplaced + sum(row.total for row in found.machines) == found.total
        return found.machines[0]


async def balance(database: Database, account: str) -> int:
    async with database.read() as db_session:
        trial = await accounting.trial_balance(db_session)
    return sum(line.debit - line.credit for line in trial.lines if line.code == account)


@pytest.fixture
async def sold(seeded: Database, book: Any, script: Any, machine_id: str) -> Database:
    """One sale of 160 from a 500 yen coin; then 3 coins of 100, in the cash box and not spent yet."""
    script.restock()
    script.sale()
    for number in (2, 3, 4):
        script.add(
            "coin.accepted",
            {"amount_minor": 100, "credit_minor": 0, "routed_to": "cash_box", "counter": number},
        )
    await book(seeded, machine_id, script.events)
    return seeded


async def test_count_when_everything_is_there_then_nothing_but_the_collection_is_booked(
    sold: Database,
    clock: Any,
) -> None:
    before = await balance(sold, "1001")
    found = await count(sold, clock, CountedPart("cash_box", 300, collected_minor=300), CountedPart("hopper", 160))
    assert (found.expected, found.counted, found.difference, found.collected) == (460, 460, 0, 300)
    here = await machine(sold)
    assert (here.cash_box, here.hopper, here.total, here.unexplained) == (0, 160, 160, 0)
    assert here.counted_at_ms == clock()
    assert await balance(sold, "1001") == before
    async with sold.read() as db_session:
        (entry,) = await accounting.journal(db_session, limit=1)
    assert entry.draft.source == f"count:{found.id}#collected"


async def test_count_when_something_is_missing_then_the_books_follow_the_count_and_it_stays_to_be_explained(
    sold: Database,
    clock: Any,
) -> None:
    found = await count(sold, clock, CountedPart("cash_box", 200), CountedPart("hopper", 170))
    assert [(line.part, line.difference) for line in found.lines] == [("hopper", 10), ("cash_box", -100)]
    here = await machine(sold)
    assert (here.hopper, here.cash_box, here.unexplained) == (170, 200, -90)
    assert await balance(sold, "1160") == 90
    again = await count(sold, clock, CountedPart("cash_box", 300), CountedPart("hopper", 160))
    assert again.difference == 90
    assert (await machine(sold)).unexplained == 0


@pytest.mark.parametrize(("counted", "account", "sign"), [(200, "8001", 1), (350, "7001", -1)])
async def test_explain_when_nobody_can_then_it_is_a_loss_or_an_income_and_the_machine_is_clear(
    sold: Database,
    clock: Any,
    counted: int,
    account: str,
    sign: int,
) -> None:
    await count(sold, clock, CountedPart("cash_box", counted))
    for _ in range(2):
        async with sold.write() as db_session:
            await counting.explain(db_session, "vm-test-0001", "", now_ms=clock(), timezone=ZONE)
    assert await balance(sold, account) == sign * abs(300 - counted)
    assert (await machine(sold)).unexplained == 0


async def test_doubtful_coins_when_a_count_and_a_person_settle_them_in_any_order_then_nothing_is_left(
    seeded: Database,
    book: Any,
    script: Any,
    clock: Any,
    machine_id: str,
) -> None:
    """The count finds 50 missing, and the customer says that they came out: one 50, not two."""
    script.add("coin.accepted", {"amount_minor": 100, "credit_minor": 100, "routed_to": "hopper", "counter": 1})
    owed = {"owed_minor": 100, "paid_minor": 50, "coins": {"50": 1}, "short_minor": 50, "uncertain_minor": 50}
    script.add("credit.returned", owed | {"reason": "lever", "claim": "7K3Q-9MXA"})
    await book(seeded, machine_id, script.events)
    assert ((await machine(seeded)).hopper, (await machine(seeded)).claims) == (50, 50)
    await count(seeded, clock, CountedPart("hopper", 0))
    assert (await machine(seeded)).unexplained == -50
    async with seeded.write() as db_session:
        (task,) = await tasks.listing(db_session, limit=5)
        await tasks.resolve(db_session, task.id, tasks.Answer("paid", "", "op"), now_ms=clock(), timezone=ZONE)
    here = await machine(seeded)
    assert (here.hopper, here.claims, here.unexplained) == (0, 0, 0)


async def test_count_when_more_is_taken_than_was_counted_then_nothing_is_recorded(sold: Database, clock: Any) -> None:
    with pytest.raises(counting.CollectedTooMuchError):
        await count(sold, clock, CountedPart("cash_box", 100, collected_minor=101))
    async with sold.read() as db_session:
        assert await counting.counts(db_session, limit=5) == []


async def test_counts_when_asked_by_machine_or_person_then_only_theirs_newest_first(sold: Database, clock: Any) -> None:
    for who in ("a", "b", "a"):
        await count(sold, clock, CountedPart("escrow", 0), by=who)
    async with sold.read() as db_session:
        assert [row.id for row in await counting.counts(db_session, limit=5, counted_by="a")] == [3, 1]
        assert [row.id for row in await counting.counts(db_session, limit=5, machine_id="vm-test-0001")] == [3, 2, 1]
        assert await counting.counts(db_session, limit=5, machine_id="other") == []


async def test_float_when_staff_load_it_then_it_comes_from_the_safe_and_what_a_changer_counts_is_a_difference(
    seeded: Database,
    book: Any,
    script: Any,
    machine_id: str,
) -> None:
    load = {"denomination_minor": 100, "in_hopper": 40}
    script.add("float.loaded", load | {"added": 40, "staff": "kana"})
    script.add("float.loaded", load | {"added": -1, "staff": "changer key"})
    script.add("float.loaded", load | {"added": -2, "staff": "changer"})
    found = await book(seeded, machine_id, script.events)
    assert found["1001", f"{machine_id}/hopper"] == 3_700
    assert found[places.SAFE] == 20_000 - 3_900
    assert found["1160", machine_id] == 200


COUNTS = "/api/v1/accounting/cash/machines/vm-test-0001/counts"


async def test_count_when_sent_twice_with_one_key_then_it_is_recorded_once(client: AsyncClient) -> None:
    body = {"parts": [{"part": "cash_box", "pieces": {"100": 2, "500": 1}, "collected": 700}]}
    answers = [await client.post(COUNTS, json=body, headers={"Idempotency-Key": "visit-1"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["difference"] == 700
    cash = (await client.get("/api/v1/accounting/cash")).json()
    assert (cash["safe"], cash["machines"][0]["unexplained"]) == (20_700, 700)
    assert len((await client.get("/api/v1/accounting/cash/counts")).json()["items"]) == 1


@pytest.mark.parametrize(
    ("part", "code"),
    [
        ({"part": "cash_box"}, "invalid"),
        ({"part": "pocket", "counted": 1}, "invalid"),
        ({"part": "cash_box", "counted": 5, "pieces": {"10": 1}}, "invalid"),
        ({"part": "cash_box", "counted": -1}, "invalid"),
        ({"part": "cash_box", "counted": 5, "collected": 6}, "collected_too_much"),
    ],
)
async def test_count_when_it_makes_no_sense_then_it_is_refused(client: AsyncClient, part: Any, code: str) -> None:
    answer = await client.post(COUNTS, json={"parts": [part]})
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    unknown = await client.post(COUNTS.replace("0001", "0009"), json={"parts": [{"part": "hopper", "counted": 1}]})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "no_such_machine")


async def test_page_when_cash_was_counted_by_form_then_it_shows_what_was_missing_and_links_to_the_entries(
    client: AsyncClient,
) -> None:
    assert 'href="/dashboard/cash/vm-test-0001"' in (await client.get("/dashboard/machines/vm-test-0001")).text
    form = {"cash_box": "700", "cash_box_taken": "700", "hopper": "", "note": "袋 12"}
    answer = await client.post("/dashboard/cash/vm-test-0001", data=form)
    assert answer.status_code == 303
    page = (await client.get(answer.headers["location"])).text
    assert "袋 12" in page
    assert 'href="/api/v1/accounting/cash/counts/1"' in page
    whole = (await client.get("/dashboard/cash")).text
    assert "/dashboard/journal/1160?place=vm-test-0001" in whole
    assert "¥20,700" in whole
    journal = (await client.get("/dashboard/journal/1160?place=vm-test-0001")).text
    assert "現金実査 vm-test-0001" in journal
    assert "釣銭準備金" not in journal
    refused = await client.post("/dashboard/cash/vm-test-0001", data={"cash_box": "1", "cash_box_taken": "2"})
    assert refused.status_code == 422
    assert "数えた金額より多くは回収できません" in refused.text


async def test_deposit_and_explanation_when_sent_twice_with_one_key_then_each_is_booked_once(
    client: AsyncClient,
) -> None:
    await client.post(COUNTS, json={"parts": [{"part": "hopper", "counted": 30}]})
    explain = COUNTS.replace("counts", "explanations")
    asked = (("/api/v1/accounting/cash/deposits", {"amount": 8_000}, 1010), (explain, {"why": "x"}, 7001))
    for path, body, code in asked:
        answers = [await client.post(path, json=body, headers={"Idempotency-Key": str(code)}) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 200]
        assert str(code) in [leg["account_code"] for leg in answers[0].json()["postings"]]
    cash = (await client.get("/api/v1/accounting/cash")).json()
    assert (cash["safe"], cash["machines"][0]["unexplained"]) == (12_000, 0)
    again = await client.post(explain, json={"why": "x"})
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_explain")


async def test_cash_when_a_past_day_is_asked_for_then_it_is_what_was_there_however_long_ago(database: Database) -> None:
    first = date(2026, 11, 2)
    box = places.cash("vm-test-0001", places.CASH_BOX)
    drafts = [
        Draft(
            f"day/{at}",
            first + timedelta(days=at),
            0,
            "sold",
            (Leg(box.account, 100 + at, box.sub_account), Leg("4001", -100 - at)),
        )
        for at in range(6)
    ]
    async with database.write() as db_session:
        await accounting.post(db_session, [drafts[at] for at in (3, 0, 5, 1, 4, 2)])
    for at in range(6):
        async with database.read() as db_session:
            (found,) = (await counting.cash_at(db_session, first + timedelta(days=at), 0)).machines
        assert found.cash_box == sum(100 + day for day in range(at + 1))
