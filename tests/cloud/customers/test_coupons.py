"""A coupon is one person's, shown by one machine at a time, used once; what machines say counts."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from cloud.commands import service as commands
from cloud.commands.rules import CannotOrderError
from cloud.customers import coupons, service
from cloud.customers.coupons import CouponError, CouponView, Grant, NoSuchCouponError
from cloud.db.database import Database
from cloud.machines import service as machines

CUSTOMER, OTHER = "c" * 32, "d" * 32
Hear = Callable[[list[Any]], Awaitable[None]]


async def given(database: Database, now_ms: int, **changes: Any) -> CouponView:
    values = {
        "customer_id": CUSTOMER,
        "product_id": "green-tea",
        "list_minor": 160,
        "price_minor": 130,
        "valid_until_ms": now_ms + 86_400_000,
        "by": "agent:customer",
    }
    async with database.write() as db_session:
        return await coupons.grant(db_session, Grant(**values | changes), now_ms)


async def offered(database: Database, code: str, now_ms: int, who: str = CUSTOMER) -> tuple[CouponView, str]:
    async with database.write() as db_session:
        return await coupons.offer(db_session, code, who, "vm-test-0001", now_ms)


async def now(database: Database, now_ms: int) -> CouponView:
    async with database.read() as db_session:
        (found,) = await coupons.of_customer(db_session, CUSTOMER, now_ms)
    return found


def sell(script: Any, code: str, price: int = 130, seq: int = 1) -> None:
    what = {"slot": "A1", "product_id": "green-tea", "price_minor": price, "planogram_rev": 1}
    more = {"list_minor": 160, "coupon": code, "credit_minor": 0, "on_hand": 5}
    script.add("vend.dispensed", {"vend_id": f"v-{seq}", "currency": "JPY"} | what | more)


async def test_coupon_when_offered_and_sold_then_it_is_used_once_and_the_sale_is_theirs(
    seeded: Database, clock: Any, script: Any, hear: Hear
) -> None:
    await hear([script.birth()])
    coupon = await given(seeded, clock())
    shown, slot = await offered(seeded, coupon.code, clock())
    assert (shown.state, shown.offered_at, slot) == ("offered", "vm-test-0001", "A1")
    async with seeded.read() as db_session:
        (command,) = await commands.listing(db_session, "vm-test-0001", limit=9)
    assert (command.kind, command.args["price_minor"], command.args["coupon"]) == ("coupon.offer", 130, coupon.code)
    sell(script, coupon.code)
    await hear(script.messages())
    used = await now(seeded, clock())
    assert (used.state, used.taken_off_minor, used.used_by) == ("used", 30, f"vm-test-0001/{'a' * 32}/1")
    async with seeded.read() as db_session:
        (sale,) = await service.history(db_session, CUSTOMER, limit=9)
        assert await coupons.open_count(db_session, CUSTOMER, clock()) == 0
        assert await service.owns(db_session, CUSTOMER, sale)
        assert not await service.owns(db_session, OTHER, sale)
    assert (sale.gross_minor, sale.coupon) == (130, coupon.code)
    with pytest.raises(CouponError, match="is used"):
        await offered(seeded, coupon.code, clock())


async def test_coupon_when_sold_by_it_again_then_the_first_use_stays_and_the_second_is_told(
    seeded: Database, clock: Any, script: Any, hear: Hear
) -> None:
    coupon = await given(seeded, clock())
    sell(script, coupon.code)
    sell(script, coupon.code, price=100, seq=2)
    await hear(script.messages())
    assert (await now(seeded, clock())).taken_off_minor == 30
    async with seeded.read() as db_session:
        (odd,) = await machines.quarantined(db_session, 9)
        assert len(await service.history(db_session, CUSTOMER, limit=9)) == 2
    assert (odd.category, coupon.code in odd.why) == ("odd_coupon", True)


async def test_coupon_when_two_ask_for_it_at_once_then_one_machine_shows_it(
    seeded: Database, clock: Any, script: Any, hear: Hear
) -> None:
    await hear([script.birth()])
    coupon = await given(seeded, clock())
    answers = await asyncio.gather(*(offered(seeded, coupon.code, clock()) for _ in range(3)), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, CouponError)]
    assert (len(answers) - len(refused), {one.code for one in refused}) == (1, {"coupon_offered"})
    async with seeded.read() as db_session:
        assert len(await commands.listing(db_session, "vm-test-0001", limit=9)) == 1


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_coupon_when_the_machine_shows_it_no_more_then_it_is_open_again(
    seeded: Database, clock: Any, script: Any, hear: Hear
) -> None:
    await hear([script.birth()])
    coupon = await given(seeded, clock())
    await offered(seeded, coupon.code, clock())
    async with seeded.read() as db_session:
        (command,) = await commands.listing(db_session, "vm-test-0001", limit=9)
    script.taken(command.id, name="coupon.offer")
    await hear(script.messages())
    clock.now_ms += 600_000
    assert (await now(seeded, clock())).state == "offered"
    script.done(command.id, "expired", name="coupon.offer")
    await hear(script.messages())
    assert (await now(seeded, clock())).state == "open"


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_coupon_when_not_good_here_then_it_says_why_and_stays_open(
    seeded: Database, clock: Any, script: Any, hear: Hear
) -> None:
    await hear([script.birth()])
    cases: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({"list_minor": 150}, CouponError, "costs 160 yen here"),
        ({"machine_id": "vm-else-0001"}, CouponError, "at machine vm-else-0001 only"),
        ({"product_id": "caviar"}, CannotOrderError, "has no caviar"),
    ]
    for changes, kind, why in cases:
        coupon = await given(seeded, clock(), **changes)
        with pytest.raises(kind, match=why):
            await offered(seeded, coupon.code, clock())
        async with seeded.read() as db_session:
            assert (await coupons.of_customer(db_session, CUSTOMER, clock()))[0].state == "open"
    with pytest.raises(NoSuchCouponError):
        await offered(seeded, coupon.code, clock(), OTHER)


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_coupon_when_withdrawn_or_over_then_nobody_uses_it(seeded: Database, clock: Any) -> None:
    coupon = await given(seeded, clock())
    async with seeded.write() as db_session:
        assert (await coupons.withdraw(db_session, coupon.code, "op@example.com", clock())).state == "withdrawn"
    with pytest.raises(CouponError, match="is withdrawn"):
        await offered(seeded, coupon.code, clock())
    other = await given(seeded, clock())
    clock.now_ms += 86_400_000
    with pytest.raises(CouponError, match="is expired"):
        await offered(seeded, other.code, clock())
    assert coupon.code != other.code
