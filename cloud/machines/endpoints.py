"""`/api/v1/vending` (machines, slots, planograms) and `/api/v1/monitoring` (streams, inbox, events)."""

import base64
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from cloud.crew import service as crew
from cloud.identity.access import Creates, Creator, Writer, Writes, needs
from cloud.identity.permissions import Permission
from cloud.integrations.mqtt.credentials import new_secret
from cloud.inventory import service as inventory
from cloud.kit.clock import checked_zone
from cloud.kit.http import DatabaseDep, ProblemError, RowId, refusals
from cloud.kit.pages import AskedDep, Page
from cloud.machines import service
from cloud.machines.service import FaultView, MachineView, StreamView
from protocol.desired import Planogram
from protocol.ids import BadMachineIdError

vending = APIRouter(prefix="/api/v1/vending", tags=["vending"])
_READ = [needs(Permission.FLEET_READ)]
monitoring = APIRouter(prefix="/api/v1/monitoring", tags=["monitoring"], dependencies=_READ)

MachineName = Annotated[str, Path(max_length=40)]
MachineFilter = Annotated[str | None, Query(max_length=40)]
NO_MACHINE = refusals(http_404="no_such_machine")


class NewMachine(BaseModel):
    """A machine to register."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"id": "vm-tokyo-0002", "name": "改札前", "place": "東京駅"}]}
    )

    id: str = Field(max_length=40)
    """4 to 40 lower-case letters, digits and inner dashes."""
    name: str = Field(default="", max_length=80)
    place: str = Field(default="", max_length=120)
    timezone: Annotated[str, AfterValidator(checked_zone)] = Field(default="Asia/Tokyo", max_length=64)
    """IANA name."""


class RegisteredMachine(BaseModel):
    """The answer to a registration: the only time the secret is shown. A repeated request gets a new one."""

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


@vending.get("/machines", dependencies=_READ)
async def list_machines(
    database: DatabaseDep,
    asked: AskedDep,
    is_online: bool | None = None,  # noqa: FBT001 - a filter in the address
) -> Page[MachineView]:
    """Every machine and how it is now, by id."""
    async with database.read() as db_session:
        rows = await service.machines(db_session)
    return asked.cut([row for row in rows if is_online in {None, row.is_online}], lambda row: row.id, str)


@vending.post(
    "/machines",
    status_code=201,
    responses=refusals(http_409="machine_exists, key_reused", http_422="bad_machine_id"),
)
async def register_machine(
    body: NewMachine,
    creator: Annotated[Creator, Depends(Creates(Permission.MACHINES_REGISTER, "machine.registered"))],
) -> RegisteredMachine:
    """Register a machine. Its broker secret is in the answer and nowhere else."""
    secret = new_secret()
    try:
        async with creator.once(body, id=body.id, place=body.place) as work:
            if work.is_new:
                await service.register(work.db_session, body.id, secret=secret, now_ms=creator.now_ms, **_about(body))
                await crew.publish(work.db_session, crew.Change(creator.user.email, creator.now_ms))
                work.made = body.id
            else:
                # The first answer was lost, and the secret with it: only hashes are kept.
                await service.change_secret(work.db_session, work.made, secret)
    except BadMachineIdError as error:
        raise ProblemError(422, "bad_machine_id", str(error)) from error
    except service.MachineExistsError as error:
        raise ProblemError(409, "machine_exists", str(error)) from error
    return RegisteredMachine(id=body.id, secret=secret)


def _about(body: NewMachine) -> dict[str, str]:
    return body.model_dump(include={"name", "place", "timezone"})


@vending.get("/machines/{machine_id}", dependencies=_READ, responses=NO_MACHINE)
async def get_machine(machine_id: MachineName, database: DatabaseDep) -> MachineView:
    """One machine and how it is now."""
    async with database.read() as db_session:
        return await _machine(db_session, machine_id)


@vending.get("/machines/{machine_id}/slots", dependencies=_READ, responses=NO_MACHINE)
async def list_slots(machine_id: MachineName, database: DatabaseDep, asked: AskedDep) -> Page[SlotView]:
    """Every slot of the newest planogram and what is believed to be in it, by slot."""
    async with database.read() as db_session:
        await _machine(db_session, machine_id)
        document = await service.planogram(db_session, machine_id)
        units = await inventory.stock_of_machine(db_session, machine_id)
    rows = [
        SlotView(on_hand=units.get((row.slot, row.product_id), 0), **row.model_dump(include=_SLOT_FIELDS))
        for row in (document.slots if document else [])
    ]
    return asked.cut(sorted(rows, key=lambda row: row.slot), lambda row: row.slot, str)


_SLOT_FIELDS = set(SlotView.model_fields) - {"on_hand"}


@vending.get("/machines/{machine_id}/faults", dependencies=_READ, responses=NO_MACHINE)
async def list_faults(machine_id: MachineName, database: DatabaseDep, asked: AskedDep) -> Page[FaultView]:
    """Open faults, oldest first."""
    async with database.read() as db_session:
        await _machine(db_session, machine_id)
        rows = await service.faults(db_session, machine_id)

    def key(row: FaultView) -> tuple[int, str, str]:
        return row.since_ms, row.code, row.where

    return asked.cut(sorted(rows, key=key), key, int, str, str)


@vending.get(
    "/machines/{machine_id}/planogram",
    dependencies=_READ,
    responses=refusals(http_404="no_such_machine, no_planogram"),
)
async def get_planogram(machine_id: MachineName, database: DatabaseDep) -> Planogram:
    """The newest published planogram."""
    async with database.read() as db_session:
        await _machine(db_session, machine_id)
        document = await service.planogram(db_session, machine_id)
    if document is None:
        raise ProblemError(404, "no_planogram", f"No planogram was ever published for {machine_id}.")
    return document


@vending.put(
    "/machines/{machine_id}/planogram", responses=refusals(http_404="no_such_machine", http_409="stale_revision")
)
async def publish_planogram(
    machine_id: MachineName,
    body: Planogram,
    writer: Annotated[Writer, Depends(Writes(Permission.PLANOGRAMS_PUBLISH, "planogram.published"))],
) -> Planogram:
    """Publish the next revision; it travels to the machine by itself. `rev` follows the one you read."""
    try:
        async with writer.write(rev=body.rev, slots=len(body.slots)) as db_session:
            await service.publish_planogram(db_session, machine_id, body, by=writer.user.email, now_ms=writer.now_ms)
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
async def list_streams(database: DatabaseDep, asked: AskedDep, machine_id: MachineFilter = None) -> Page[Gap]:
    """How far every machine's events are stored and interpreted, and where a gap holds them back; by machine."""
    async with database.read() as db_session:
        views = await service.streams(db_session, machine_id)

    def key(row: StreamView) -> tuple[str, str]:
        return row.machine_id, row.epoch

    page = asked.cut(sorted(views, key=key), key, str, str)
    items = [
        Gap(stream=view, is_waiting=view.is_waiting, behind=view.stored_upto - view.interpreted_upto)
        for view in page.items
    ]
    return Page(items=items, next=page.next)


