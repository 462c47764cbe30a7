"""The API against its own description: requests made from `/openapi.json`, well-formed and not, every answer checked.

Each operation is met with a business day in the database. Seeded: the same requests every time.
"""

import asyncio
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest
import requests
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, openapi
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.customers import coupons
from cloud.customers.access import HEADER, CustomerTokens
from cloud.customers.coupons import Grant
from cloud.db.database import Database, open_database
from cloud.doors import PUBLIC
from cloud.identity.activity import Origin
from cloud.identity.gate import Gate
from cloud.identity.service import create_user, new_password
from cloud.identity.tokens import TokenSigner
from cloud.kit.clock import system_clock
from cloud.kit.secrecy import Secrecy
from cloud.machines.interpreter import Interpreter
from cloud.machines.receiver import Receiver
from cloud.main import create_app
from cloud.procurement import credit_notes, ordering, payables, receiving
from cloud.procurement import service as procurement
from cloud.procurement.credit_schemas import BackBody, CreditNoteBody
from cloud.procurement.invoice_schemas import InvoiceBody
from cloud.procurement.order_schemas import OrderBody, OrderLineBody
from cloud.procurement.ordering import Doing, Maker
from cloud.procurement.receipt_schemas import ReceiptBody, ReceiptLineBody
from cloud.procurement.schemas import RateBody
from cloud.procurement.service import Recorded
from cloud.procurement.supplier_schemas import OfferBody, SupplierBody
from cloud.sales import refunds
from cloud.seed import seed_demo
from cloud.settings import Settings, load_settings

EXAMPLES: Final = 12
"""Requests of an owner per operation and kind."""
STRANGERS: Final = 3
KNOWN: Final = {
    "machine_id": "vm-test-0001",
    "product_id": "green-tea",
    "list_id": "stations",
    "epoch": "a" * 32,
    "customer_id": "c" * 32,
    **dict.fromkeys(("user_id", "seq", "task_id", "sale_id", "refund_id", "number", "proposal_id"), 1),
    **dict.fromkeys(("supplier_id", "offer_id", "order_id", "receipt_id", "invoice_id"), 1),
}
"""Names in addresses that lead to something; drawn ones hardly ever do."""
CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
KEY: Final = "j" * 40
NOW_MS: Final = system_clock()


def settings_of(url: str) -> Settings:
    return load_settings(
        _env_file=None, database_url=url, mqtt_password="p" * 20, jwt_secret_key=KEY, encryption_key="e" * 40
    )


SCHEMA: Final = openapi.from_dict(create_app(settings_of("sqlite+aiosqlite://")).openapi())
OPERATIONS: Final = {found.ok().label: found.ok() for found in SCHEMA.get_all_operations()}
RUNS: Final = [
    pytest.param(found, mode, id=f"{label}-{mode}")
    for label, found in OPERATIONS.items()
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or found.body or list(found.iter_parameters())
]
"""Every operation with well-formed requests, and with others where there is something to get wrong."""
LOCKED: Final = [run for run in RUNS if run.values[0].path not in PUBLIC]
ENDS_ITSELF: Final = {"PUT /api/v1/admin/me/password", "PATCH /api/v1/admin/users/{user_id}"}
ENDS_ITSELF |= {
    f"{verb} /api/v1/admin/users/{{user_id}}/{what}" for verb, what in (("DELETE", "sessions"), ("PUT", "password"))
}
"""What may log out whoever asks."""

Operation = APIOperation[Any, Any, Any, Any]


class Visitor:
    """Sends requests to an application that runs in a loop of its own."""

    def __init__(self, runner: asyncio.Runner, app: FastAPI, database: Database) -> None:
        self._runner = runner
        self._database = database
        self._client = AsyncClient(transport=ASGITransport(app, raise_app_exceptions=False))

    def let_go(self) -> None:
        """Close every connection; the next request opens new ones."""
        self._runner.run(self._database.close())

    def send(self, case: Case, headers: dict[str, str]) -> Response:
        wanted = case.as_transport_kwargs(base_url="http://cloud.test", headers=headers)
        ready = requests.Request(**{name: wanted[name] for name in wanted if name != "allow_redirects"}).prepare()
        content = ready.body.encode() if isinstance(ready.body, str) else ready.body
        ready.headers.update(headers)  # a drawn token is a stranger's
        self._client.cookies.clear()
        said = [(name.encode(), str(value).encode("latin-1", "replace")) for name, value in ready.headers.items()]
        request = self._client.request(str(ready.method), str(ready.url), headers=said, content=content)
        return self._runner.run(request)


