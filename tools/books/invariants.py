"""What must hold of the books after any life: the list of the accounting reference (section 15), a check for each.

A check says what it found, in sentences; an empty list means that the invariant holds. The numbers are those of the
list; what it calls replay and crash stand as 2 and 3, and the promises of its section 1 on sources and hashes as 15.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Final, TypeVar

from tools.books.played import Played
from tools.books.record import Entry, Record
from tools.books.world import GivenBack, Vend

K = TypeVar("K")

Findings = list[str]
Check = Callable[[Played, Record], Findings]

CREDIT_SIDE: Final = ("2050", "4001")


def balanced(played: Played, books: Record) -> Findings:
    """1. Every entry adds up to 0, and so do all accounts after every event; kept totals are those of the legs."""
    found = [f"entry {e.number} is off by {s}" for e in books.entries if (s := sum(leg.amount for leg in e.legs))]
    found += [f"entry {e.number} has {len(e.legs)} legs" for e in books.entries if len(e.legs) < 2]
    found += [f"debits and credits differ after {where}" for where in played.unbalanced]
    sides: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    days: dict[tuple[str, date], list[int]] = defaultdict(lambda: [0, 0])
    for entry in books.entries:
        for leg in entry.legs:
            for kept in (sides[leg.account], days[leg.account, entry.day]):
                kept[leg.amount < 0] += abs(leg.amount)
    by_day = {key: tuple(value) for key, value in days.items()}
    found += _differ("the total of", {key: tuple(value) for key, value in sides.items()}, books.totals)
    return found + _differ("the day", by_day, books.days)


def stock_is_its_account(played: Played, books: Record) -> Findings:
    """4. 商品 is what the pools cost, never negative; no units, no value; the places hold the pool's units."""
    goods = books.moved()["1101"]
    value = sum(value for _, value in books.pools.values())
    found = [] if goods == value else [f"1101 is {goods}, the pools are worth {value}"]
    found += [f"{name} is worth {v}" for name, (q, v) in books.pools.items() if v < 0 or (q <= 0 and v)]
    units: Counter[str] = Counter()
    for (_, product), quantity in books.on_hand.items():
        units[product] += quantity
    for name, (quantity, _) in books.pools.items():
        if units[name] != quantity:
            found.append(f"{units[name]} {name} at all places, {quantity} in the pool")
    world = {name: (pool.quantity, pool.value) for name, pool in played.world.pools.items()}
    there = {name: pool for name, pool in books.pools.items() if pool != (0, 0)}
    found += _differ("the pool of", {name: pool for name, pool in world.items() if pool != (0, 0)}, there)
    return found + _differ("units of", _kept(played.world.on_hand), _kept(books.on_hand))


def purchases_are_used_or_there(played: Played, books: Record) -> Findings:
    """5. Opening stock (none) + purchases - closing stock = cost of sales + spoilage + shrinkage; 仕入高 ends at 0."""
    moved = books.moved(is_business=True)
    used = moved["5002"] + moved["5101"] + moved["5102"]
    found = []
    if played.world.purchased - moved["1101"] != used:
        found.append(f"bought {played.world.purchased}, left {moved['1101']}, used {used}")
    if moved["5001"]:
        found.append(f"5001 kept {moved['5001']}")
    bought = books.totals.get("5001", (0, 0))
    if bought != (played.world.through, played.world.through):
        found.append(f"5001 turned over {bought}, {played.world.through} were bought")
    cost = sum(vend.cost for vend in played.world.vends.values()) + played.world.differences
    cost -= sum(row.vend.cost for row in played.world.refunds if row.is_back)
    spoiled = sum(leg.amount for row in books.business for leg in row.legs if leg.account == "5101")
    lost = [row for row in books.entries if "#missing" in row.source]
    losses = spoiled + sum(leg.amount for row in lost for leg in row.legs if leg.account == "5102")
    if losses != played.world.losses:
        found.append(f"goods for {losses} were thrown away or missing, must be {played.world.losses}")
    return found if moved["5002"] == cost else [*found, f"cost of sales is {moved['5002']}, of the units sold {cost}"]


