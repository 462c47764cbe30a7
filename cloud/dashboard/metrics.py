"""The live figures: one object, the same over REST, WebSocket and on the page. Reads services, owns no table."""

import time
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.agents.loop import service as agent_runs
from cloud.catalogue import service as catalogue
from cloud.customers import service as customers
from cloud.inventory import service as inventory
from cloud.kit.clock import Clock, day_start_ms, local_day, system_clock
from cloud.machines import service as machines
from cloud.machines import stock
from cloud.sales import service as sales
from cloud.staff_tasks import service as staff_tasks


class SalesMetrics(BaseModel):
    """Today's sales, in yen with tax unless said otherwise."""

    today_revenue: int
    today_transactions: int
    hourly_trend: list[int]
    """Revenue per hour of today, 24 of them."""
    gross_profit: int
    """Without tax, less cost."""
    change_percent: int | None
    """Against yesterday up to the same time of day; null when yesterday had no sales by then."""


class InventoryMetrics(BaseModel):
    """The stock now."""

    total_products: int
    low_stock_alerts: int
    out_of_stock: int
    inventory_value: int


class CustomerMetrics(BaseModel):
    """Customers, as far as they are known: who pays with coins and says nothing is not."""

    active_sessions: int
    """People who said or bought something in the last ten minutes."""
    satisfaction_score: float | None
    """Of today's vends, the share that delivered, 0 to 1; null without vends. Nobody was asked."""
    repeat_customers: int
    """People who bought at least twice in 28 days."""


class SystemMetrics(BaseModel):
    """The system itself."""

    uptime: int
    """Seconds since this process started."""
    ai_response_time: float | None = None
    """Mean seconds of an agent's reply today; null while there was none."""
    error_rate: float
    """Failed vends among today's vends, 0 to 1."""
    machines_online: int
    machines_total: int
    quarantined: int
    """Messages in the inbox, repeats included."""
    open_tasks: int
    """Tasks that wait for a person."""


class RealtimeMetrics(BaseModel):
    """Everything the dashboard shows live."""

    timestamp: datetime
    sales: SalesMetrics
    inventory: InventoryMetrics
    customers: CustomerMetrics
    system: SystemMetrics


class Metrics:
    """Puts the figures together. One per application: it knows when the process started."""

    def __init__(self, timezone: str, clock: Clock = system_clock) -> None:
        self._timezone = timezone
        self._clock = clock
        self._started_s = time.monotonic()

    async def now(self, db_session: AsyncSession) -> RealtimeMetrics:
        """The figures at this moment, from one session."""
        now_ms = self._clock()
        today = local_day(now_ms, self._timezone)
        day = await sales.day_figures(db_session, today, self._timezone)
        before = await sales.revenue_day_before(db_session, today - timedelta(days=1), now_ms)
        levels = await stock.slot_levels(db_session)
        fleet = await machines.machines(db_session)
        vends = day.count + day.failed
        people = await customers.activity(db_session, now_ms)
        return RealtimeMetrics(
            timestamp=datetime.fromtimestamp(now_ms / 1000, tz=UTC),
            sales=SalesMetrics(
                today_revenue=day.revenue,
                today_transactions=day.count,
                hourly_trend=day.hourly,
                gross_profit=day.gross_profit,
                change_percent=(day.revenue - before) * 100 // before if before else None,
            ),
            inventory=InventoryMetrics(
                total_products=await catalogue.product_count(db_session),
                low_stock_alerts=sum(level.tone == "low" for level in levels),
                out_of_stock=sum(level.tone == "out" for level in levels),
                inventory_value=await inventory.total_value(db_session),
            ),
            customers=CustomerMetrics(
                active_sessions=people.active,
                satisfaction_score=round(day.count / vends, 4) if vends else None,
                repeat_customers=people.repeating,
            ),
            system=SystemMetrics(
                uptime=int(time.monotonic() - self._started_s),
                ai_response_time=await agent_runs.reply_time_s(db_session, day_start_ms(now_ms, self._timezone)),
                error_rate=round(day.failed / vends, 4) if vends else 0.0,
                machines_online=machines.online_count(fleet),
                machines_total=len(fleet),
                quarantined=await machines.quarantine_total(db_session),
                open_tasks=await staff_tasks.open_count(db_session),
            ),
        )