async def buys(db_session: AsyncSession) -> None:
    """A supplier, an offer, an order of which a part came, the invoice for that part, and a credit note against it."""
    body = SupplierBody(name="みどり飲料", kana="ミドリインリョウ", shipping=800, free_shipping_from=20_000)
    seller = await procurement.add_supplier(db_session, body, 0)
    await procurement.set_standing(db_session, seller, is_allowed=True, is_active=True)
    offer = OfferBody(product_id="green-tea", pack_size=24, price=1_980, valid_from=date(2026, 1, 1))
    await procurement.add_offer(db_session, seller, offer, Recorded("person", "owner@example.com", 0))
    today, by = date(2026, 11, 20), Doing("second@example.com", 0)
    order = OrderBody(supplier_id=seller, lines=[OrderLineBody(offer_id=1, packs=2)])
    number = await ordering.make(db_session, order, Maker("owner@example.com", "person", 0, today))
    await ordering.approve(db_session, number, by, 0)
    await ordering.take_step(db_session, number, "send", by)
    came = ReceiptBody(lines=[ReceiptLineBody(line=1, units=24)])
    receipt = await receiving.receive(db_session, number, came, by, today)
    rates = [RateBody(percent=8, net=2_000, tax=160)]
    invoice = await payables.record(
        db_session, seller, InvoiceBody(number="S-1", issued_on=today, receipts=[receipt], rates=rates), by
    )
    await payables.accept(db_session, invoice, "no shipping", by)
    await payables.pay(db_session, invoice, 2_160, today, by)
    off = {"rates": [RateBody(percent=8, net=83, tax=6)], "goods": [BackBody(receipt=receipt, line=1, units=1)]}
    note = CreditNoteBody(number="C-1", issued_on=today, reason="leaked", **off)
    await credit_notes.record(db_session, invoice, note, by, today)


async def business_day(url: str, script: Any) -> str:
    """Fill a migrated database; an owner's token."""
    database = open_database(url)
    async with database.write() as db_session:
        await seed_demo(db_session, script.machine, "machine-secret-of-the-tests-0123456789")
        await create_user(db_session, "owner@example.com", await new_password("correct horse"))
        await buys(db_session)
        wish = Grant("c" * 32, "green-tea", 160, 130, NOW_MS + 86_400_000, "owner@example.com")
        await coupons.grant(db_session, wish, NOW_MS)
    script.restock()
    script.sale(short=40)
    script.failed_vend()
    script.add("fault.raised", {"code": "slot.jammed", "where": "A1"})
    script.add("hologram.shown", {"text": "?"})
    await Receiver(database).handle([script.birth(), *script.messages()])
    interpreter = Interpreter(database)
    while await interpreter.run_once():
        pass
    async with database.write() as db_session:
        await refunds.refund(db_session, 1, 100, "stale", "owner@example.com", 0)
    gate = Gate(database, TokenSigner(KEY))
    token = await gate.login_browser("owner@example.com", "correct horse", Origin("api"))
    await database.close()
    return token


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Where the business day is kept once it is made, and the owner's token."""
    return tmp_path_factory.mktemp("contract") / "day.db", []


@pytest.fixture
def day(kept: tuple[Path, list[str]], empty_database: Path, new_script: Any) -> tuple[Path, str]:
    """A database with a business day in it, and an owner's token."""
    path, tokens = kept
    if not tokens:
        shutil.copy(empty_database, path)
        tokens.append(asyncio.run(business_day(f"sqlite+aiosqlite:///{path}", new_script())))
    return path, tokens[0]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Visitor]]:
    """One application for all operations, since it takes longer to make than to ask, and where its database lies."""
    path = tmp_path_factory.mktemp("opened") / "day.db"
    url = f"sqlite+aiosqlite:///{path}"
    with asyncio.Runner() as runner:
        database: Database = open_database(url)
        yield path, Visitor(runner, create_app(settings_of(url), database), database)
        runner.run(database.close())


@pytest.fixture
def visitor(day: tuple[Path, str], opened: tuple[Path, Visitor]) -> Visitor:
    """The day as it was, for each operation: what one changes is not seen by the next."""
    path, visitor = opened
    visitor.let_go()
    for left in path.parent.iterdir():
        left.unlink()
    shutil.copy(day[0], path)
    return visitor


def look_at(
    operation: Operation, mode: GenerationMode, visitor: Visitor, headers: dict[str, str], examples: int
) -> list[int]:
    """Send so many requests, the same ones every time, and check every answer; their status codes."""
    codes = []

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), is_known=st.booleans())
    def run(case: Case, is_known: bool) -> None:
        if is_known and mode is GenerationMode.POSITIVE:
            case.path_parameters |= {name: KNOWN[name] for name in case.path_parameters if name in KNOWN}
        answer = visitor.send(case, headers)
        codes.append(answer.status_code)
        case.validate_response(answer, checks=CHECKS)

    run()
    return codes


@pytest.mark.parametrize(("operation", "mode"), RUNS)
def test_operation_when_an_owner_asks_for_anything_then_the_answer_is_one_that_is_described(
    day: tuple[Path, str], visitor: Visitor, operation: Operation, mode: GenerationMode
) -> None:
    headers = {"Authorization": f"Bearer {day[1]}", HEADER: CustomerTokens(Secrecy("e" * 40)).issue("c" * 32, NOW_MS)}
    codes = look_at(operation, mode, visitor, headers, EXAMPLES)
    if operation.path not in PUBLIC and operation.label not in ENDS_ITSELF:
        assert not {401, 403} & set(codes)


@pytest.mark.parametrize(("operation", "mode"), LOCKED)
def test_operation_when_a_stranger_asks_for_anything_then_nothing_opens(
    visitor: Visitor, operation: Operation, mode: GenerationMode
) -> None:
    assert set(look_at(operation, mode, visitor, {}, STRANGERS)) <= {401, 403}
