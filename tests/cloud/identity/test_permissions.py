"""Every door of the application × every role × strangers, against one table a person can read."""

import asyncio
from pathlib import Path
from typing import Any, Self

import pytest
from fastapi import APIRouter, FastAPI
from httpx import AsyncClient

from cloud.db.database import Database
from cloud.doors import PUBLIC, UnlockedError, asks_for_customer, check_doors, lock_of, routes_of
from cloud.identity.access import needs
from cloud.identity.permissions import ALLOWED, Permission, Role, allows
from cloud.identity.service import create_user, new_password

PASSWORD = "correct horse"

TABLE = Path(__file__).with_name("doors.txt").read_text("utf-8")
"""Which role may open what: one line for each door. A new door needs its line there."""

Door = tuple[str, str]


def table() -> dict[Door, set[str]]:
    heading, *lines = TABLE.strip().splitlines()
    roles = heading.split()
    found = {}
    for line in lines:
        *answers, method, path = line.split()
        found[method, path] = {role for role, answer in zip(roles, answers, strict=True) if answer == "yes"}
    return found


DOORS = table()


def doors(app: FastAPI) -> set[Door]:
    return {
        (method, route.path)
        for route in routes_of(app)
        if route.path not in PUBLIC and not asks_for_customer(route)
        for method in getattr(route, "methods", None) or {"SOCKET"}
    }


def address(path: str) -> str:
    names = {
        "machine_id": "vm-test-0001",
        "product_id": "green-tea",
        "epoch": "e",
        "account": "1001",
        "month": "2026-10",
        "by": "machine",
        "name": "balance-sheet",
        "place_id": "van-1",
        "customer_id": "c" * 32,
        "session_id": "5" * 32,
        "code": "2222222222",
        "processor": "card",
        "chart_type": "sales_trend",
    }
    for name in (
        "user_id",
        "command_id",
        "seq",
        "task_id",
        "sale_id",
        "refund_id",
        "number",
        "supplier_id",
        "offer_id",
        "order_id",
        "receipt_id",
        "invoice_id",
        "payment_id",
        "note_id",
        "use_id",
        "list_id",
        "plan_id",
        "run_id",
        "visit",
        "proposal_id",
        "token",
        "period_days",
        "anomaly_id",
        "report_id",
    ):
        names[name] = "1"
    return path.format(**names)


def test_table_when_compared_with_the_application_then_no_door_is_missing_in_either(app: FastAPI) -> None:
    assert doors(app) == set(DOORS)


def test_table_when_read_then_every_role_is_a_column_and_every_permission_somebodys() -> None:
    assert TABLE.split()[: len(Role)] == [str(role) for role in Role]
    assert set(ALLOWED) == set(Permission)
    assert all(Role.OWNER in roles for roles in ALLOWED.values())
    assert not any(allows("caretaker", permission) for permission in Permission)


@pytest.fixture
async def member(request: Any, stranger: AsyncClient, seeded: Database) -> tuple[str, AsyncClient]:
    """Somebody of a role, logged in."""
    async with seeded.write() as db_session:
        await create_user(db_session, "member@example.com", await new_password(PASSWORD), role=Role(request.param))
    body = {"email": "member@example.com", "password": PASSWORD}
    token = (await stranger.post("/api/v1/admin/token", json=body)).json()["access_token"]
    stranger.headers["Authorization"] = f"Bearer {token}"
    return str(request.param), stranger


@pytest.mark.parametrize("member", list(Role), indirect=True)
async def test_doors_when_somebody_of_a_role_comes_then_those_of_the_table_open_and_no_other(
    member: tuple[str, AsyncClient],
) -> None:
    role, client = member
    wrong = []
    for (method, path), roles in DOORS.items():
        if method == "SOCKET":
            continue
        answer = await client.request(method, address(path))
        is_open = answer.status_code not in {401, 403} and "/login" not in answer.headers.get("location", "")
        if is_open != (role in roles) or (not is_open and answer.status_code != 403):
            wrong.append((method, path, answer.status_code))
        if not is_open and path.startswith("/api/"):
            assert answer.json()["code"] == "not_allowed"
    assert wrong == []


async def test_doors_when_a_stranger_comes_then_none_opens_and_pages_lead_to_the_login(stranger: AsyncClient) -> None:
    for method, path in DOORS:
        if method == "SOCKET":
            continue
        answer = await stranger.request(method, address(path), content=b"{ not json")
        if path.startswith("/api/"):
            assert (answer.status_code, answer.json()["code"]) == (401, "not_logged_in"), (method, path)
        else:
            assert answer.status_code == 303, (method, path)
            assert answer.headers["location"].startswith("/dashboard/login?next=")