def cash_is_where_it_is(played: Played, books: Record) -> Findings:
    """6. 現金 is its places; each is float + sales - refunds - collections ± counts; so are credit and claims."""
    places = {key: debit - credit for key, (debit, credit) in books.places.items() if key[1]}
    cash = sum(amount for (account, _), amount in places.items() if account == "1001")
    total = books.moved()["1001"]
    found = [] if cash == total else [f"1001 is {total}, its places hold {cash}"]
    mine = {key: amount for key, amount in played.world.yen.items() if key[0] in {"1001", "1160", "2110"}}
    theirs = {key: amount for key, amount in places.items() if key[0] in {"1001", "1160", "2110"}}
    return found + _differ("the place", _kept(mine), _kept(theirs))


def sales_are_their_vends(played: Played, books: Record) -> Findings:
    """7. Gross of vends - refunds = 売上高 + 仮受消費税, per rate and per tender; the list of sales says the same."""
    wanted: Counter[tuple[int, str]] = Counter()
    for vend in _standing(played):
        wanted[vend.rate, vend.tender] += vend.gross
    booked: Counter[tuple[int, str]] = Counter()
    for row in played.world.refunds:
        wanted[row.vend.rate, row.vend.tender] -= row.gross
    for entry, back in _refund_entries(played, books):
        booked[back.vend.rate, back.vend.tender] -= sum(leg.amount for leg in entry.legs if leg.account in CREDIT_SIDE)
    for entry, vend in _sale_entries(played, books):
        sign = -1 if entry.reverses else 1
        booked[vend.rate, vend.tender] += sign * abs(
            sum(leg.amount for leg in entry.legs if leg.account in CREDIT_SIDE)
        )
    found = _differ("gross at rate and tender", _kept(wanted), _kept(booked))
    moved = books.moved(is_business=True)
    if -moved["4001"] - moved["2050"] != sum(wanted.values()):
        found.append(f"4001 and 2050 are {-moved['4001'] - moved['2050']}, the vends {sum(wanted.values())}")
    listed = Counter({f"{row['machine_id']}/{row['epoch']}/{row['seq']}": row["gross_minor"] for row in books.sales})
    return found + _differ("gross of sale", {v.source: v.gross for v in played.world.vends.values()}, dict(listed))


def receivable_is_unsettled(played: Played, books: Record) -> Findings:
    """8. 売掛金 is what was charged and not refunded, less what payouts brought of both, by processor."""
    wanted: Counter[str] = Counter()
    for vend in _standing(played):
        if vend.payer[0] == "1020":
            wanted[vend.tender] += vend.gross
    for source in played.world.settled:
        wanted[played.world.vends[source].tender] -= played.world.vends[source].gross
    for sign, rows in ((-1, played.world.refunds), (1, played.world.brought_back)):
        for row in rows:
            if row.is_owed_by_processor(row.vend.tender):
                wanted[row.vend.tender] += sign * row.gross
    places = {sub: debit - credit for (account, sub), (debit, credit) in books.places.items() if account == "1020"}
    found = _differ("1020", _kept(wanted), _kept(places))
    total = books.moved()["1020"]
    return found if total == sum(wanted.values()) else [*found, f"1020 is {total}, unsettled {sum(wanted.values())}"]


