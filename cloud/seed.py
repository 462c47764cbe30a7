"""Demo data: twelve products, a first purchase, capital, a van, one machine with its planogram. Nothing depends on it.

Running it again changes nothing: products are replaced by themselves, the rest is known by its source.
"""

from collections.abc import Sequence
from secrets import token_urlsafe
from typing import Final, Literal, NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.accounting import chart, places
from cloud.accounting import rules as entries
from cloud.accounting import service as accounting
from cloud.catalogue import rules as tax
from cloud.catalogue import service as catalogue
from cloud.catalogue.service import ProductView
from cloud.crew import service as crew
from cloud.identity import service as identity
from cloud.identity.permissions import Role
from cloud.inventory import places as stock_places
from cloud.inventory import service as inventory
from cloud.inventory.service import WAREHOUSE, Movement
from cloud.kit.clock import local_day, system_clock
from cloud.machines import service as machines
from protocol.desired import Planogram, PlanogramSlot, Temperature


class Seed(NamedTuple):
    """One product of the demo and where it stands in the machine."""

    slot: str
    product_id: str
    name_ja: str
    name_en: str
    temperature: Temperature
    price_minor: int
    """Tax included."""
    cost_minor: int
    """Per unit, without tax."""
    units: int
    """Bought at the start."""


SEEDS: Final = (
    Seed("A1", "green-tea", "緑茶", "Green tea", "cold", 160, 84, 48),
    Seed("A2", "oolong-tea", "ウーロン茶", "Oolong tea", "cold", 160, 82, 48),
    Seed("A3", "spring-water", "天然水", "Spring water", "cold", 120, 55, 48),
    Seed("A4", "cider", "サイダー", "Cider", "cold", 140, 72, 36),
    Seed("B1", "lemon-tea", "レモンティー", "Lemon tea", "cold", 170, 90, 36),
    Seed("B2", "black-coffee", "ブラックコーヒー", "Black coffee", "hot", 140, 70, 48),
    Seed("B3", "milk-coffee", "カフェオレ", "Milk coffee", "hot", 140, 74, 36),
    Seed("B4", "corn-soup", "コーンスープ", "Corn soup", "hot", 150, 80, 24),
    Seed("C1", "rice-crackers", "せんべい", "Rice crackers", "ambient", 130, 68, 24),
    Seed("C2", "potato-chips", "ポテトチップス", "Potato chips", "ambient", 180, 98, 24),
    Seed("C3", "chocolate-bar", "チョコバー", "Chocolate bar", "ambient", 150, 78, 36),
    Seed("C4", "yokan", "ようかん", "Yokan", "ambient", 120, 62, 24),
)


class Label(NamedTuple):
    """What its label says."""

    kana: str
    jan: str
    """Of the range 20…29, which is free for a shop's own use."""
    size: int
    unit: Literal["ml", "g"]
    shelf_life_days: int
    allergens: Sequence[str] = ()


LABELS: Final = {
    "green-tea": Label("りょくちゃ", "2000000000015", 500, "ml", 270),
    "oolong-tea": Label("ウーロンちゃ", "2000000000022", 500, "ml", 270),
    "spring-water": Label("てんねんすい", "2000000000039", 550, "ml", 720),
    "cider": Label("サイダー", "2000000000046", 500, "ml", 270),
    "lemon-tea": Label("レモンティー", "2000000000053", 500, "ml", 270),
    "black-coffee": Label("ブラックコーヒー", "2000000000060", 185, "g", 365),
    "milk-coffee": Label("カフェオレ", "2000000000077", 185, "g", 365, ["milk"]),
    "corn-soup": Label("コーンスープ", "2000000000084", 190, "g", 540, ["milk", "soybean"]),
    "rice-crackers": Label("せんべい", "2000000000091", 80, "g", 180, ["wheat", "soybean"]),
    "potato-chips": Label("ポテトチップス", "2000000000107", 60, "g", 150),
    "chocolate-bar": Label("チョコバー", "2000000000114", 50, "g", 300, ["peanut", "milk", "soybean"]),
    "yokan": Label("ようかん", "2000000000121", 58, "g", 365),
}
"""Product id to its label."""
CAPACITY: Final = 8
PAR_LEVEL: Final = 6
CAPITAL_YEN: Final = 300_000
CASH_YEN: Final = 20_000
VAN: Final = "van-1"


def demo_planogram() -> Planogram:
    """Revision 1 of the demo machine."""
    return Planogram(
        rev=1,
        slots=[
            PlanogramSlot(
                slot=seed.slot,
                product_id=seed.product_id,
                price_minor=seed.price_minor,
                temperature=seed.temperature,
                capacity=CAPACITY,
                par_level=PAR_LEVEL,
                **_product(seed).on_display(),
            )
            for seed in SEEDS
        ],
    )


