"""What each page shows, as plain values for its template. Reads services; decides nothing about looks."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import chart
from cloud.accounting import service as accounting
from cloud.accounting.rules import SealedEntry
from cloud.catalogue import service as catalogue
from cloud.catalogue.service import Catalogue
from cloud.dashboard.language import language, named, say
from cloud.dashboard.metrics import Metrics
from cloud.dashboard.wording import event_line, fault_meaning, fault_severity, sale_note
from cloud.inventory import goods
from cloud.kit.clock import local
from cloud.machines import service as machines
from cloud.machines import stock
from cloud.machines.ordering import LoggedEvent
from cloud.machines.service import MachineView
from cloud.sales import service as sales
from cloud.staff_tasks import service as staff_tasks
from cloud.staff_tasks.rules import source_path

ENTRIES_PER_PAGE: Final = 50
PAGES_AHEAD: Final = 100
"""How far the number of pages is counted beyond the one that is shown."""
EVENTS_SHOWN: Final = 20
SALES_SHOWN: Final = 12
INBOX_SHOWN: Final = 100
RAW_SHOWN: Final = 400
"""Characters of a message shown in the inbox."""

DOCUMENTS: Final = {
    "receipt": "/dashboard/procurement/receipts",
    "invoice": "/dashboard/payables/invoices",
    "payment": "/dashboard/payables/payments",
    "credit_note": "/dashboard/payables/credit-notes",
    "credit_use": "/dashboard/payables/credit-uses",
    "payout": "/dashboard/payouts",
    "refund": "/dashboard/sales/refunds",
}
"""Kind of a source to the page of its document."""


def clock_text(at_ms: int, timezone: str) -> str:
    """12:31:05 in `timezone`."""
    return local(at_ms, timezone).strftime("%H:%M:%S")


def moment_text(at_ms: int, now_ms: int, timezone: str) -> str:
    """The time alone for today, with the day before that, a dash for never."""
    if not at_ms:
        return "—"
    at, now = local(at_ms, timezone), local(now_ms, timezone)
    return at.strftime("%H:%M:%S" if at.date() == now.date() else "%Y-%m-%d %H:%M")


def event_href(machine_id: str, epoch: str, seq: int) -> str:
    """Where an event can be read as the machine wrote it."""
    return f"/api/v1/monitoring/events/{machine_id}/{epoch}/{seq}"


def source_href(source: str) -> str:
    """Where the source of a journal entry can be read: its event, or the journal when it is a document of ours."""
    if source.startswith("task:"):
        return source_path(source, "")
    if document := goods.document_of(source.partition("#")[0]):
        return f"/dashboard/stock/documents/{document}"
    kind, _, number = source.partition("#")[0].partition(":")
    if kind in DOCUMENTS:
        return f"{DOCUMENTS[kind]}/{number.partition('/')[0]}"
    parts = source.partition("#")[0].split("/")
    if len(parts) == 3 and parts[2].isdigit():
        return event_href(parts[0], parts[1], int(parts[2]))
    return "/dashboard/journal"


class Contexts:
    """Builds contexts for one request: one session, one time, one time zone."""

    def __init__(self, db_session: AsyncSession, now_ms: int, timezone: str) -> None:
        self.db_session = db_session
        """Reads only."""
        self.now_ms = now_ms
        """Now, ms since 1970 UTC."""
        self._timezone = timezone

    async def catalogue(self) -> Catalogue:
        """The products, by their names in the language of the request."""
        return await catalogue.load(self.db_session, language())

    async def open_tasks(self) -> int:
        """How many tasks wait for a person; shown above every page."""
        return await staff_tasks.open_count(self.db_session)

    async def home(self, metrics: Metrics) -> dict[str, Any]:
        """今日: the day in numbers, the fleet, what happened."""
        figures = await metrics.now(self.db_session)
        names = await self.catalogue()
        return {
            "metrics": {
                "today_revenue": figures.sales.today_revenue,
                "today_transactions": figures.sales.today_transactions,
                "change_percent": figures.sales.change_percent,
                "low_stock_alerts": figures.inventory.low_stock_alerts,
                "out_of_stock": figures.inventory.out_of_stock,
                "gross_profit": figures.sales.gross_profit,
                "machines_online": figures.system.machines_online,
                "machines_total": figures.system.machines_total,
            },
            "machines": await self._fleet(),
            "events": self._events(await machines.recent_events(self.db_session, EVENTS_SHOWN)),
            "sales": await self._sales(names),
            "hourly": figures.sales.hourly_trend,
        }

    async def machine(self, machine_id: str) -> dict[str, Any]:
        """One machine: link, slots, faults, events.

        Raises:
            NoSuchMachineError: nobody registered it.
        """
        view = await machines.machine(self.db_session, machine_id)
        levels = [row for row in await stock.slot_levels(self.db_session) if row.machine_id == machine_id]
        return {
            "machine": {
                "id": view.id,
                "online": view.is_online,
                "state_text": state_text(view),
                "boot": view.boot,
                "last_seq": view.last_seq,
                "last_seen_text": self.moment(view.last_seen_ms),
                "refused_rev": view.refused_planogram_rev,
            },
            "slots": [
                {
                    "slot": level.slot.slot,
                    "product": named(level.slot),
                    "picture": level.slot.picture,
                    "price": level.slot.price_minor,
                    "on_hand": level.on_hand,
                    "capacity": level.slot.capacity,
                    "par_level": level.slot.par_level,
                    "tone": level.tone,
                }
                for level in levels
            ],
            "events": self._events(await machines.recent_events(self.db_session, EVENTS_SHOWN, machine_id)),
            "faults": [
                {
                    "code": row.code,
                    "where": row.where,
                    "meaning": fault_meaning(row.code),
                    "since": self.moment(row.since_ms),
                    "severity": fault_severity(row.code),
                }
                for row in await machines.faults(self.db_session, machine_id)
            ],
        }

    async def journal(
        self, page: int, account: str | None, place: str | None = None, days: tuple[date, date] | None = None
    ) -> dict[str, Any]:
        """仕訳帳: a page of entries, newest first; of one account, of one place of it, of some days, if named."""
        offset = (page - 1) * ENTRIES_PER_PAGE
        rows = await accounting.journal(
            self.db_session,
            limit=ENTRIES_PER_PAGE,
            offset=offset,
            account=account,
            place=place,
            days=days,
        )
        ahead = offset + PAGES_AHEAD * ENTRIES_PER_PAGE
        total = await accounting.entry_count(self.db_session, account, place, days, at_most=ahead)
        pages = max(-(-total // ENTRIES_PER_PAGE), 1)
        here = f"&place={quote(place)}" if place else ""
        if days:
            here += f"&start={days[0]}&end={days[1]}"
        ledger = await self._ledger(account, days) if account and days and not place else None
        return {
            "entries": [self._entry(row) for row in rows],
            "page": page,
            "pages": pages,
            "here": here,
            "ledger": ledger,
        }

    async def _ledger(self, account: str, days: tuple[date, date]) -> dict[str, Any]:
        """What an account was carried forward with, what it moved, and what it ended with: debit positive."""
        row = chart.BY_CODE.get(account)
        before = await accounting.balance_before(self.db_session, account, days[0])
        debit, credit = await accounting.turnover(self.db_session, account, days)
        return {
            "name": named(row) if row else account,
            "code": account,
            "days": say("{start:%Y年%-m月%-d日} から {end:%Y年%-m月%-d日} まで", start=days[0], end=days[1]),
            "before": before,
            "debit": debit,
            "credit": credit,
            "after": before + debit - credit,
            "csv": f"/api/v1/accounting/ledger/{account}.csv?start={days[0]}&end={days[1]}",
        }

    async def inbox(self) -> dict[str, Any]:
        """受信箱: what arrived and could not be taken at face value."""
        rows = await machines.quarantined(self.db_session, INBOX_SHOWN)
        return {
            "items": [
                {
                    "id": row.id,
                    "received": self.moment(row.last_at_ms)
                    + (say("({times}回)", times=row.times) if row.times > 1 else ""),
                    "topic": row.source,
                    "why": row.why,
                    "raw_preview": row.raw[:RAW_SHOWN].decode(errors="replace"),
                }
                for row in rows
            ],
        }

    def moment(self, at_ms: int) -> str:
        """An instant for people; see `moment_text`."""
        return moment_text(at_ms, self.now_ms, self._timezone)

    async def _fleet(self) -> list[dict[str, Any]]:
        levels = await stock.slot_levels(self.db_session)
        rows = []
        for view in await machines.machines(self.db_session):
            own = [level for level in levels if level.machine_id == view.id]
            rows.append(
                {
                    "id": view.id,
                    "state_text": state_text(view),
                    "online": view.is_online,
                    "last_seen_text": self.moment(view.last_seen_ms),
                    "units": sum(max(level.on_hand, 0) for level in own),
                    "capacity": sum(level.slot.capacity for level in own),
                    "stockouts": sum(level.tone == "out" for level in own),
                },
            )
        return rows

    def _events(self, events: Sequence[LoggedEvent]) -> list[dict[str, Any]]:
        rows = []
        for event in events:
            kind, text, tone = event_line(event)
            rows.append(
                {
                    "time": self.moment(event.received_at_ms),
                    "machine": event.machine_id,
                    "text": text,
                    "kind": kind,
                    "href": event_href(event.machine_id, event.epoch, event.seq),
                    "tone": tone,
                },
            )
        return rows

    async def _sales(self, names: Catalogue) -> list[dict[str, Any]]:
        rows = await sales.listing(self.db_session, limit=SALES_SHOWN, status="completed")
        return [
            {
                "time": self.moment(row.occurred_at_ms),
                "machine": row.machine_id,
                "product": names.name_at(row.product_id, row.occurred_at_ms),
                "picture": names.picture(row.product_id),
                "price": row.gross_minor,
                "note": sale_note(row.tender, row.coupon, row.list_minor),
                "href": event_href(row.machine_id, row.epoch, row.seq),
            }
            for row in rows
        ]

    def _entry(self, entry: SealedEntry) -> dict[str, Any]:
        at = local(entry.draft.occurred_at_ms, self._timezone)
        return {
            "id": entry.number,
            "date": entry.draft.entry_date.isoformat(),
            "time": at.strftime("%H:%M:%S"),
            "description": entry.draft.description,
            "reference": f"#{entry.number}",
            "event_href": source_href(entry.draft.source),
            "postings": [
                {
                    "account_code": leg.account,
                    "account_name": named(chart.BY_CODE[leg.account]),
                    "place": leg.sub_account,
                    "debit": leg.amount_minor if leg.amount_minor > 0 else None,
                    "credit": -leg.amount_minor if leg.amount_minor < 0 else None,
                }
                for leg in entry.draft.legs
            ],
        }


def state_text(view: MachineView) -> str:
    """A machine's state in a word or two."""
    if not view.is_online:
        return "未接続" if not view.boot else "切断"
    if view.is_door_open:
        return "扉が開いています"
    return say("故障 {count} 件", count=view.faults) if view.faults else "販売中"
