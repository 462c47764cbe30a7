"""What the vending agent can do: each a thin wrapper around assortment, inventory and staff tasks."""

from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.agents.goods import taxed_costs
from cloud.agents.guard.facts import Assortment, Facts, GiveAway, Looks, NewPrice, Note
from cloud.agents.reporting import report_tool
from cloud.agents.tools import Action, AnyTool, Arguments, Deps, Tool, ToolRefusedError
from cloud.agents.vending import shelf as shelves
from cloud.agents.vending.shelf import Shelf
from cloud.assortment import service as assortment
from cloud.assortment.rules import MAX_PRICE_MINOR
from cloud.catalogue import service as catalogue
from cloud.inventory import goods, stock
from cloud.inventory import service as inventory
from cloud.inventory.goods import GoodsRefusedError, Line, Person
from cloud.inventory.lots import LotShare
from cloud.inventory.places import NoSuchPlaceError
from cloud.inventory.service import slot_place
from cloud.inventory.stock import LotHeld
from cloud.kit.clock import local_day
from cloud.machines import stock as slots
from cloud.staff_tasks import service as staff_tasks
from cloud.staff_tasks.rules import NewTask
from protocol.desired import PlanogramSlot

MachineId = Annotated[str, StringConstraints(min_length=1, max_length=40)]
ProductId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
SlotName = Annotated[str, StringConstraints(min_length=1, max_length=4)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
YEN_STEP: Final = 10


class OfMachine(Arguments):
    """A machine."""

    machine_id: MachineId


class PriceArguments(Arguments):
    """A price to set."""

    machine_id: MachineId
    product_id: ProductId
    price: Annotated[int, Field(ge=1, le=MAX_PRICE_MINOR)]
    """Yen with tax, a multiple of 10."""
    reason: Reason


class SwapArguments(Arguments):
    """Another product for a slot."""

    machine_id: MachineId
    slot: SlotName
    product_id: ProductId
    reason: Reason


class RestockArguments(Arguments):
    """A machine somebody should go to."""

    machine_id: MachineId
    reason: Reason


class RemovalArguments(Arguments):
    """Goods somebody should take out of a slot."""

    machine_id: MachineId
    slot: SlotName
    product_id: ProductId
    reason: Reason


class WriteOffArguments(Arguments):
    """A lot in storage that is thrown away."""

    place_id: Annotated[str, StringConstraints(min_length=1, max_length=48)]
    product_id: ProductId
    lot: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    units: Annotated[int, Field(ge=1, le=10_000)]
    reason: Reason


def tools() -> tuple[AnyTool, ...]:
    """All of them. They need nothing beyond the transaction they get."""
    return (_CHECK, _PRICE, _SWAP, _RESTOCK, _REMOVE, _WRITE_OFF, report_tool("vending"))


async def _machine(deps: Deps, machine_id: str) -> Shelf:
    if deps.machine_id and deps.machine_id != machine_id:
        raise ToolRefusedError(f"this run is about machine {deps.machine_id!r} only")
    return await shelves.shelf(deps.db_session, machine_id, deps.now_ms)


async def _looks(deps: Deps, arguments: OfMachine) -> Facts:
    await _machine(deps, arguments.machine_id)
    return Looks()


async def _check(deps: Deps, arguments: OfMachine) -> dict[str, Any]:
    rows = [row for row in await slots.slot_levels(deps.db_session) if row.machine_id == arguments.machine_id]
    return {
        "slots": [
            {
                "slot": row.slot.slot,
                "product_id": row.slot.product_id,
                "name": row.slot.name_ja,
                "price": row.slot.price_minor,
                "on_hand": row.on_hand,
                "par_level": row.slot.par_level,
                "capacity": row.slot.capacity,
            }
            for row in rows
        ]
    }


async def _price_facts(deps: Deps, arguments: PriceArguments) -> Facts:
    found = await _machine(deps, arguments.machine_id)
    now = found.price_now(arguments.product_id)
    if not now:
        raise ToolRefusedError(f"{arguments.product_id!r} is in no slot of {arguments.machine_id!r}; name one that is")
    if arguments.price % YEN_STEP:
        raise ToolRefusedError(f"machines take coins from {YEN_STEP} yen: choose a multiple of it")
    shelves.refuse_planned(found, arguments.product_id)
    costs = await taxed_costs(deps.db_session, [arguments.product_id], found.tomorrow)
    # It holds from tomorrow, so what is paid today is what will have been paid when that day began.
    return NewPrice(arguments.product_id, now, now, arguments.price, costs[arguments.product_id])


async def _set_price(deps: Deps, arguments: PriceArguments) -> dict[str, Any]:
    found = await _machine(deps, arguments.machine_id)
    await shelves.charge(deps.db_session, found, arguments.product_id, arguments.price, by=deps.by, now_ms=deps.now_ms)
    return {
        "product_id": arguments.product_id,
        "from_day": found.tomorrow.isoformat(),
        "price": arguments.price,
        "before": found.price_now(arguments.product_id),
        "machines": list(found.sharing),
        "page": f"/dashboard/machines/{found.machine_id}/planogram",
    }


async def _swap_facts(deps: Deps, arguments: SwapArguments) -> Facts:
    found = await _machine(deps, arguments.machine_id)
    await _new_slots(deps.db_session, found, arguments)
    return Assortment(arguments.machine_id, (arguments.product_id,), changed_slots=1)


async def _swap(deps: Deps, arguments: SwapArguments) -> dict[str, Any]:
    found = await _machine(deps, arguments.machine_id)
    rows = await _new_slots(deps.db_session, found, arguments)
    before = found.slot(arguments.slot)
    await shelves.plan_slots(deps.db_session, found, rows, by=deps.by, now_ms=deps.now_ms)
    await _ask(
        deps,
        NewTask(
            "restock_wanted",
            arguments.machine_id,
            f"restock:{arguments.machine_id}/{found.tomorrow}/{arguments.slot}",
            deps.now_ms,
            slot=arguments.slot,
            product_id=arguments.product_id,
            detail=arguments.reason,
        ),
    )
    return {
        "slot": arguments.slot,
        "from_day": found.tomorrow.isoformat(),
        "product_id": arguments.product_id,
        "before": before.product_id if before else "",
        "page": f"/dashboard/machines/{found.machine_id}/planogram",
    }


async def _new_slots(db_session: AsyncSession, found: Shelf, arguments: SwapArguments) -> list[PlanogramSlot]:
    """The slots of tomorrow with the other product in one of them, at the price it has already.

    Raises:
        ToolRefusedError: no such slot or product, it is there already, is not in storage, or has no price.
    """
    old = found.slot(arguments.slot)
    if old is None:
        raise ToolRefusedError(f"{found.machine_id!r} has no slot {arguments.slot!r}")
    product = await catalogue.product(db_session, arguments.product_id)
    if product is None or not product.is_active:
        raise ToolRefusedError(f"{arguments.product_id!r} is not sold; choose a product of the situation")
    if any(row.product_id == product.id for row in found.next):
        raise ToolRefusedError(f"{product.id!r} is in this machine already")
    (held,) = await inventory.stock_of_products(db_session, [product.id])
    if held.storage_stock < 1:
        raise ToolRefusedError(f"no {product.id!r} is in storage; order some first")
    price = await _price_of(db_session, found, product.id)
    new = old.model_copy(
        update={
            "product_id": product.id,
            "name_ja": product.name_ja,
            "name_en": product.name_en,
            "price_minor": price,
            "temperature": product.temperature,
            "picture": product.picture,
        }
    )
    return [new if row.slot == old.slot else row for row in found.next]


async def _price_of(db_session: AsyncSession, found: Shelf, product_id: str) -> int:
    """What a product costs customers: in the machine's list, else in any machine. A swap never makes a price."""
    if found.list_id:
        listed = await assortment.prices_on(db_session, found.list_id, found.tomorrow)
        if listed.get(product_id):
            return listed[product_id]
    for row in await slots.slot_levels(db_session):
        if row.slot.product_id == product_id:
            return row.slot.price_minor
    raise ToolRefusedError(f"nobody has set a price for {product_id!r} yet; a person does that first")


async def _note(_deps: Deps, arguments: RestockArguments | RemovalArguments) -> Facts:
    return Note(arguments.reason)


async def _restock_facts(deps: Deps, arguments: RestockArguments) -> Facts:
    await _machine(deps, arguments.machine_id)
    return await _note(deps, arguments)


async def _restock(deps: Deps, arguments: RestockArguments) -> dict[str, Any]:
    found = await _machine(deps, arguments.machine_id)
    source = f"restock:{arguments.machine_id}/{found.today}"
    task = await _ask(
        deps,
        NewTask("restock_wanted", arguments.machine_id, source, deps.now_ms, detail=arguments.reason),
    )
    return {"task_id": task, "plan": f"/dashboard/stock/plan?machine_id={arguments.machine_id}"}


async def _removal_facts(deps: Deps, arguments: RemovalArguments) -> Facts:
    found = await _machine(deps, arguments.machine_id)
    if not any((row.slot, row.product_id) == (arguments.slot, arguments.product_id) for row in found.now):
        raise ToolRefusedError(f"slot {arguments.slot!r} does not hold {arguments.product_id!r}")
    return await _note(deps, arguments)


async def _removal(deps: Deps, arguments: RemovalArguments) -> dict[str, Any]:
    found = await _machine(deps, arguments.machine_id)
    place = slot_place(arguments.machine_id, arguments.slot)
    task = await _ask(
        deps,
        NewTask(
            "goods_to_remove",
            arguments.machine_id,
            f"remove:{place}/{arguments.product_id}/{found.today}",
            deps.now_ms,
            slot=arguments.slot,
            product_id=arguments.product_id,
            detail=arguments.reason,
        ),
    )
    return {"task_id": task, "page": "/dashboard/tasks"}


async def _ask(deps: Deps, task: NewTask) -> int:
    """Ask the staff, once per cause and day."""
    await staff_tasks.open_tasks(deps.db_session, [task])
    found = await staff_tasks.of_source(deps.db_session, task.source)
    return found.id if found else 0


async def _lot(deps: Deps, arguments: WriteOffArguments) -> LotHeld:
    """The lot as it lies there, past its date.

    Raises:
        ToolRefusedError: it is not there, or in a machine, or still good.
    """
    if "/" in arguments.place_id:
        raise ToolRefusedError("what is in a machine must be taken out first: request_removal asks somebody to")
    today = local_day(deps.now_ms, deps.timezone)
    held = await stock.expiring(deps.db_session, today, within_days=-1)
    wanted = (arguments.place_id, arguments.product_id, arguments.lot)
    found = next((row for row in held if (row.place_id, row.product_id, row.code) == wanted), None)
    if found is None:
        raise ToolRefusedError(f"lot {arguments.lot!r} is not past its date at {arguments.place_id!r}")
    if found.quantity < arguments.units:
        raise ToolRefusedError(f"{found.quantity} units of lot {arguments.lot!r} are there, not {arguments.units}")
    return found


async def _write_off_facts(deps: Deps, arguments: WriteOffArguments) -> Facts:
    await _lot(deps, arguments)
    costs = await inventory.unit_costs(deps.db_session, [arguments.product_id])
    cost = costs.get(arguments.product_id)
    return GiveAway(arguments.product_id, arguments.units, cost * arguments.units if cost else None, has_evidence=True)


async def _write_off(deps: Deps, arguments: WriteOffArguments) -> dict[str, Any]:
    lot = await _lot(deps, arguments)
    line = Line(arguments.product_id, arguments.units, (LotShare(lot.code, arguments.units, lot.best_before),))
    who = Person(deps.by, deps.now_ms, deps.timezone)
    try:
        number = await goods.spoil(deps.db_session, arguments.place_id, [line], who, arguments.reason)
    except (GoodsRefusedError, NoSuchPlaceError) as error:
        raise ToolRefusedError(str(error)) from error
    return {"document": number, "page": f"/dashboard/stock/documents/{number}"}


_CHECK: Final = Tool(
    "check_inventory",
    Action.CHECK_INVENTORY,
    "What is in each slot of one machine at this moment: units, price, par level, capacity.",
    OfMachine,
    _looks,
    _check,
)
_PRICE: Final = Tool(
    "set_price",
    Action.CHANGE_PRICE,
    "Set the price customers pay for a product from tomorrow on, in yen with tax, a multiple of 10. In a machine that "
    "follows a price list it changes for every machine of that list. Look at cost, floor and cap in the situation "
    "first; between lowest_tomorrow and highest_tomorrow nobody needs to be asked.",
    PriceArguments,
    _price_facts,
    _set_price,
    examples=({"machine_id": "vm-0001", "product_id": "green-tea", "price": 170, "reason": "販売が増えている"},),
)
_SWAP: Final = Tool(
    "swap_product",
    Action.CHANGE_PLANOGRAM,
    "Put another product that is in storage into a slot from tomorrow on, at the price it has already. The staff is "
    "asked to exchange the goods.",
    SwapArguments,
    _swap_facts,
    _swap,
)
_RESTOCK: Final = Tool(
    "request_restock",
    Action.REQUEST_RESTOCK,
    "Ask the staff to fill up a machine by the restocking plan. Once a day per machine.",
    RestockArguments,
    _restock_facts,
    _restock,
)
_REMOVE: Final = Tool(
    "request_removal",
    Action.REQUEST_RESTOCK,
    "Ask the staff to take goods out of a slot: past their date, or damaged.",
    RemovalArguments,
    _removal_facts,
    _removal,
)
_WRITE_OFF: Final = Tool(
    "write_off",
    Action.GIVE_GOODS,
    "Write off a lot in a warehouse or a van that is past its date; somebody throws it away. Its cost counts "
    "against the day's loss budget; more than a few units wait for a person.",
    WriteOffArguments,
    _write_off_facts,
    _write_off,
)
