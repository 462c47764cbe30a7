"""The process `vend cloud`: REST, dashboard and WebSockets. Composition root."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import structlog
import uvicorn
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.staticfiles import StaticFiles

from cloud.accounting.cash_endpoints import router as cash_router
from cloud.accounting.csv_endpoints import router as csv_router
from cloud.accounting.earnings_endpoints import router as earnings_router
from cloud.accounting.endpoints import router as accounting_router
from cloud.accounting.expenses_endpoints import router as expenses_router
from cloud.accounting.months_endpoints import router as months_router
from cloud.accounting.payouts_endpoints import router as payouts_router
from cloud.accounting.plain_text_endpoints import router as plain_text_router
from cloud.accounting.report_endpoints import router as report_router
from cloud.accounting.statements_endpoints import router as statements_router
from cloud.accounting.years_endpoints import router as years_router
from cloud.agents.decisions.endpoints import router as decisions_router
from cloud.agents.house import House, open_house
from cloud.analytics.endpoints import router as analytics_router
from cloud.assortment.csv_endpoints import machine_router as planogram_csv_router
from cloud.assortment.csv_endpoints import router as prices_csv_router
from cloud.assortment.endpoints import machine_router as machine_assortment_router
from cloud.assortment.endpoints import router as price_lists_router
from cloud.catalogue import service as catalogue
from cloud.catalogue.csv_endpoints import router as products_csv_router
from cloud.catalogue.endpoints import router as catalogue_router
from cloud.catalogue.picture_endpoints import router as pictures_router
from cloud.catalogue.tax_endpoints import router as tax_router
from cloud.commands.endpoints import router as commands_router
from cloud.conversations.endpoints import router as conversations_router
from cloud.conversations.endpoints import tablet as tablet_router
from cloud.conversations.opening import open_conversations
from cloud.crew.endpoints import router as crew_router
from cloud.customers.access import CustomerTokens
from cloud.customers.endpoints import router as customer_router
from cloud.customers.operator_endpoints import router as customers_router
from cloud.dashboard import (
    account_page,
    activity_page,
    agents_page,
    analytics_page,
    api_page,
    cash_page,
    credit_notes_page,
    crew_page,
    customers_page,
    decisions_page,
    earnings_page,
    expenses_page,
    goods_page,
    months_page,
    pages,
    payables_page,
    payouts_page,
    planogram_page,
    prices_page,
    procurement_page,
    products_page,
    restock_page,
    sales_page,
    statements_page,
    stock_page,
    suppliers_page,
    tables_page,
    tasks,
    tax_page,
    users_page,
    visits_page,
)
from cloud.dashboard.endpoints import router as dashboard_router
from cloud.dashboard.forms import FormSentTwiceError, sent_twice
from cloud.dashboard.language import LanguageOfRequests
from cloud.dashboard.live import Live
from cloud.dashboard.locks import LoginNeededError, PageRefusedError, to_login
from cloud.dashboard.metrics import Metrics
from cloud.db.database import Database, open_database
from cloud.db.migrate import upgrade_database
from cloud.doors import check_doors, turn_strangers_away
from cloud.identity import service as identity
from cloud.identity.activity_endpoints import router as activity_router
from cloud.identity.endpoints import router as identity_router
from cloud.identity.gate import Gate
from cloud.identity.tokens import TokenSigner
from cloud.identity.user_endpoints import router as users_router
from cloud.integrations.web_search.opening import searches_of
from cloud.inventory.endpoints import router as inventory_router
from cloud.inventory.goods_endpoints import router as goods_router
from cloud.inventory.restock_endpoints import router as restock_router
from cloud.jobs.endpoints import router as jobs_router
from cloud.jobs.endpoints import sockets as jobs_sockets
from cloud.kit.clock import Clock, system_clock
from cloud.kit.files import Folder
from cloud.kit.http import DatabaseDep, install_error_answers
from cloud.kit.secrecy import Secrecy
from cloud.machines import service as machines
from cloud.machines.endpoints import monitoring, vending
from cloud.openapi import describe
from cloud.phone import pages as phone_pages
from cloud.phone import screens as phone_screens
from cloud.phone import sockets as phone_sockets
from cloud.phone.counter import Counter
from cloud.phone.door import refuse_large
from cloud.phone.endpoints import router as phone_router
from cloud.phone.opening import open_chat
from cloud.procurement.credit_endpoints import router as credit_notes_router
from cloud.procurement.order_endpoints import router as orders_router
from cloud.procurement.payables_endpoints import router as payables_router
from cloud.procurement.search_endpoints import router as search_router
from cloud.procurement.supplier_endpoints import router as suppliers_router
from cloud.sales.endpoints import router as sales_router
from cloud.settings import Settings
from cloud.staff_tasks.endpoints import router as tasks_router
from cloud.visits.endpoints import router as visits_router
from protocol.kit.logs import setup_logging
from protocol.kit.process import run_process, run_together

log = structlog.get_logger()

MOST_SOCKET_BYTES: Final = 64 * 1024
"""Of one frame that somebody sends us."""
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
"""On every answer."""

public = APIRouter(tags=["health"])


def software_version() -> str:
    """The installed version of this package."""
    try:
        return version("ai-vending-system")
    except PackageNotFoundError:
        return "0.1.0"


@public.get("/")
async def root(request: Request, database: DatabaseDep) -> dict[str, Any]:
    """What this is, and whether its machines are there."""
    async with database.read() as db_session:
        fleet = await machines.machines(db_session)
    online = machines.online_count(fleet)
    return {
        "message": request.app.title,
        "status": "running",
        "version": request.app.version,
        "machine_state": {"online": online, "total": len(fleet)},
        "dashboard": "/dashboard/",
    }


@public.get("/health")
async def health() -> dict[str, Any]:
    """Whether the process lives. It does not ask the database: see `/ready`."""
    return {"status": "healthy", "machine_id": None, "simulator_running": False}


@public.get("/ready")
async def ready(database: DatabaseDep) -> Response:
    """Whether requests can be served: the database answers and its tables are there."""
    try:
        async with database.read() as db_session:
            revision = await db_session.scalar(text("SELECT version_num FROM alembic_version"))
    except SQLAlchemyError as error:
        detail = f"The database does not answer: {type(error).__name__}."
        return JSONResponse({"status": "not_ready", "detail": detail}, status_code=503)
    return JSONResponse({"status": "ready", "database_revision": revision})


API: Final = (
    public,
    identity_router,
    users_router,
    crew_router,
    activity_router,
    dashboard_router,
    analytics_router,
    products_csv_router,
    catalogue_router,
    pictures_router,
    prices_csv_router,
    planogram_csv_router,
    price_lists_router,
    machine_assortment_router,
    visits_router,
    vending,
    commands_router,
    monitoring,
    tasks_router,
    sales_router,
    inventory_router,
    goods_router,
    restock_router,
    accounting_router,
    cash_router,
    months_router,
    earnings_router,
    csv_router,
    suppliers_router,
    orders_router,
    payables_router,
    credit_notes_router,
    search_router,
    plain_text_router,
    statements_router,
    report_router,
    payouts_router,
    expenses_router,
    years_router,
    tax_router,
    jobs_router,
    jobs_sockets,
    customer_router,
    tablet_router,
    customers_router,
    conversations_router,
    decisions_router,
    phone_router,
)
"""What answers programs."""

PAGES: Final = (
    pages,
    products_page,
    prices_page,
    planogram_page,
    statements_page,
    analytics_page,
    tasks,
    users_page,
    crew_page,
    visits_page,
    activity_page,
    agents_page,
    account_page,
    api_page,
    cash_page,
    months_page,
    earnings_page,
    expenses_page,
    payouts_page,
    sales_page,
    stock_page,
    goods_page,
    restock_page,
    procurement_page,
    suppliers_page,
    credit_notes_page,
    payables_page,
    customers_page,
    decisions_page,
    tables_page,
    tax_page,
    phone_pages,
    phone_screens,
    phone_sockets,
)
"""What answers people."""


def create_app(settings: Settings, database: Database | None = None, clock: Clock = system_clock) -> FastAPI:
    """Put the application together.

    Args:
        settings: checked settings.
        database: an open database to use; the settings' own when None. It is migrated at start either way.
        clock: says which day is today on pages and in answers; logins always follow the system's.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        base: Database = app.state.database
        await prepare(base, app.state.settings)
        yield
        house: House = app.state.house
        await house.close()
        await app.state.conversations.close()
        if database is None:
            await base.close()

    app = FastAPI(title=settings.app_name, version=software_version(), docs_url=None, redoc_url=None, lifespan=lifespan)
    equip(app, settings, database or open_database(settings.database_url), clock)
    install_error_answers(app)
    app.add_exception_handler(LoginNeededError, to_login)
    app.add_exception_handler(PageRefusedError, pages.refused)
    app.add_exception_handler(FormSentTwiceError, sent_twice)
    app.add_exception_handler(phone_pages.NoPageError, phone_pages.missing)
    app.middleware("http")(turn_strangers_away)
    app.middleware("http")(refuse_large)
    app.middleware("http")(_with_headers)
    app.add_middleware(LanguageOfRequests)
    for router in API:
        app.include_router(router)
    app.mount("/dashboard/static", StaticFiles(directory=pages.HERE / "static"), name="dashboard-static")
    app.mount("/m/static", StaticFiles(directory=phone_pages.HERE / "static"), name="phone-static")
    for page in PAGES:
        app.include_router(page.router)
    check_doors(app)
    describe(app)
    return app