@monitoring.get("/inbox")
async def list_inbox(
    database: DatabaseDep, asked: AskedDep, category: Annotated[str | None, Query(max_length=32)] = None
) -> Page[InboxItem]:
    """Messages that could not be taken at face value, last seen first. Nothing is thrown away."""
    before = asked.after(int, int)
    async with database.read() as db_session:
        rows = await service.quarantined(db_session, asked.one_more, before=before, category=category)
    items = [
        InboxItem(raw_base64=base64.b64encode(row.raw).decode(), **row.model_dump(exclude={"raw"})) for row in rows
    ]
    return asked.page(items, lambda row: (row.last_at_ms, row.id))


@monitoring.get("/events")
async def list_events(
    database: DatabaseDep,
    asked: AskedDep,
    machine_id: MachineFilter = None,
    kind: Annotated[str | None, Query(max_length=64)] = None,
) -> Page[EventView]:
    """The newest stored events, as they came."""
    before = asked.after(int, int, int)
    async with database.read() as db_session:
        rows = await service.recent_events(db_session, asked.one_more, machine_id, before=before, kind=kind)
    page = asked.page(rows, lambda row: (row.received_at_ms, row.seq, row.stream_id))
    return Page(items=[_event(row) for row in page.items], next=page.next)


@monitoring.get("/events/{machine_id}/{epoch}/{seq}", responses=refusals(http_404="no_such_event"))
async def get_event(
    machine_id: MachineName, epoch: Annotated[str, Path(max_length=32)], seq: RowId, database: DatabaseDep
) -> EventView:
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