def tax_is_floored_per_vend(played: Played, books: Record) -> Findings:
    """9. Tax = floor(gross x rate / (100 + rate)) of what was paid, per vend, at the rate of its day."""
    wanted = {vend.source: (vend.rate, vend.tax, vend.gross - vend.tax) for vend in played.world.vends.values()}
    listed = {
        f"{row['machine_id']}/{row['epoch']}/{row['seq']}": (row["tax_percent"], row["tax_minor"], row["net_minor"])
        for row in books.sales
    }
    found = _differ("rate, tax and net of", wanted, listed)
    for entry, vend in _sale_entries(played, books):
        tax = abs(sum(leg.amount for leg in entry.legs if leg.account == "2050"))
        if tax != vend.tax:
            found.append(f"entry {entry.number} has a tax of {tax}, {vend.gross} at {vend.rate} % contain {vend.tax}")
    for entry, back in _refund_entries(played, books):
        tax = sum(leg.amount for leg in entry.legs if leg.account == "2050")
        if tax != back.tax:
            found.append(f"entry {entry.number} gives {tax} of tax back, {back.gross} of {back.vend} are {back.tax}")
    return found


def reversal_undoes(played: Played, books: Record) -> Findings:
    """10. A reversal leaves every balance as before the entry; reversing twice is refused."""
    found = []
    for row in played.reversals:
        expected = Counter(row.before)
        for leg in row.entry.legs:
            expected[leg.account] -= leg.amount
        found += _differ(f"after the reversal of {row.entry.number}", _kept(expected), dict(row.after))
        if not row.is_refused_again:
            found.append(f"entry {row.entry.number} could be reversed twice")
    by_number = {entry.number: entry for entry in books.entries}
    for entry in books.entries:
        if entry.reverses is not None:
            undone = {(leg.account, leg.place, -leg.amount) for leg in by_number[entry.reverses].legs}
            if undone != {(leg.account, leg.place, leg.amount) for leg in entry.legs}:
                found.append(f"entry {entry.number} is no mirror of {entry.reverses}")
    return found


def closed_months_stand(played: Played, books: Record) -> Findings:
    """11. Nothing dated in a closed month changes its trial balance; what comes late stands on the first open day."""
    found = []
    for row in played.closings:
        if not row.is_open_again:
            now = books.moved(upto=row.last_day)
            found += _differ(f"closed up to {row.last_day}", _kept(row.balances), _kept(now))
    return found


def events_have_their_day(played: Played, books: Record) -> Findings:
    """11, the other half. An entry is dated on the day it happened in Tokyo, or after it and says that day."""
    days = {vend.source: vend.day for vend in played.world.vends.values()}
    found = []
    for entry in books.entries:
        day = days.get(entry.source.partition("#")[0])
        if day is None or entry.day == day:
            continue
        if entry.day < day or entry.day.day != 1 or f"(発生日 {day})" not in entry.description:
            found.append(f"entry {entry.number} of {day} is dated {entry.day} and does not say so")
    return found


def debts_are_owed(played: Played, books: Record) -> Findings:
    """16. Suppliers, payees and customers are owed what came less what was paid; so bank, input tax and expenses."""
    booked: Counter[tuple[str, str]] = Counter()
    for entry in books.business:
        for leg in entry.legs:
            booked[leg.account, leg.place] += leg.amount
    mine = {key: amount for key, amount in played.world.yen.items() if _is_debt(key[0])}
    found = _differ("the account", _kept(mine), _kept({key: n for key, n in booked.items() if _is_debt(key[0])}))
    papers = ({row.invoice: row.left for row in played.world.receipts if row.invoice}, books.invoices)
    notes = ({row.number: row.left for row in played.world.notes}, books.notes)
    asked = (Counter(f"task:{task}" for task in played.world.lapsed), Counter(books.lapsed))
    for what, pair in (("invoice", papers), ("credit note", notes), ("asking again about", asked)):
        found += _differ(what, *pair)
    return found


def _is_debt(account: str) -> bool:
    return account in {"1010", "1150", "2001", "2010", "2101"} or account.startswith("6")