async def test_doors_when_a_stranger_guesses_addresses_then_the_api_does_not_tell_which_exist(
    stranger: AsyncClient,
) -> None:
    assert (await stranger.get("/api/v1/nothing")).status_code == 401


class Socket:
    """The browser's end of a WebSocket of the application."""

    def __init__(self, app: FastAPI, **headers: str) -> None:
        self._told: asyncio.Queue[Any] = asyncio.Queue()
        self._heard: asyncio.Queue[Any] = asyncio.Queue()
        self._heard.put_nowait({"type": "websocket.connect"})
        scope = {
            "type": "websocket",
            "path": "/api/v1/dashboard/ws/realtime",
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in ({"host": "cloud.test"} | headers).items()],
            "subprotocols": [],
            "client": ("127.0.0.1", 1),
        }
        self._served = asyncio.create_task(app(scope, self._heard.get, self._told.put))

    async def __aenter__(self) -> Self:
        assert (await self._told.get())["type"] == "websocket.accept"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._heard.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await self._served

    async def words(self) -> dict[str, Any]:
        """What it says next."""
        found: dict[str, Any] = await self._told.get()
        return found


@pytest.mark.parametrize(("headers", "code"), [({}, 4401), ({"origin": "https://evil.test"}, 4403)])
async def test_socket_when_a_stranger_or_another_sites_page_listens_then_it_is_closed(
    app: FastAPI, headers: dict[str, str], code: int
) -> None:
    async with Socket(app, **headers) as socket:
        words = await socket.words()
    assert (words["type"], words["code"]) == ("websocket.close", code)


@pytest.mark.parametrize("member", list(Role), indirect=True)
async def test_socket_when_somebody_of_a_role_listens_then_it_opens_as_the_table_says(
    app: FastAPI, member: tuple[str, AsyncClient]
) -> None:
    role, client = member
    async with Socket(app, authorization=client.headers["authorization"]) as socket:
        words = await socket.words()
    is_open = words["type"] == "websocket.send"
    assert is_open == (role in DOORS["SOCKET", "/api/v1/dashboard/ws/realtime"])


async def test_socket_when_the_user_is_logged_out_meanwhile_then_nothing_more_is_sent(
    app: FastAPI, client: AsyncClient
) -> None:
    async with Socket(app, cookie=f"vend_session={client.cookies['vend_session']}") as socket:
        assert (await socket.words())["type"] == "websocket.send"
        await client.post("/api/v1/admin/logout")
        app.state.live._send("{}")
        words = await socket.words()
    assert (words["type"], words["code"]) == ("websocket.close", 4401)


async def nothing() -> None: ...


def test_doors_when_one_names_no_permission_then_the_application_does_not_start(own_app: FastAPI) -> None:
    router = APIRouter()
    router.add_api_route("/api/v1/open", nothing)
    own_app.include_router(router)
    with pytest.raises(UnlockedError, match="/api/v1/open names no permission"):
        check_doors(own_app)


def test_doors_when_a_public_one_names_a_permission_then_the_application_does_not_start(own_app: FastAPI) -> None:
    own_app.add_api_route("/health", nothing, dependencies=[needs(Permission.SELF)])
    with pytest.raises(UnlockedError, match="/health"):
        check_doors(own_app)


def test_doors_when_one_has_two_locks_then_the_application_does_not_start(own_app: FastAPI) -> None:
    locks = [needs(Permission.SELF), needs(Permission.BOOKS_READ)]
    own_app.add_api_route("/api/v1/two", nothing, dependencies=locks)
    with pytest.raises(UnlockedError, match="2 locks"):
        check_doors(own_app)


def test_openapi_when_read_then_every_locked_operation_names_its_permission_and_how_to_log_in(app: FastAPI) -> None:
    document = app.openapi()
    locks = {(route.path, method): lock_of(route) for route in routes_of(app) for method in route.methods or ()}
    customers = {route.path for route in routes_of(app) if asks_for_customer(route)}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            lock = locks[path, method.upper()]
            assert operation.get("x-permission") == (str(lock.permission) if lock else None)
            assert ("security" in operation) == (lock is not None or path in customers)
            assert operation["description"]
            assert {"401", "403"} <= set(operation["responses"]) or lock is None
