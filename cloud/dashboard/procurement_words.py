"""Procurement in the operator's words, and price histories as lines to draw. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Final

from cloud.dashboard.language import language
from cloud.procurement import documents
from cloud.procurement.generator import Proposal
from cloud.procurement.monitor import Quote
from cloud.procurement.rules import MONTH_END
from cloud.procurement.supplier_schemas import SupplierView

STATUSES: Final = {
    "pending_human_approval": ("承認待ち", "warn"),
    "approved": ("承認済み", "ok"),
    "sent": ("発注済み", "ok"),
    "partly_received": ("一部入荷", "warn"),
    "received": ("入荷済み", "ok"),
    "invoiced": ("請求済み", "ok"),
    "paid": ("支払済み", "ok"),
    "rejected": ("却下", "neutral"),
    "cancelled": ("取消", "neutral"),
}
"""State of an order: word and tone."""

STEPS: Final = {
    "make": "作成",
    "approve": "承認",
    "reject": "却下",
    "send": "発注済み",
    "cancel": "取消",
    "receive_part": "一部入荷",
    "receive_all": "入荷完了",
    "close_short": "残りを打ち切り",
    "invoice": "請求書を照合",
    "pay": "支払完了",
}

INVOICES: Final = {
    "differs": ("差異あり", "warn"),
    "open": ("未払い", "ok"),
    "paid": ("支払済み", "ok"),
    "withdrawn": ("取り下げ", "neutral"),
}

ORIGINS: Final = {"person": "手入力", "generator": "自動提案", "agent": "AI"}

DIFFERENCES: Final = {
    "over_delivery": "注文より多い",
    "wrong_price": "単価が違う",
    "net": "税抜金額が違う",
    "tax": "消費税が違う",
    "rounding": "端数(確認不要)",
    "registration": "登録番号が違う",
}

ALERTS: Final = {
    "price_rise": "値上がり",
    "cheaper_elsewhere": "ほかが安い",
    "offer_expired": "期限切れ",
    "offer_ends_soon": "まもなく期限",
}

REFUSALS: Final = {
    "wrong_step": "いまの状態では、この操作はできません。最新の状態をご確認ください。",
    "own_order": "上限を超える発注は、作成した本人は承認できません。ほかの人に承認を依頼してください。",
    "supplier_not_allowed": "この仕入先は承認された取引先ではありません。オーナーが仕入先の画面で承認できます。",
    "changed_meanwhile": "ほかの人が先に変更しました。最新の状態を確かめて、もう一度操作してください。",
    "differences": "注文と違うところがあります。内容を確かめ、このまま受け入れる場合は印を付けてください。",
    "bad_receipt": "入荷の内容が正しくありません。行、日付、賞味期限をご確認ください。",
    "name_taken": "同じ名前の仕入先がすでにあります。",
    "no_such_product": "その商品はカタログにありません。先に商品を登録してください。",
    "bad_offer": "この見積りでは発注できません。確認済みか、有効期間、最小ケース数をご確認ください。",
    "below_minimum_order": "仕入先の最低発注額に届きません。",
    "bad_invoice": "請求書の内容が正しくありません。番号と入荷をご確認ください。",
    "wrong_state": "いまの状態では、この操作はできません。残額と状態をご確認ください。",
    "bad_credit_note": "返品・値引の内容が正しくありません。金額、消費税、数量、番号をご確認ください。",
    "credit_used": "残りより多くは使えません。金額をご確認ください。",
    "paid_in_the_future": "入金日は今日までの日付をお選びください。",
    "not_enough": "帳簿にある数より多くは返品できません。実際にある場合は、先に棚卸をしてください。",
    "no_such_place": "その場所は登録されていません。一覧からお選びください。",
    "invalid": "入力が正しくありません。印の付いた欄をご確認ください。",
}

_MONTHS: Final = {0: "the same month", 1: "next month", 2: "the month after next"}


def terms(supplier: SupplierView) -> str:
    """When a supplier is paid; in Japanese as on the order document."""
    if language() == "ja":
        return documents.terms_text(supplier)
    closing, pay = ("end" if row >= MONTH_END - 2 else f"day {row}" for row in (supplier.closing_day, supplier.pay_day))
    month = _MONTHS.get(supplier.pay_months, f"the month {supplier.pay_months} months later")
    return f"{closing.capitalize()} of month, paid {pay} of {month}"


def proposed(row: Proposal, product: str) -> str:
    """What to order, for who approves it; in Japanese with the reasons, as it is kept."""
    if language() == "ja":
        return row.order_instruction
    wanted = f"{product}: {row.units:,} {'unit' if row.units == 1 else 'units'}"
    if row.supplier is None:
        return f"{wanted} needed, but no approved supplier has a confirmed offer that can be ordered"
    return f"{wanted} from {row.supplier}, ¥{row.landed_cost or 0:,} with shipping and tax that cannot be deducted"


WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 200, 56, 120, 14, 26
LABEL: Final = 16
"""Room of a label, from one to the next."""
SERIES: Final = 3
"""Lines in one drawing; more cannot be told apart."""


@dataclass(frozen=True, slots=True)
class Line:
    """The price of one supplier over time, as steps."""

    label: str
    points: str
    """For an SVG polyline."""
    end_x: int
    end_y: int
    label_y: int = 0


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing of prices per unit; all positions in its own units."""

    lines: tuple[Line, ...]
    highest: str
    first: date
    last: date
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    base: int = HEIGHT - BOTTOM


def price_chart(quotes: Sequence[Quote], names: Mapping[int, str], today: date) -> Chart | None:
    """Prices of one product per unit, from zero; None when there is nothing to draw.

    Args:
        quotes: the oldest first.
        names: supplier to name.
        today: where the lines end.
    """
    shown = [row for row in quotes if row.valid_from <= today]
    if not shown:
        return None
    first = min(row.valid_from for row in shown)
    span = max((today - first).days, 1)
    highest = max(-(-row.net_minor * 100 // row.pack_size) for row in shown)
    newest = list(dict.fromkeys(row.supplier_id for row in reversed(shown)))[:SERIES]

    def at(day: date, row: Quote) -> tuple[int, int]:
        sen = row.net_minor * 100 // row.pack_size
        x = LEFT + (WIDTH - LEFT - RIGHT) * (min(day, today) - first).days // span
        return x, HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * sen // max(highest, 1)

    lines = []
    for supplier in sorted(newest):
        rows = [row for row in shown if row.supplier_id == supplier]
        points = [at(rows[0].valid_from, rows[0])]
        for before, row in pairwise(rows):
            points += [at(row.valid_from, before), at(row.valid_from, row)]
        points.append(at(rows[-1].valid_to or today, rows[-1]))
        x, y = points[-1]
        words = " ".join(f"{x},{y}" for x, y in points)
        lines.append(Line(names.get(supplier, str(supplier)), words, x, y))
    return Chart(_apart(lines), unit_text(highest), first, today)


def _apart(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines with their labels so far apart that they can be read."""
    found: dict[int, Line] = {}
    lowest = -LABEL
    for at in sorted(range(len(lines)), key=lambda at: lines[at].end_y):
        lowest = max(lines[at].end_y, lowest + LABEL)
        found[at] = replace(lines[at], label_y=lowest)
    return tuple(found[at] for at in range(len(lines)))


def unit_text(sen: int) -> str:
    """Hundredths of a yen as people read them: ¥83.5."""
    return f"¥{sen // 100:,}.{sen % 100 // 10}"
