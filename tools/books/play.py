"""Play a life through the real receiver, interpreter, ledger and office services, and keep what must be true of it."""

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta
from typing import Final, cast

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import counting, months
from cloud.accounting import rules as entries
from cloud.accounting import service as accounting
from cloud.accounting.counting import CountedPart, Visit
from cloud.accounting.months import Person
from cloud.accounting.service import AlreadyReversedError
from cloud.catalogue import service as catalogue
from cloud.catalogue.service import ProductView
from cloud.db.database import Database
from cloud.inventory import goods
from cloud.inventory import service as inventory
from cloud.inventory.service import WAREHOUSE, Movement
from cloud.staff_tasks import service as tasks
from cloud.staff_tasks.service import Answer, TaskView
from tools.books import record
from tools.books.life import FOODS, GOODS, MACHINES, Step
from tools.books.link import Link
from tools.books.machine import OWN_CREDIT, Teller
from tools.books.office import Office, month_end
from tools.books.played import START_MS, Clock, Closed, Played, Reversal
from tools.books.suppliers import Suppliers
from tools.books.world import CUSTOMER, ZERO_FROM, Place, World, day_of, rate_of

DAY_MS: Final = 86_400_000
HOUR_MS: Final = 3_600_000
TOKYO: Final = "Asia/Tokyo"
PARTS: Final = ("hopper", "cash_box", "stacker", "escrow")


async def play(database: Database, life: Sequence[Step], *, is_calm: bool = False) -> Played:
    """Play a life.

    Args:
        database: migrated and empty.
        life: the steps.
        is_calm: nothing happens to events on their way; the books must be the same.
    """
    return await _Player(database, life, is_calm=is_calm).play()


