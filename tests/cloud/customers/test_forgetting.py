"""Nothing of a person stays that could be read, in no table."""

from datetime import date
from typing import Any

from cloud.backup.rows import lines, tables_of
from cloud.conversations.repository import SqlStore
from cloud.conversations.service import Conversations
from cloud.customers import coupons, requests, service
from cloud.customers.coupons import Grant
from cloud.customers.forgetting import forget_everywhere
from cloud.customers.service import ProfileBody
from cloud.db.database import Database
from cloud.kit.secrecy import Secrecy
from cloud.staff_tasks import service as staff_tasks
from cloud.staff_tasks.rules import NewTask

ME, OTHER = "c" * 32, "d" * 32
TODAY = date(2026, 11, 20)


async def tell(database: Database, conversations: Conversations, secrecy: Secrecy, who: str, now_ms: int) -> None:
    async with database.write() as db_session:
        await service.save_profile(db_session, secrecy, who, ProfileBody(name="みどり"), now_ms)
        wish = Grant(who, "green-tea", 160, 130, now_ms + 9, "agent:customer", reason="みどりさんへ")
        await coupons.grant(db_session, wish, now_ms)
        await service.expect_payment(db_session, who, f"pay-{who}", now_ms)
        await requests.wish(db_session, secrecy, who, "紅茶", machine_id="", now_ms=now_ms)
        source = f"conversation:{now_ms}#{who[:1]}"
        report = NewTask("customer_report", "vm-test-0001", source, now_ms, reference=who, detail="話")
        await staff_tasks.open_tasks(db_session, [report])
    begun = await conversations.begin(who, "", now_ms)
    await conversations.say(begun.session_id, "user", "ひみつ", now_ms)


async def test_person_when_deleted_then_no_table_names_them_and_others_keep_everything(
    seeded: Database, secrecy: Secrecy, clock: Any
) -> None:
    conversations = Conversations(SqlStore(seeded), secrecy, retention_days=365)
    for who in (ME, OTHER):
        await tell(seeded, conversations, secrecy, who, clock())
    await forget_everywhere(seeded, conversations, ME, clock(), TODAY)
    async with seeded.read() as db_session:
        tables = await (await db_session.connection()).run_sync(tables_of)
        kept = {name: [line async for line in lines(db_session, table)] for name, table in tables.items()}
        withdrawn, alive = reversed(await coupons.listing(db_session, clock(), limit=9))
        tasks = await staff_tasks.listing(db_session, limit=9)
        left = await service.export(db_session, secrecy, OTHER, clock())
    assert not [name for name, rows in kept.items() if any(ME.encode() in row for row in rows)]
    assert (withdrawn.state, withdrawn.customer_id, withdrawn.reason) == ("withdrawn", "", "")
    assert [(row.detail, row.reference) for row in tasks] == [("", ""), ("話", OTHER)]
    assert (alive.state, left.requests, left.profile.name) == ("open", ["紅茶"], "みどり")
    assert len(await conversations.export(OTHER)) == 1
