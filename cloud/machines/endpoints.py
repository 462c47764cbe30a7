"""`/api/v1/vending` (machines, slots, planograms) and `/api/v1/monitoring` (streams, inbox, events)."""

import base64
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from cloud.identity.access import OperatorDep
from cloud.integrations.mqtt.credentials import new_secret
from cloud.inventory import service as inventory
from cloud.kit.http import DatabaseDep, ProblemError
from cloud.machines import service
from cloud.machines.service import FaultView, MachineView, StreamView
from protocol.desired import Planogram
from protocol.ids import BadMachineIdError

vending = APIRouter(prefix="/api/v1/vending", tags=["vending"])
monitoring = APIRouter(prefix="/api/v1/monitoring", tags=["monitoring"])


class NewMachine(BaseModel):
    """A machine to register."""

    id: str
    name: str = ""
    place: str = ""
    timezone: str = "Asia/Tokyo"


class RegisteredMachine(BaseModel):
    """The answer to a registration: the only time the secret is shown."""

    id: str
    secret: str


class SlotView(BaseModel):
    """One slot: what the planogram wants there and what the books believe is there."""

    slot: str
    product_id: str
    name_ja: str
    name_en: str
    picture: str
    price_minor: int
    capacity: int
    par_level: int
    on_hand: int


class InboxItem(BaseModel):
    """A message that could not be taken at face value."""

    id: int
    category: str
    source: str
    seq: int | None
    why: str
    raw_base64: str
    known_digest: str
    times: int
    first_at_ms: int
    last_at_ms: int


class Gap(BaseModel):
    """A stream and whether it waits."""

    stream: StreamView
    is_waiting: bool
    behind: int
    """Stored events that are not interpreted yet."""


class EventView(BaseModel):
    """One stored event, exactly as the machine wrote it."""

    machine_id: str
    epoch: str
    seq: int
    received_at_ms: int
    raw: str


@vending.get("/machines")
async def list_machines(database: DatabaseDep) -> list[MachineView]:
    """Every machine and how it is now."""
    async with database.read() as db_session:
        return await service.machines(db_session)


@vending.post("/machines", status_code=201)
async def register_machine(body: NewMachine, database: DatabaseDep, request: Request) -> RegisteredMachine:
    """Register a machine. Its broker secret is in the answer and nowhere else."""
    secret = new_secret()
    try:
        async with database.write() as db_session:
            await service.register(
                db_session,
                body.id,
                secret=secret,
                now_ms=request.app.state.clock(),
                name=body.name,
                place=body.place,
                timezone=body.timezone,
            )
    except BadMachineIdError as error:
        raise ProblemError(422, "bad_machine_id", str(error)) from error
    except service.MachineExistsError as error:
        raise ProblemError(409, "machine_exists", str(error)) from error
    return RegisteredMachine(id=body.id, secret=secret)


@vending.get("/machines/{machine_id}")
async def get_machine(machine_id: str, database: DatabaseDep) -> MachineView:
    """One machine and how it is now."""
    async with database.read() as db_session:
        return await _machine(db_session, machine_id)


@vending.get("/machines/{machine_id}/slots")
async def list_slots(machine_id: str, database: DatabaseDep) -> list[SlotView]:
    """Every slot of the newest planogram and what is believed to be in it."""
    async with database.read() as db_session:
        await _machine(db_session, machine_id)
        document = await service.planogram(db_session, machine_id)
        units = await inventory.stock_of_machine(db_session, machine_id)
    return [
        SlotView(on_hand=units.get((row.slot, row.product_id), 0), **row.model_dump(include=_SLOT_FIELDS))
        for row in (document.slots if document else [])
    ]


_SLOT_FIELDS = set(SlotView.model_fields) - {"on_hand"}


@vending.get("/machines/{machine_id}/faults")
async def list_faults(machine_id: str, database: DatabaseDep) -> list[FaultView]:
    """Open faults, oldest first."""
    async with database.read() as db_session:
        await _machine(db_session, machine_id)
        return await service.faults(db_session, machine_id)


@vending.get("/machines/{machine_id}/planogram")
async def get_planogram(machine_id: str, database: DatabaseDep) -> Planogram:
    """The newest published planogram."""
    async with database.read() as db_session:
        await _machine(db_session, machine_id)
        document = await service.planogram(db_session, machine_id)
    if document is None:
        raise ProblemError(404, "no_planogram", f"No planogram was ever published for {machine_id}.")
    return document


@vending.put("/machines/{machine_id}/planogram")
async def publish_planogram(
    machine_id: str, body: Planogram, operator: OperatorDep, database: DatabaseDep, request: Request
) -> Planogram:
    """Publish the next revision; it travels to the machine by itself."""
    try:
        async with database.write() as db_session:
            await service.publish_planogram(
                db_session, machine_id, body, by=operator.email, now_ms=request.app.state.clock()
            )
    except service.NoSuchMachineError as error:
        raise ProblemError(404, "no_such_machine", str(error)) from error
    except service.StaleRevisionError as error:
        raise ProblemError(409, "stale_revision", str(error)) from error
    return body


async def _machine(db_session: Any, machine_id: str) -> MachineView:
    try:
        return await service.machine(db_session, machine_id)
    except service.NoSuchMachineError as error:
        raise ProblemError(404, "no_such_machine", str(error)) from error


@monitoring.get("/streams")
async def list_streams(database: DatabaseDep) -> list[Gap]:
    """How far every machine's events are stored and interpreted, and where a gap holds them back."""
    async with database.read() as db_session:
        views = await service.streams(db_session)
    return [
        Gap(stream=view, is_waiting=view.is_waiting, behind=view.stored_upto - view.interpreted_upto) for view in views
    ]


@monitoring.get("/inbox")
async def list_inbox(database: DatabaseDep, limit: Annotated[int, Query(ge=1, le=500)] = 100) -> list[InboxItem]:
    """Messages that could not be taken at face value, last seen first. Nothing is thrown away."""
    async with database.read() as db_session:
        rows = await service.quarantined(db_session, limit)
    return [InboxItem(raw_base64=base64.b64encode(row.raw).decode(), **row.model_dump(exclude={"raw"})) for row in rows]


@monitoring.get("/events")
async def list_events(
    database: DatabaseDep, machine_id: str | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> list[EventView]:
    """The newest stored events, as they came."""
    async with database.read() as db_session:
        rows = await service.recent_events(db_session, limit, machine_id)
    return [_event(row) for row in rows]


@monitoring.get("/events/{machine_id}/{epoch}/{seq}")
async def get_event(machine_id: str, epoch: str, seq: int, database: DatabaseDep) -> EventView:
    """One stored event by its key."""
    async with database.read() as db_session:
        row = await service.one_event(db_session, machine_id, epoch, seq)
    if row is None:
        raise ProblemError(404, "no_such_event", f"No event {machine_id}/{epoch}/{seq} is stored.")
    return _event(row)


def _event(row: Any) -> EventView:
    return EventView(
        machine_id=row.machine_id,
        epoch=row.epoch,
        seq=row.seq,
        received_at_ms=row.received_at_ms,
        raw=row.raw.decode(errors="replace"),
    )
