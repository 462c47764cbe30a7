"""What a complaint is worth comes from the machine's events, never from what is said."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from cloud.customers import evidence, service
from cloud.customers.evidence import Evidence, Report, spellings
from cloud.db.database import Database
from cloud.sales import service as sales
from cloud.staff_tasks import service as staff_tasks
from cloud.staff_tasks.service import Answer

CUSTOMER = "c" * 32
MACHINE = "vm-test-0001"
Hear = Callable[[list[Any]], Awaitable[None]]
pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


async def about(database: Database, now_ms: int, **said: Any) -> Evidence:
    async with database.read() as db_session:
        return await evidence.evidence_for(db_session, Report(**said), now_ms)


async def test_claim_when_change_was_short_then_it_leads_to_the_sale_and_to_what_is_owed(
    seeded: Database, clock: Any, script: Any, hear: Hear
) -> None:
    paid = {"owed_minor": 340, "paid_minor": 300, "coins": {"100": 3}, "short_minor": 40, "claim": "7K3Q-9M0A"}
    what = {"vend_id": "v-7", "slot": "A1", "product_id": "green-tea", "price_minor": 160, "planogram_rev": 1}
    script.add("vend.dispensed", what | {"credit_minor": 340, "on_hand": 5})
    script.add("change.paid", {"vend_id": "v-7", "currency": "JPY"} | paid)
    await hear(script.messages())
    found = await about(seeded, clock(), claim="7k3q9moa", customer_id=CUSTOMER)
    assert (found.standing, found.owed_minor, found.claim, found.is_theirs) == ("waiting", 40, "7K3Q-9M0A", True)
    assert found.sale is not None
    assert (found.vend_result, found.paid_minor, found.refunded_minor) == ("dispensed", 160, 0)
    assert found.sources == [
        f"/api/v1/monitoring/events/{MACHINE}/{'a' * 32}/1", "/api/v1/monitoring/tasks/1",
    ]  # fmt: skip
    async with seeded.write() as db_session:
        await staff_tasks.resolve(
            db_session, 1, Answer("paid_out", "", "op@example.com"), now_ms=clock(), timezone="Asia/Tokyo"
        )
        assert await service.claim_sale(db_session, CUSTOMER, found.sale, clock())
        assert not await service.claim_sale(db_session, "d" * 32, found.sale, clock())
    async with seeded.read() as db_session:
        assert await evidence.standing_of(db_session, "7K3Q-9M0A") == ("paid", 0)
        assert await service.owns(db_session, CUSTOMER, found.sale)


@pytest.mark.parametrize("said", [{"claim": "0000-0000"}, {"claim": "--"}, {"sale_id": 99}, {"slot": "A1"}, {}])
async def test_evidence_when_nothing_is_on_record_then_it_says_so_and_a_person_has_to_look(
    seeded: Database, clock: Any, said: dict[str, Any]
) -> None:
    found = await about(seeded, clock(), machine_id=MACHINE, **said)
    assert (found.vend_result, found.sale, found.is_theirs, found.owed_minor) == ("unknown", None, False, 0)
    assert "a person has to look" in found.why


async def test_slot_when_one_vend_failed_there_then_it_is_meant_but_not_known_to_be_theirs(
    seeded: Database, clock: Any, script: Any, hear: Hear
) -> None:
    script.sale()
    script.failed_vend()
    await hear(script.messages())
    found = await about(seeded, clock(), machine_id=MACHINE, slot="a1", at_ms=clock() + 60_000, customer_id=CUSTOMER)
    assert (found.vend_result, found.is_theirs, found.paid_minor) == ("failed", False, 0)
    assert "nothing was delivered and nothing charged" in found.why
    late = await about(seeded, clock(), machine_id=MACHINE, slot="A1", at_ms=clock() + 3_600_000)
    assert late.vend_result == "unknown"


async def test_sale_when_two_would_fit_then_neither_is_meant(
    seeded: Database, clock: Any, script: Any, hear: Hear
) -> None:
    script.sale()
    script.sale()
    await hear(script.messages())
    assert (await about(seeded, clock(), machine_id=MACHINE, slot="A1")).vend_result == "unknown"
    async with seeded.read() as db_session:
        (sale, _) = await sales.listing(db_session, limit=9)
    found = await about(seeded, clock(), sale_id=sale.id, customer_id=CUSTOMER)
    assert (found.vend_result, found.is_theirs) == ("dispensed", False)


async def test_vend_when_the_machine_does_not_know_then_it_is_uncertain(
    seeded: Database, clock: Any, script: Any, hear: Hear
) -> None:
    what = {"vend_id": "v-1", "slot": "A1", "product_id": "green-tea", "price_minor": 160, "reason": "uncertain"}
    script.add("vend.failed", what | {"credit_minor": 0, "on_hand": 5})
    await hear(script.messages())
    found = await about(seeded, clock(), machine_id=MACHINE, slot="A1")
    assert (found.vend_result, "does not know" in found.why) == ("uncertain", True)


def test_code_when_typed_carelessly_then_it_is_spelled_as_we_write_it(database_kind: str) -> None:
    assert spellings(" 7k3q 9moa ") == ("7K3Q-9M0A", "7K3Q9M0A")
    assert spellings("") == ("-", "")