def year_ends_at_zero(played: Played, _books: Record) -> Findings:
    """17. A closed year leaves no income, expense or consumption tax; 3100 has its profit; undone, all is as before."""
    found: Findings = []
    for row in played.years:
        wanted = Counter({code: amount for code, amount in row.before.items() if code < "4000"})
        due = -wanted.pop("2050", 0) - wanted.pop("1150", 0)
        wanted["2060" if due > 0 else "1155"] -= due
        wanted["3100"] += sum(amount for code, amount in row.before.items() if code >= "4000")
        found += _differ("after the year's end", _kept(wanted), _kept(row.after))
        if row.undone is not None:
            found += _differ("after it was undone", _kept(row.before), _kept(row.undone))
    return found


def nothing_posts_twice(_played: Played, books: Record) -> Findings:
    """15. A source posts once; numbers have no gap; each entry names the hash of the one before it and what it says."""
    counts = Counter(entry.source for entry in books.entries)
    found = [f"{source} was posted {times} times" for source, times in counts.items() if times > 1]
    vends = Counter(entry.source.partition("#")[0] for entry in books.entries if entry.source.endswith("#cost"))
    found += [f"the cost of {source} was posted {times} times" for source, times in vends.items() if times > 1]
    before = "0" * 64
    for number, entry in enumerate(books.entries, start=1):
        if (entry.number, entry.previous_hash, entry.hash) != (number, before, _hash(entry)):
            found.append(f"entry {entry.number} breaks the chain at {number}")
        before = entry.hash
    return found


CHECKS: Final[dict[str, Check]] = {
    "1 balanced": balanced,
    "4 stock": stock_is_its_account,
    "5 purchases": purchases_are_used_or_there,
    "6 cash": cash_is_where_it_is,
    "7 sales": sales_are_their_vends,
    "8 receivable": receivable_is_unsettled,
    "9 tax": tax_is_floored_per_vend,
    "10 reversal": reversal_undoes,
    "11 closed months": closed_months_stand,
    "11 days": events_have_their_day,
    "15 once": nothing_posts_twice,
    "16 debts": debts_are_owed,
    "17 year": year_ends_at_zero,
}
"""Those that only look; `acts.py` has those that do something: 2, 3, 12 and 13."""


def check(played: Played, books: Record) -> dict[str, Findings]:
    """Every check that found something, with what it found."""
    return {name: found for name, look in CHECKS.items() if (found := look(played, books))}


def _hash(entry: Entry) -> str:
    legs = [[leg.account, leg.amount] + ([leg.place] if leg.place else []) for leg in entry.legs]
    content = [
        entry.previous_hash,
        entry.number,
        entry.source,
        entry.day.isoformat(),
        entry.occurred_at_ms,
        entry.description,
        entry.reverses,
        legs,
    ]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def _standing(played: Played) -> Iterable[Vend]:
    return (vend for vend in played.world.vends.values() if f"{vend.source}#sale" not in played.reversed)


def _sale_entries(played: Played, books: Record) -> Iterable[tuple[Entry, Vend]]:
    """Each sale's entry and each reversal of one, with its vend."""
    by_number = {entry.number: entry for entry in books.entries}
    for entry in books.entries:
        first = by_number[entry.reverses] if entry.reverses else entry
        source, _, part = first.source.partition("#")
        if part == "sale" and source in played.world.vends:
            yield entry, played.world.vends[source]


def _refund_entries(played: Played, books: Record) -> Iterable[tuple[Entry, GivenBack]]:
    """Each refund's entry with the refund, in their order."""
    entries = (entry for entry in books.entries if entry.source.startswith("refund:") and "#refund" in entry.source)
    return zip(entries, played.world.refunds, strict=False)


def _kept(counts: Mapping[K, int]) -> dict[K, int]:
    return {key: amount for key, amount in counts.items() if amount}


def _differ(what: str, wanted: Mapping[K, object], found: Mapping[K, object]) -> Findings:
    odd = [key for key in {**wanted, **found} if wanted.get(key) != found.get(key)]
    return [f"{what} {key} is {found.get(key)}, must be {wanted.get(key)}" for key in odd[:5]]