class _Player:
    def __init__(self, database: Database, life: Sequence[Step], *, is_calm: bool) -> None:
        clock = Clock()
        tellers = [Teller(machine, number) for number, machine in enumerate(MACHINES, start=1)]
        self.played = Played(database, life, World(), tellers, Link(database, clock), clock)
        self._clock = clock
        self._world = self.played.world
        self._office = Office(self.played)
        self._suppliers = Suppliers(self.played)
        self._is_calm = is_calm
        self._delivered = [0, 0]
        self._number = 0

    async def play(self) -> Played:
        await self._begin()
        for step in self.played.life:
            self._number += 1
            self._clock.now_ms += 60_000
            await self._does(step.word)(step)
            await self._look(f"{self._number} {step.word}")
        for which in (0, 1):
            await self._bring(which, "plain", 0, 5)
        await self._look("the end")
        return self.played

    def _does(self, word: str) -> Callable[[Step], Awaitable[None]]:
        """Who does what a word says."""
        found = getattr(self, f"_{word}", None) or getattr(self._suppliers, word, None) or getattr(self._office, word)
        return cast("Callable[[Step], Awaitable[None]]", found)

    async def _begin(self) -> None:
        async with self.played.database.write() as db_session:
            await catalogue.ensure_rates(db_session)
            columns = "tax_class, valid_from, percent"
            zero = text(f"INSERT INTO tax_rates ({columns}) VALUES ('food', CAST(:day AS {_date(db_session)}), 0)")  # noqa: S608 - our own words
            await db_session.execute(zero, {"day": ZERO_FROM.isoformat() if _is_sqlite(db_session) else ZERO_FROM})
            await catalogue.save(
                db_session,
                [
                    ProductView(
                        id=name,
                        name_ja=f'"{name}"; 品\n',
                        name_en=name,
                        tax_class="food" if name in FOODS else "standard",
                    )
                    for name in GOODS
                ],
            )
            event = entries.Event("capital", day_of(START_MS), START_MS)
            draft = entries.transfer(event, "資本金", debit="1010", credit="3001", amount_minor=300_000)
            await accounting.post(db_session, [draft])
        self._world.move(("1010", ""), ("3001", ""), 300_000)

    async def _look(self, where: str) -> None:
        if sum((await record.totals(self.played.database)).values()):
            self.played.unbalanced.append(where)

    # --- machines ---------------------------------------------------------------------------------

    async def _customer(self, step: Step) -> None:
        self.played.tellers[step.which].customer(step, self._clock.now_ms)

    async def _restock(self, step: Step) -> None:
        self.played.tellers[step.which].restock(step.what, step.n[0], self._clock.now_ms)

    async def _float(self, step: Step) -> None:
        self.played.tellers[step.which].float_loaded(step.n[0], step.what, self._clock.now_ms)

    async def _staff(self, step: Step) -> None:
        self.played.tellers[step.which].staffed(step, self._clock.now_ms)

    async def _spend(self, step: Step) -> None:
        """A customer has a unit for their own credit, of which what machines have not told yet is gone as well."""
        told = [
            row for at, teller in zip(self._delivered, self.played.tellers, strict=True) for row in teller.told[at:]
        ]
        coming = sum(
            body["price_minor"]
            for kind, body, _ in told
            if kind == "vend.dispensed" and body["payment"].startswith(OWN_CREDIT)
        )
        free = -self._world.yen["2101", f"customer:{CUSTOMER}"] - coming
        if price := max(free, 0) // step.n[0]:
            self.played.tellers[step.which].delivered(step.what, price, CUSTOMER, self._clock.now_ms)

    async def _sync(self, step: Step) -> None:
        await self._bring(step.which, "plain" if self._is_calm else step.what, *step.n)

    async def _bring(self, which: int, way: str, kept_back: int, per_frame: int) -> None:
        teller = self.played.tellers[which]
        first, upto = self._delivered[which], len(teller.events) - kept_back
        if upto <= first:
            return
        await self.played.link.deliver(teller, first, upto, way, per_frame)
        self._delivered[which] = upto
        for seq, (kind, body, at_ms) in enumerate(teller.told[first:upto], start=first + 1):
            self._world.happen(teller.machine, f"{teller.machine}/{teller.epoch}/{seq}", kind, body, at_ms)

    # --- the office -------------------------------------------------------------------------------

    async def _days(self, step: Step) -> None:
        days, hours = step.n
        self._clock.now_ms += days * DAY_MS + hours * HOUR_MS

    async def _purchase(self, step: Step) -> None:
        quantity, cost = step.n
        now_ms, source = self._clock.now_ms, f"purchase/{self._number}"
        day = day_of(now_ms)
        async with self.played.database.write() as db_session:
            came = Movement(source, step.what, quantity, now_ms, to_place=WAREHOUSE, cost_minor=cost)
            (split,) = await inventory.move(db_session, [came])
            event = entries.Event(source, day, now_ms)
            tax = cost * rate_of(step.what, day) // 100
            drafts = entries.purchase(
                event, step.what, net_minor=cost, tax_minor=tax, settled_minor=split.uncovered_minor
            )
            await accounting.post(db_session, drafts)
        self._world.buy(step.what, quantity, cost)
        self._world.move(("1150", ""), ("2001", ""), tax)
        self._world.yen["2001", ""] -= cost

    async def _spoil(self, step: Step) -> None:
        """Throw one unit away, where the books have one in the warehouse."""
        if self._world.on_hand[WAREHOUSE, step.what] < 1:
            return
        who = goods.Person("mia@example.com", self._clock.now_ms, TOKYO)
        async with self.played.database.write() as db_session:
            await goods.spoil(db_session, WAREHOUSE, [goods.Line(step.what, 1)], who, "期限切れ")
        self._world.lose(WAREHOUSE, step.what)

    async def _count(self, step: Step) -> None:
        machine, share, found = MACHINES[step.which], step.n[0], step.n[1:]
        lines = []
        for part, off in zip(PARTS, found, strict=True):
            expected = self._world.yen["1001", f"{machine}/{part}"]
            counted = max(expected + off, 0)
            lines.append(CountedPart(part, counted, counted * share // 100))
            self._world.move(("1001", f"{machine}/{part}"), ("1160", machine), counted - expected)
            self._world.move(("1001", "safe"), ("1001", f"{machine}/{part}"), counted * share // 100)
        visit = Visit(machine, lines, "mia@example.com", "", 0)
        async with self.played.database.write() as db_session:
            await counting.record(db_session, visit, now_ms=self._clock.now_ms, timezone=TOKYO)

    async def _explain(self, step: Step) -> None:
        machine = MACHINES[step.which]
        async with self.played.database.write() as db_session:
            await counting.explain(db_session, machine, "誰も知らない", now_ms=self._clock.now_ms, timezone=TOKYO)
        self._world.yen["1160", machine] = 0

    async def _deposit(self, step: Step) -> None:
        amount = 100 * (1 + step.n[0])
        async with self.played.database.write() as db_session:
            await counting.deposit(db_session, amount, now_ms=self._clock.now_ms, timezone=TOKYO)
        self._world.move(("1010", ""), ("1001", "safe"), amount)

    async def _resolve(self, step: Step) -> None:
        async with self.played.database.write() as db_session:
            waiting = await tasks.listing(db_session, limit=100, state="open")
            if not waiting:
                return
            task = waiting[step.n[0] % len(waiting)]
        await self._answer(task, task.resolutions[step.n[1] % len(task.resolutions)])

    async def _answer(self, task: TaskView, resolution: str) -> None:
        async with self.played.database.write() as db_session:
            answer = Answer(resolution, "", "mia@example.com")
            await tasks.resolve(db_session, task.id, answer, now_ms=self._clock.now_ms, timezone=TOKYO)
        if (task.kind, resolution) == ("debt", "refused"):
            self._world.refused[task.id] = self._clock.now_ms
        self._resolved(task, resolution)

    async def _open(self, kind: str) -> TaskView | None:
        async with self.played.database.read() as db_session:
            return next(iter(await tasks.listing(db_session, limit=1, state="open", kind=kind)), None)

    async def _refuse(self, _step: Step) -> None:
        """The oldest debt is not paid."""
        if task := await self._open("debt"):
            await self._answer(task, "refused")

    async def _lapse(self, step: Step) -> None:
        """Refused debts are asked about again after so many days, here few; the first is answered, or none."""
        days, answer = step.n
        before_ms = self._clock.now_ms - days * DAY_MS
        async with self.played.database.write() as db_session:
            await tasks.lapsed(db_session, before_ms, self._clock.now_ms)
        self._world.lapsed |= {task for task, at_ms in self._world.refused.items() if at_ms < before_ms}
        task = await self._open("debt_lapsed")
        if task and answer < len(task.resolutions):
            await self._answer(task, task.resolutions[answer])

    def _resolved(self, task: TaskView, resolution: str) -> None:
        world, claims = self._world, ("2110", f"{task.machine_id}/claims")
        others: dict[tuple[str, str], Place] = {
            ("debt", "paid_out"): ("1001", "safe"),
            ("debt", "written_off"): ("7001", ""),
            ("debt_lapsed", "paid_out"): ("1001", "safe"),
            ("debt_lapsed", "written_off"): ("7001", ""),
            ("refund_claim", "paid_out"): ("1001", "safe"),
            ("refund_claim", "written_off"): ("7001", ""),
            ("payout_uncertain", "paid"): ("1160", task.machine_id),
        }
        if (task.kind, resolution) in others:
            world.move(claims, others[task.kind, resolution], task.amount_minor)
        elif (task.kind, resolution) == ("vend_uncertain", "unit_missing"):
            world.lose(f"{task.machine_id}/A1", task.product_id)

    async def _reverse(self, step: Step) -> None:
        books = await record.read(self.played.database)
        undone = {entry.reverses for entry in books.entries}
        given_back = {f"{row.vend.source}#sale" for row in self._world.refunds}
        open_ = [
            row
            for row in books.entries
            if row.number not in undone and row.source.endswith(("#sale", "#deposit")) and row.source not in given_back
        ]
        if not open_:
            return
        entry = open_[step.n[0] % len(open_)]
        before = await record.totals(self.played.database)
        when = day_of(self._clock.now_ms)
        async with self.played.database.write() as db_session:
            await accounting.reverse(db_session, entry.number, on=when, at_ms=self._clock.now_ms, why='不良品 "1"')
        after = await record.totals(self.played.database)
        self.played.reversals.append(Reversal(entry, before, after, await self._is_refused(entry.number, when)))
        self.played.reversed.add(entry.source)
        for leg in entry.legs:
            self._world.yen[leg.account, leg.place] -= leg.amount

    async def _is_refused(self, number: int, when: date) -> bool:
        try:
            async with self.played.database.write() as db_session:
                await accounting.reverse(db_session, number, on=when, at_ms=self._clock.now_ms, why="again")
        except AlreadyReversedError:
            return True
        return False

    async def _close(self, _step: Step) -> None:
        today = day_of(self._clock.now_ms)
        standing = self.played.standing
        first = standing[-1].last_day + timedelta(days=1) if standing else day_of(START_MS)
        last_day = month_end(first)
        if last_day >= today:
            return
        async with self.played.database.write() as db_session:
            await months.close(db_session, last_day, [], despite=[], today=today, by=self._person())
        books = await record.read(self.played.database)
        self.played.closings.append(Closed(last_day, books.moved(upto=last_day)))

    async def _reopen(self, _step: Step) -> None:
        standing = self.played.standing
        if not standing:
            return
        if standing[-1].year_id:
            await self._office.undo_year(standing[-1])
        else:
            async with self.played.database.write() as db_session:
                await months.reopen(db_session, standing[-1].last_day, "an invoice was forgotten", self._person())
        standing[-1].is_open_again = True

    def _person(self) -> Person:
        return Person("owner@example.com", self._clock.now_ms)


def _is_sqlite(db_session: AsyncSession) -> bool:
    return db_session.get_bind().dialect.name == "sqlite"


def _date(db_session: AsyncSession) -> str:
    return "TEXT" if _is_sqlite(db_session) else "DATE"


def said(life: Sequence[Step]) -> str:
    """A life as one line of JSON, for a report."""
    return json.dumps([[step.word, step.which, step.what, step.n] for step in life], ensure_ascii=False)
