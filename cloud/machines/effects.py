"""What a batch of events does, collected in order and then written by the services in a few statements each.

sales.record, inventory.move, accounting.post: each takes a list and skips what it has seen, so one event or a
thousand go the same way, and an event that comes again changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import counting, places
from cloud.accounting import rules as entries
from cloud.accounting import service as accounting
from cloud.accounting.cash import MachineCash
from cloud.catalogue.service import Catalogue, Taxed
from cloud.commands import service as commands
from cloud.customers import service as customers
from cloud.inventory import service as inventory
from cloud.inventory.rules import Cost
from cloud.inventory.service import WAREHOUSE, Movement, slot_place
from cloud.inventory.slot_counts import Carried, SlotCount, carry_out
from cloud.kit.clock import local_day
from cloud.machines import event_log, repository, staff_effects
from cloud.machines.event_log import Suspect
from cloud.machines.models import MachineCondition
from cloud.machines.ordering import LoggedEvent
from cloud.machines.reading import Understood
from cloud.machines.staff_effects import GoodsGone
from cloud.sales import service as sales
from cloud.sales.service import SaleFact
from cloud.staff_tasks import service as staff_tasks
from cloud.staff_tasks.detect import Origin, may_need_staff, tasks_of
from cloud.staff_tasks.rules import NewTask
from cloud.visits import service as visits
from protocol.envelope import digest
from protocol.events import (
    BillHeld,
    BillReturned,
    BillStacked,
    Booted,
    CashCounted,
    ChangePaid,
    CoinAccepted,
    CoinTested,
    CommandDone,
    CommandTaken,
    CreditReturned,
    DoorClosed,
    DoorOpened,
    Event,
    FaultCleared,
    FaultRaised,
    FloatLoaded,
    SelectionMade,
    SettingsApplied,
    SlotChangedOver,
    SlotCounted,
    SlotRemoved,
    SlotRestocked,
    VendDispensed,
    VendFailed,
    VendStarted,
    VisitEnded,
    VisitStarted,
)

BOOK_CURRENCY: Final = "JPY"
"""The books are kept in yen; money in another currency is quarantined, not converted."""


_ONLY_HISTORY: Final = frozenset({SelectionMade, VendStarted})
"""Nothing follows from these, and every sale has one of each."""

_NOTHING_REFUSED: Final = {"refused_planogram": 0, "refused_why": ""}


@dataclass(slots=True)
class _Sold:
    """A completed sale, which movement brings its cost, and how its price splits."""

    found: Understood
    body: VendDispensed
    event: entries.Event
    taxed: Taxed
    movement: int


class Effects:
    """Collects with `take`, writes with `apply`."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        timezones: Mapping[str, str],
        default_timezone: str,
        conditions: Mapping[str, MachineCondition],
    ) -> None:
        self._catalogue = catalogue
        self._timezones = timezones
        self._default_timezone = default_timezone
        self._conditions = {name: _condition(row) for name, row in conditions.items()}
        self._touched: set[str] = set()
        self._facts: list[SaleFact | _Sold] = []
        self._movements: list[Movement | SlotCount] = []
        self._restocks: list[tuple[int, str]] = []
        self._bookings: list[_Sold | GoodsGone | counting.Visit | entries.Draft | None] = []
        self._faults: dict[repository.FaultKey, dict[str, Any]] = {}
        self._ended: set[repository.FaultKey] = set()
        self._suspects: list[Suspect] = []
        self._reports: list[tuple[commands.Report, LoggedEvent]] = []
        self._tasks: list[NewTask] = []
        self._visits: list[visits.Told] = []
        self._answers: list[repository.Answer] = []

    def suspect(self, category: str, event: LoggedEvent, why: str, fingerprint: str = "") -> None:
        """Put an event into the quarantine as well."""
        print_ = fingerprint or digest(event.raw)
        self._suspects.append(Suspect(category, event.machine_id, print_[:64], why, event.raw, event.seq))

    def take(self, found: Understood) -> None:
        """Collect the effects of one event."""
        machine_id = found.event.machine_id
        condition = self._conditions.get(machine_id)
        if condition is None:
            condition = {"machine_id": machine_id, "is_door_open": False, "applied_planogram": 0} | _NOTHING_REFUSED
            self._conditions[machine_id] = condition
        condition["last_event_at_ms"] = found.occurred_at_ms
        self._touched.add(machine_id)
        body = found.body
        if type(body) in _ONLY_HISTORY:
            return
        currency = getattr(body, "currency", BOOK_CURRENCY)
        if currency != BOOK_CURRENCY:
            self.suspect("broken_body", found.event, f"the books are kept in {BOOK_CURRENCY}, not in {currency}")
            return
        if may_need_staff(body):
            self._tasks += tasks_of(Origin(found.event.machine_id, found.source, found.occurred_at_ms), body)
        self._understood(found, body, condition)

    def _understood(self, found: Understood, body: Event, condition: dict[str, Any]) -> None:
        match body:
            case VendDispensed():
                self._sold(found, body)
                if body.unpaid_minor:
                    self._bookings.append(self._cash(found).price_not_collected(body.unpaid_minor))
            case VendFailed():
                self._failed(found, body)
            case CoinAccepted() | BillHeld() | BillStacked() | BillReturned() | FloatLoaded() | CoinTested():
                self._cash_moved(self._cash(found), body)
            case ChangePaid() | CreditReturned():
                paid = self._cash(found).paid_out(
                    paid_minor=body.paid_minor, short_minor=body.short_minor, claim=body.claim
                )
                self._bookings.append(paid)
            case CommandTaken():
                self._reported(found, body, "taken")
            case CommandDone():
                self._reported(found, body, body.outcome, why=body.why, vend_id=body.vend_id)
            case SlotRestocked() | SlotRemoved() | SlotCounted() | SlotChangedOver() | CashCounted():
                self._staffed(found, body)
            case _:
                self._noted(found, body, condition)

    def _staffed(
        self,
        found: Understood,
        body: SlotRestocked | SlotRemoved | SlotCounted | SlotChangedOver | CashCounted,
    ) -> None:
        """Goods and cash in the hands of staff."""
        event = self._booking(found)
        match body:
            case SlotRestocked():
                if body.added:
                    self._restocks.append((len(self._movements), found.event.machine_id))
                    self._movements.append(staff_effects.restocked(found, body))
            case SlotRemoved():
                movement = staff_effects.removed(found, body)
                if movement.to_place:
                    self._restocks.append((len(self._movements), found.event.machine_id))
                else:
                    self._bookings.append(GoodsGone(event, body.product_id, len(self._movements), is_count=False))
                self._movements.append(movement)
            case SlotCounted() | SlotChangedOver():
                if count := staff_effects.counted(found, body):
                    self._bookings.append(GoodsGone(event, count.product_id, len(self._movements), is_count=True))
                    self._movements.append(count)
            case CashCounted():
                self._cash_counted(found, event, body)

    def _cash_counted(self, found: Understood, event: entries.Event, body: CashCounted) -> None:
        if body.collected_minor > body.counted_minor:
            why = f"{body.collected_minor} yen taken along, {body.counted_minor} counted: so many are booked"
            self.suspect("odd_count", found.event, why)
        self._bookings.append(staff_effects.cash_counted(found, event, body))

    def _answered(self, found: Understood, body: SettingsApplied, condition: dict[str, Any]) -> None:
        """What became of a settings document."""
        if body.name == "planogram":
            refused = _NOTHING_REFUSED if body.ok else {"refused_planogram": body.rev, "refused_why": body.why}
            condition |= refused | ({"applied_planogram": body.rev} if body.ok else {})
            return
        answer = (found.event.machine_id, body.name, body.rev, body.ok, body.why, found.occurred_at_ms)
        self._answers.append(repository.Answer(*answer))

    def _noted(self, found: Understood, body: Event, condition: dict[str, Any]) -> None:
        """Events that only change what the machine is like now."""
        match body:
            case DoorOpened():
                condition["is_door_open"] = True
            case DoorClosed():
                condition["is_door_open"] = False
            case SettingsApplied():
                self._answered(found, body, condition)
            case Booted():  # perhaps with other software: it may try again
                condition |= _NOTHING_REFUSED
            case VisitStarted() | VisitEnded():
                event = found.event
                told = visits.Told(event.machine_id, event.epoch, event.seq, found.occurred_at_ms, body)
                self._visits.append(told)
            case FaultRaised():
                key = (found.event.machine_id, body.code, body.where)
                self._faults[key] = {
                    "machine_id": key[0],
                    "code": body.code,
                    "where": body.where,
                    "detail": body.detail,
                    "since_ms": self._faults.get(key, {}).get("since_ms", found.occurred_at_ms),
                }
            case FaultCleared():
                key = (found.event.machine_id, body.code, body.where)
                self._faults.pop(key, None)
                self._ended.add(key)
            case _:
                pass  # booted, selections, started vends, devices tried: history, and the link tells the boot

    def _booking(self, found: Understood) -> entries.Event:
        timezone = self._timezones.get(found.event.machine_id, self._default_timezone)
        return entries.Event(found.source, local_day(found.occurred_at_ms, timezone), found.occurred_at_ms)

    def _sold(self, found: Understood, body: VendDispensed) -> None:
        if body.product_id not in self._catalogue:
            why = f"product {body.product_id!r} is not in the catalogue; sold at the standard tax rate"
            self.suspect("unknown_product", found.event, why, fingerprint=body.product_id)
        booking = self._booking(found)
        taxed = self._catalogue.split(body.product_id, body.price_minor, booking.entry_date)
        sold = _Sold(found, body, booking, taxed, len(self._movements))
        self._movements.append(
            Movement(
                found.source,
                body.product_id,
                1,
                found.occurred_at_ms,
                from_place=slot_place(found.event.machine_id, body.slot),
            )
        )
        self._facts.append(sold)
        self._bookings.append(sold)

    def _failed(self, found: Understood, body: VendFailed) -> None:
        self._facts.append(
            SaleFact(
                machine_id=found.event.machine_id,
                epoch=found.event.epoch,
                seq=found.event.seq,
                vend_id=body.vend_id,
                status="failed",
                reason=body.reason[:32],
                slot=body.slot,
                product_id=body.product_id,
                currency=body.currency,
                occurred_at_ms=found.occurred_at_ms,
                sold_on=self._booking(found).entry_date,
            )
        )

    def _reported(self, found: Understood, body: CommandTaken | CommandDone, happening: str, **said: str) -> None:
        report = commands.Report(found.event.machine_id, body.command, body.n, happening, found.occurred_at_ms, **said)
        self._reports.append((report, found.event))

    def _cash(self, found: Understood) -> MachineCash:
        return MachineCash(self._booking(found), found.event.machine_id)

    def _cash_moved(
        self, cash: MachineCash, body: CoinAccepted | BillHeld | BillStacked | BillReturned | FloatLoaded | CoinTested
    ) -> None:
        match body:
            case CoinAccepted():
                self._bookings.append(cash.coin_accepted(body.amount_minor, body.routed_to))
            case BillHeld():
                self._bookings.append(cash.bill_held(body.amount_minor))
            case BillStacked():
                self._bookings.append(cash.bill_stacked(body.amount_minor))
            case BillReturned():
                self._bookings += [cash.bill_returned(body.amount_minor), cash.price_not_collected(body.unpaid_minor)]
            case CoinTested():
                self._bookings.append(cash.coin_tested(body.amount_minor, body.routed_to))
            case FloatLoaded():
                self._bookings.append(cash.float_loaded(body.added * body.denomination_minor, body.staff))

    async def _find_vans(self, db_session: AsyncSession) -> None:
        """What was put in while a trip was under way came out of its van, and what was taken out went there."""
        asked = [(machine_id, self._movements[at].occurred_at_ms) for at, machine_id in self._restocks]
        for (at, _), place in zip(self._restocks, await inventory.restock_sources(db_session, asked), strict=True):
            row = self._movements[at]
            if isinstance(row, SlotCount):
                continue
            if row.from_place == WAREHOUSE:
                self._movements[at] = row._replace(from_place=place)
            else:
                self._movements[at] = row._replace(to_place=place)

    async def apply(self, db_session: AsyncSession, now_ms: int) -> None:
        """Write everything that was collected, inside the caller's transaction."""
        await self._find_vans(db_session)
        carried = await carry_out(db_session, self._movements)
        facts = []
        for row in self._facts:
            if isinstance(row, _Sold):
                facts.append(_fact(row, carried[row.movement].cost))
            else:
                facts.append(row)
        await sales.record(db_session, facts)
        await self._book(db_session, carried)
        await repository.save_conditions(db_session, [self._conditions[name] for name in sorted(self._touched)])
        await repository.save_faults(db_session, sorted(self._ended), list(self._faults.values()))
        await staff_tasks.open_tasks(db_session, self._tasks)
        await visits.record(db_session, self._visits)
        await repository.save_answers(db_session, self._answers)
        for odd in await commands.report(db_session, [report for report, _ in self._reports], now_ms):
            self.suspect(odd.category, self._reports[odd.number][1], odd.why)
        for twice in await customers.sold(db_session, facts):
            row = self._facts[twice.number]
            if isinstance(row, _Sold):
                self.suspect("odd_coupon", row.found.event, twice.why)
        await event_log.quarantine(db_session, self._suspects, now_ms)

    async def _book(self, db_session: AsyncSession, carried: Sequence[Carried]) -> None:
        """Post in the order of the events; a count of cash sees what was posted before it."""
        drafts: list[entries.Draft | None] = []
        for booking in self._bookings:
            match booking:
                case _Sold():
                    drafts += self._entries_of(booking, carried[booking.movement].cost)
                case GoodsGone():
                    name = self._catalogue.name_at(booking.product_id, booking.event.occurred_at_ms)
                    drafts.append(booking.entry(name, carried[booking.movement]))
                case counting.Visit():
                    await accounting.post(db_session, drafts)
                    drafts = []
                    at_ms = booking.heard_upto_ms
                    await counting.record(db_session, booking, now_ms=at_ms, timezone=self._default_timezone)
                case _:
                    drafts.append(booking)
        await accounting.post(db_session, drafts)

    def _entries_of(self, sold: _Sold, cost: Cost) -> list[entries.Draft | None]:
        name = self._catalogue.name_at(sold.body.product_id, sold.found.occurred_at_ms)
        taxed = sold.taxed
        paid_from = places.paid_from(sold.body.tender, sold.found.event.machine_id, sold.body.payment)
        return [
            entries.sale(sold.event, name, net_minor=taxed.net_minor, tax_minor=taxed.tax_minor, paid_from=paid_from),
            entries.cost_of_sale(
                sold.event, name, from_stock_minor=cost.stock_minor, uncovered_minor=cost.uncovered_minor
            ),
        ]


def _fact(sold: _Sold, cost: Cost) -> SaleFact:
    event, body, taxed = sold.found.event, sold.body, sold.taxed
    return SaleFact(
        machine_id=event.machine_id,
        epoch=event.epoch,
        seq=event.seq,
        vend_id=body.vend_id,
        status="completed",
        slot=body.slot,
        product_id=body.product_id,
        currency=body.currency,
        occurred_at_ms=sold.found.occurred_at_ms,
        sold_on=sold.event.entry_date,
        planogram_rev=body.planogram_rev,
        tender=body.tender,
        gross_minor=body.price_minor,
        tax_percent=taxed.percent,
        tax_minor=taxed.tax_minor,
        net_minor=taxed.net_minor,
        cost_minor=cost.stock_minor + cost.uncovered_minor,
        payment=body.payment,
        list_minor=body.list_minor,
        coupon=body.coupon,
    )


def _condition(row: MachineCondition) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("machine_id", *repository.CONDITION)}