async def seed_demo(
    db_session: AsyncSession, machine_id: str, secret: str, *, now_ms: int | None = None, place: str = "デモ"
) -> None:
    """Write the demo data into a migrated database. The caller commits.

    Args:
        db_session: a writing session.
        machine_id: of the machine to register.
        secret: its broker password. A machine that is registered already gets this one instead.
        now_ms: dates the first purchase and the capital; now when None.
        place: where the machine stands.
    """
    at_ms = system_clock() if now_ms is None else now_ms
    await catalogue.ensure_rates(db_session)
    await catalogue.save(db_session, [_product(seed) for seed in SEEDS])
    await _money(db_session, at_ms)
    await _goods(db_session, at_ms)
    await stock_places.save(db_session, VAN, kind="van", name="配送車1号", is_active=True)
    if await machines.is_registered(db_session, machine_id):
        await machines.change_secret(db_session, machine_id, secret)
    else:
        await machines.register(db_session, machine_id, secret=secret, now_ms=at_ms, name="デモ自販機", place=place)
    if await machines.planogram(db_session, machine_id) is None:
        await machines.publish_planogram(db_session, machine_id, demo_planogram(), by="seed", now_ms=at_ms)


def _product(seed: Seed) -> ProductView:
    label = LABELS[seed.product_id]
    return ProductView(
        id=seed.product_id,
        name_ja=seed.name_ja,
        name_en=seed.name_en,
        name_kana=label.kana,
        jan=label.jan,
        size_amount=label.size,
        size_unit=label.unit,
        temperature=seed.temperature,
        allergens=list(label.allergens),
        tax_class="food",
        shelf_life_days=label.shelf_life_days,
        picture=seed.product_id,
    )


def _event(source: str, at_ms: int) -> entries.Event:
    return entries.Event(source, local_day(at_ms, "Asia/Tokyo"), at_ms)


async def _money(db_session: AsyncSession, at_ms: int) -> None:
    capital, cash = _event("seed/capital", at_ms), _event("seed/cash", at_ms)
    await accounting.post(
        db_session,
        [
            entries.transfer(capital, "資本金払込", debit=chart.BANK, credit=chart.CAPITAL, amount_minor=CAPITAL_YEN),
            entries.transfer(cash, "釣銭準備金", debit=places.SAFE, credit=chart.BANK, amount_minor=CASH_YEN),
        ],
    )


async def _goods(db_session: AsyncSession, at_ms: int) -> None:
    """Buy the first stock on credit into the warehouse: goods and books from the same figures."""
    split = await catalogue.load(db_session)
    movements, drafts = [], []
    for seed in SEEDS:
        event = _event(f"seed/purchase/{seed.product_id}", at_ms)
        net = seed.cost_minor * seed.units
        percent = split.percent(seed.product_id, event.entry_date)
        movements.append(Movement(event.source, seed.product_id, seed.units, at_ms, to_place=WAREHOUSE, cost_minor=net))
        drafts.append(entries.purchase(event, seed.name_ja, net_minor=net, tax_minor=tax.tax_on(net, percent)))
    await inventory.move(db_session, movements)
    await accounting.post(db_session, [draft for pair in drafts for draft in pair])


class DemoStaff(NamedTuple):
    """Somebody who visits the demo's machine."""

    email: str
    name: str
    kana: str
    language: str
    rights: Sequence[crew.Right]


DEMO_STAFF: Final = (
    DemoStaff("hanako@example.com", "佐藤 花子", "サトウ ハナコ", "ja", crew.RIGHTS),
    DemoStaff("minh@example.com", "Minh Nguyen", "グエン ミン", "en", ("restock",)),
)


async def seed_staff(db_session: AsyncSession, pins: Sequence[str], *, now_ms: int | None = None) -> None:
    """Two people who may begin visits; needs an owner to be there. Running it again changes nothing.

    They cannot log in to the pages: nobody knows their passwords.

    Args:
        db_session: a writing session.
        pins: one for each of `DEMO_STAFF`, 6 to 8 digits.
        now_ms: ms since 1970 UTC; now when None.
    """
    at_ms = system_clock() if now_ms is None else now_ms
    known = {row.email: row.id for row in await identity.users(db_session, limit=crew.MOST_USERS)}
    members = {row.user_id for row in await crew.members(db_session)}
    for person, pin in zip(DEMO_STAFF, pins, strict=True):
        user_id = known.get(person.email)
        if user_id is None:
            password = await identity.new_password(token_urlsafe(24))
            made = await identity.create_user(db_session, person.email, password, role=Role.STAFF, now_ms=at_ms)
            user_id = made.id
        if user_id not in members:
            profile = crew.Profile(person.name, person.rights, person.kana, person.language)
            change = crew.Change("seed", at_ms)
            await crew.save(db_session, user_id, profile, change, pin=await crew.new_pin(pin))