def equip(app: FastAPI, settings: Settings, database: Database, clock: Clock = system_clock) -> None:
    """Give the application what it works with. It may be given another database later: its routes do not know it."""
    metrics = Metrics(settings.timezone, clock)
    app.state.settings = settings
    app.state.database = database
    app.state.clock = clock
    app.state.files = Folder(settings.files_dir)
    app.state.metrics = metrics
    app.state.live = Live(database, metrics)
    app.state.searches = searches_of(settings)
    app.state.conversations = open_conversations(settings, database)
    app.state.house = open_house(settings, database, clock, app.state.searches, app.state.conversations)
    app.state.chat = open_chat(database, app.state.house, app.state.conversations, settings, clock)
    app.state.phone_counter = Counter()
    app.state.gate = Gate(database, TokenSigner(*settings.signing_keys()))
    app.state.secrecy = Secrecy(*settings.sealing_keys())
    app.state.customer_tokens = CustomerTokens(app.state.secrecy)


async def prepare(database: Database, settings: Settings) -> None:
    """Migrate, fill in the tax rates, create the first owner if the settings name one."""
    await upgrade_database(database)
    async with database.write() as db_session:
        await catalogue.ensure_rates(db_session)
        has_users = await identity.is_anybody(db_session)
    if settings.operator_email and settings.operator_password and not has_users:
        password = await identity.new_password(settings.operator_password.get_secret_value())
        async with database.write() as db_session:
            if await identity.ensure_first_user(db_session, settings.operator_email, password):
                log.info("first owner created", email=settings.operator_email)


