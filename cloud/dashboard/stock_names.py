"""What stock pages have in common: names of products and places, lines for movements and lots, refusals in words."""

from collections.abc import Iterable
from typing import Any, Final

from cloud.accounting import service as accounting
from cloud.catalogue.service import Catalogue
from cloud.dashboard.contexts import Contexts, source_href
from cloud.dashboard.language import listed, say
from cloud.inventory import places
from cloud.inventory.movements import MovementView
from cloud.inventory.places import PlaceView
from cloud.inventory.stock import HeldLot
from cloud.kit.http import ProblemError

KINDS: Final = {
    "sale": "販売",
    "restock": "補充",
    "taken_out": "取り出し",
    "receipt": "入荷",
    "missing": "不足",
    "returned": "返品",
    "sent_back": "仕入先へ返品",
    "transfer": "移動",
    "spoilage": "廃棄",
    "giveaway": "進呈",
    "count": "棚卸差異",
    "load": "積み込み",
    "unload": "積み戻し",
}
"""Movements in words."""

PARTS: Final = ("cost", "stock", "spoilage", "giveaway", "missing", "found", "goods")
"""Parts of an event or document whose entry moves 商品."""

REFUSALS: Final = {
    "no_such_place": "その場所は登録されていません。一覧からお選びください。",
    "place_closed": "その場所は使用を止めています。ほかの場所をお選びください。",
    "place_in_use": "品物があるか、巡回に出ているため変更できません。先に品物を移してください。",
    "not_enough": "帳簿にある数より多くは動かせません。実際にある場合は、先に棚卸をしてください。",
    "same_place": "移す元と移す先が同じです。別の場所をお選びください。",
    "no_such_product": "その商品は登録されていません。一覧からお選びください。",
    "lot_date": "そのロットは別の期限で登録されています。期限かロット番号をご確認ください。",
    "count_closed": "この棚卸はもう終わっています。直すときは、もう一度数えてください。",
    "on_a_trip": "その車か自販機は、もう巡回に出ています。先にその巡回を終えてください。",
    "no_van": "車を選んでください。まだない場合は「倉庫と車」で登録できます。",
    "no_such_machine": "その自販機は登録されていません。",
    "nothing_to_take": "補充する品物がありません。",
    "trip_closed": "この巡回はもう終わっています。",
    "bad_place": "名前をご記入ください。記号には英小文字・数字・ハイフンが使えます。",
    "invalid": "数量や金額をご確認ください。",
}


def said(error: ProblemError) -> str:
    """A refusal in words."""
    return REFUSALS.get(error.code, REFUSALS["invalid"])


class Names:
    """Names of products and places at one moment."""

    def __init__(self, names: Catalogue, rows: Iterable[PlaceView]) -> None:
        self.catalogue = names
        self.places = {row.id: row for row in rows}

    def place(self, place_id: str | None) -> str:
        """What people call a place; a dash for outside."""
        if place_id is None:
            return "—"
        row = self.places.get(place_id)
        return row.title if row else place_id

    def storages(self) -> list[dict[str, str]]:
        """Warehouses and vans to choose from."""
        return [
            {"id": row.id, "name": row.title} for row in self.places.values() if row.kind != "slot" and row.is_active
        ]

    def products(self) -> list[dict[str, str]]:
        """Products to choose from."""
        return [{"id": name, "name": self.catalogue.name(name)} for name in self.catalogue.ids()]


async def load(contexts: Contexts) -> Names:
    """The names now."""
    return Names(await contexts.catalogue(), await places.places(contexts.db_session))


def product_href(product_id: str, place_id: str = "") -> str:
    """The movements of a product, at one place."""
    at = f"&place_id={place_id}" if place_id else ""
    return f"/dashboard/stock/movements?product_id={product_id}{at}"


def place_href(place_id: str) -> str:
    """What is at a place."""
    return f"/dashboard/stock/place?id={place_id}"


def lot_text(lots: Iterable[HeldLot]) -> str:
    """Lots in words: code, last good day, units."""
    parts = []
    for row in lots:
        day = say("{day:%Y-%m-%d}まで", day=row.best_before) if row.best_before else ""
        code = "" if row.best_before and row.code == row.best_before.isoformat() else row.code
        parts.append(" ".join(part for part in (code, day, say("{units}個", units=row.quantity)) if part))
    return listed(parts)


async def movement_rows(contexts: Contexts, names: Names, rows: list[MovementView], *, sees_books: bool) -> list[Any]:
    """Movements as lines; each leads to what caused it, and its value to its entry."""
    sources = [source for row in rows if row.value for source in _entry_sources(row)]
    numbers = await accounting.numbers_of(contexts.db_session, sources) if sees_books else {}
    return [_movement(contexts, names, row, numbers) for row in rows]


def _entry_sources(row: MovementView) -> list[str]:
    """What the entry of a movement may be called; a receipt of an order has one entry for all its lines."""
    whole = row.source.partition("/")[0]
    names = [row.source, whole] if ":" in whole else [row.source]
    return [f"{name}#{part}" for name in names for part in PARTS]


def _movement(contexts: Contexts, names: Names, row: MovementView, numbers: dict[str, int]) -> dict[str, Any]:
    entry = next((numbers[source] for source in _entry_sources(row) if source in numbers), None)
    return {
        "id": row.id,
        "at": contexts.moment(row.occurred_at_ms),
        "kind": KINDS[row.kind],
        "href": source_href(row.source),
        "product": names.catalogue.name(row.product_id),
        "product_href": product_href(row.product_id),
        "quantity": row.quantity,
        "start": names.place(row.from_place),
        "start_href": place_href(row.from_place) if row.from_place else "",
        "end": names.place(row.to_place),
        "end_href": place_href(row.to_place) if row.to_place else "",
        "value": row.value,
        "entry_href": f"/api/v1/accounting/journal/{entry}" if entry else "",
        "lots": listed(say("{lot} {units}個", lot=lot.code, units=lot.quantity) for lot in row.lots),
    }
