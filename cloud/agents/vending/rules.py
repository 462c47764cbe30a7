"""What the vending agent does without a model. Pure: situation in, wishes out.

Prices go in steps of ten yen, because a machine gives change in coins; they rise where a product sells better than
before and is not about to be sold out for ever, fall where it will expire or nobody buys it, and move at most once in
a few days, so that the effect of a step can be seen before the next one.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from cloud.agents.planned import Done, Wish, became
from cloud.agents.vending.situation import MachineFacts, Situation, SlotFacts, StoredFacts

STEP: Final = 10
"""Yen: the smallest coin machines take."""
REST_DAYS: Final = 7
"""Between two steps of a price."""
SALE_REST_DAYS: Final = 3
"""The same for what is about to expire."""
RISE_PERCENT: Final = 130
"""Last week beside the mean week: from here on demand has risen."""
OBSERVED_DAYS: Final = 21
"""A machine that has sold for a shorter time says nothing about demand."""
RISE_UNITS: Final = 7
"""Sold last week at least: fewer say nothing."""
SHORT_DAYS: Final = 2
"""Stock for at most so many days is to be filled up."""
SLOW_DAYS: Final = 45
"""Stock for more days than this sells too slowly."""
SWAP_UNITS: Final = 2
"""Sold in 28 days at most: the slot should hold something else."""
SWAP_TIMES: Final = 3
"""The other product sells at least so many times as much, where it is sold."""


def decide(read: Mapping[str, Any]) -> list[Wish]:
    """What to do, the most urgent first."""
    seen = Situation.model_validate(read)
    wishes = [*_thrown_away(seen)]
    for machine in seen.machines:
        wishes += _removals(machine)
        wishes += _restock(machine)
    wishes += _prices(seen)
    for machine in seen.machines:
        wishes += _swaps(machine, seen.could_be_sold)
    return wishes


def _thrown_away(seen: Situation) -> Iterator[Wish]:
    for row in seen.expired_in_storage:
        why = f"{row.name}(ロット {row.lot})は賞味期限を {row.days_over} 日過ぎています"
        yield Wish(
            "write_off",
            {
                "place_id": row.place_id,
                "product_id": row.product_id,
                "lot": row.lot,
                "units": row.units,
                "reason": why,
            },
            why,
        )


def _removals(machine: MachineFacts) -> Iterator[Wish]:
    for slot in machine.slots:
        if slot.expired_units and not slot.has_removal_request:
            why = f"棚 {slot.slot} の{slot.name} {slot.expired_units} 個が賞味期限を過ぎています"
            yield Wish(
                "request_removal",
                {"machine_id": machine.machine_id, "slot": slot.slot, "product_id": slot.product_id, "reason": why},
                why,
            )


def _restock(machine: MachineFacts) -> Iterator[Wish]:
    """One request for the whole machine, when anything that is in storage runs short there."""
    short = [row for row in machine.slots if is_short(row) and row.storage > 0]
    if machine.has_restock_request or not short:
        return
    names = "、".join(f"{row.slot} {row.name}(残り {row.on_hand})" for row in short)
    why = f"{machine.name or machine.machine_id}: {names}"
    yield Wish("request_restock", {"machine_id": machine.machine_id, "reason": why[:500]}, why)


def is_short(slot: SlotFacts) -> bool:
    """Sold out, or soon so, and below the par level."""
    if slot.on_hand >= slot.par_level:
        return False
    is_soon = slot.days_of_cover is not None and slot.days_of_cover <= SHORT_DAYS
    return slot.on_hand == 0 or is_soon or 2 * slot.on_hand < slot.par_level


def _prices(seen: Situation) -> Iterator[Wish]:
    """One step per product and price list: machines that share prices are looked at together."""
    done: set[tuple[str, str]] = set()
    for machine in seen.machines:
        for slot in machine.slots:
            key = (machine.price_list or machine.machine_id, slot.product_id)
            if key in done:
                continue
            done.add(key)
            same = [
                row
                for other in seen.machines
                if (other.price_list or other.machine_id) == key[0]
                for row in other.slots
                if row.product_id == slot.product_id
            ]
            yield from _price(machine.machine_id, slot, same)


def _price(machine_id: str, slot: SlotFacts, same: Sequence[SlotFacts]) -> Iterator[Wish]:
    price, why = step(slot, same)
    if price != slot.price:
        yield Wish(
            "set_price",
            {"machine_id": machine_id, "product_id": slot.product_id, "price": price, "reason": why},
            f"{slot.name} {slot.price} 円 → {price} 円: {why}",
        )


def step(slot: SlotFacts, same: Sequence[SlotFacts]) -> tuple[int, str]:
    """The price from tomorrow on, and why; the same price when there is no reason to change it.

    Args:
        slot: one of those that share the price.
        same: all of them.
    """
    if slot.cost is None or slot.is_price_of_people or slot.price_tomorrow != slot.price:
        return slot.price, ""
    if not slot.floor <= slot.price <= slot.cap:
        return _within(slot), f"価格が原価 {slot.cost} 円に対する範囲({slot.floor} 円から {slot.cap} 円)の外です"
    rested = slot.price_changed_days_ago
    units = sum(row.expires_before_sold for row in same)
    if units and (rested is None or rested >= SALE_REST_DAYS):
        return _lower(slot), f"このままでは {units} 個が売れる前に期限を迎えます"
    if rested is None or rested >= REST_DAYS:
        return _by_demand(slot, same)
    return slot.price, ""


def _by_demand(slot: SlotFacts, same: Sequence[SlotFacts]) -> tuple[int, str]:
    week, month = sum(row.sold_7_days for row in same), sum(row.sold_28_days for row in same)
    days = max(row.days_observed for row in same)
    if days < OBSERVED_DAYS:
        return slot.price, ""
    # A mean week is month x 7 / days.
    if week >= RISE_UNITS and 100 * week * days >= RISE_PERCENT * month * 7:
        mean = month * 7 / days
        return _higher(slot), f"直近 7 日の販売 {week} 個が 4 週間の平均({mean:.1f} 個)を大きく上回っています"
    if _is_slow(same):
        return _lower(slot), f"{days} 日で {month} 個しか売れず、在庫が余っています"
    return slot.price, ""


def _is_slow(same: Sequence[SlotFacts]) -> bool:
    """Nowhere sold out, and stock for far too long everywhere."""
    return all(
        row.on_hand > 0
        and row.minutes_sold_out_7_days == 0
        and (row.days_of_cover is None or row.days_of_cover > SLOW_DAYS)
        for row in same
    )


def _within(slot: SlotFacts) -> int:
    """The nearest price within the limits, at once: outside of them no price may be set, and a jump waits for a person.

    The same price when no multiple of the step is within.
    """
    found = -(-slot.floor // STEP) * STEP if slot.price < slot.floor else slot.cap // STEP * STEP
    return found if slot.floor <= found <= slot.cap else slot.price


def _higher(slot: SlotFacts) -> int:
    return slot.price + STEP if slot.price + STEP <= slot.highest_tomorrow else slot.price


def _lower(slot: SlotFacts) -> int:
    return slot.price - STEP if slot.price - STEP >= slot.lowest_tomorrow else slot.price


def _swaps(machine: MachineFacts, could: Sequence[StoredFacts]) -> Iterator[Wish]:
    """The slowest product of a machine makes room for the best one it does not have: one swap per run."""
    slow = [
        row
        for row in machine.slots
        if row.sold_28_days <= SWAP_UNITS
        and row.days_observed >= OBSERVED_DAYS
        and row.on_hand > 0
        and row.minutes_sold_out_7_days == 0
    ]
    better = [row for row in could if machine.machine_id in row.missing_in and row.price and _pays(row)]
    if not slow or not better:
        return
    worst = min(slow, key=lambda row: (row.sold_28_days, row.slot))
    best = max(better, key=lambda row: (row.sold_28_days_elsewhere, row.product_id))
    if best.sold_28_days_elsewhere < SWAP_TIMES * max(worst.sold_28_days, 1):
        return
    other = f"{best.name}はほかで {best.sold_28_days_elsewhere} 個"
    why = f"28 日で{worst.name}は {worst.sold_28_days} 個、{other}売れています"
    yield Wish(
        "swap_product",
        {"machine_id": machine.machine_id, "slot": worst.slot, "product_id": best.product_id, "reason": why},
        why,
    )


def _pays(row: StoredFacts) -> bool:
    return row.cost is not None and row.price > row.cost


def tell(read: Mapping[str, Any], done: Sequence[Done]) -> str:
    """What was done, in words."""
    seen = Situation.model_validate(read)
    slots = [row for machine in seen.machines for row in machine.slots]
    out = sum(row.on_hand == 0 for row in slots)
    head = f"{len(seen.machines)} 台 {len(slots)} 棚を見ました。売り切れ {out} 棚。"
    if not done:
        return f"{head}変えることはありません。"
    lines = [f"・{row.wish.why}{_ended(row)}" for row in done]
    return "\n\n".join([f"{head}{became(done)}。", "\n".join(lines)])


def _ended(row: Done) -> str:
    why = str(row.answer.content.get("why", ""))
    words = {"done": "", "proposed": "(承認待ち)", "denied": "(禁止)", "refused": "(実行できず)"}
    return words.get(row.outcome, "(失敗)") + (f" {why}" if row.outcome in {"denied", "refused"} and why else "")


def report(read: Mapping[str, Any], words: str) -> Wish:
    """Keep the words."""
    day = Situation.model_validate(read).today
    return Wish("report", {"title": f"価格と補充 {day:%Y-%m-%d}", "text": words[:8000]})