async def _with_headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Serve until `stop` is set."""
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=3,
        ws_max_size=MOST_SOCKET_BYTES,
    )
    server = _Server(config)
    live: Live = app.state.live
    await run_together(stop, http=server.serve_until(stop), live=_watch(server, live))


async def _watch(server: "_Server", live: Live) -> None:
    await server.is_up.wait()
    log.info("cloud ready", url=f"http://{server.config.host}:{server.config.port}/dashboard/")
    await live.watch()


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: the process has them."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_up = asyncio.Event()

    async def startup(self, *args: Any, **kwargs: Any) -> None:
        await super().startup(*args, **kwargs)
        if self.started:
            self.is_up.set()

    async def serve_until(self, stop: asyncio.Event) -> None:
        """Serve; when cancelled, close connections first."""
        serving = asyncio.create_task(self._serve_or_raise())
        try:
            await asyncio.shield(serving)
            if not stop.is_set():
                raise RuntimeError("the HTTP server ended by itself")
        except asyncio.CancelledError:
            self.should_exit = True
            await serving
            raise

    async def _serve_or_raise(self) -> None:
        try:
            await self._serve()
        except SystemExit as error:  # uvicorn's way to say that it cannot start; a task must not end the process
            address = f"{self.config.host}:{self.config.port}"
            raise RuntimeError(f"the HTTP server cannot start on {address}; its log line above says why") from error


def run(settings: Settings) -> None:
    """The process: logs `cloud ready` once, ends cleanly on SIGTERM and SIGINT, loudly when a task dies."""
    setup_logging(settings.secrets(), log_format=settings.log_format, debug=settings.debug)
    run_process("cloud", lambda stop: serve(settings, stop))
