"""発注書: the purchase order as a document, for people (PDF) and for the supplier's programs (JSON)."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.kit import pdf
from cloud.kit.pdf import Column, Document, Figure, Row
from cloud.procurement import ordering, service
from cloud.procurement.orders import Status
from cloud.procurement.rules import MONTH_END
from cloud.procurement.schemas import RateView
from cloud.procurement.supplier_schemas import SupplierView

BINDING: Final = ("approved", "sent", "partly_received", "received", "invoiced", "paid")
"""States in which the document may be sent."""

NOT_BINDING: Final = {
    "pending_human_approval": "承認待ち — この書面では発注になりません",
    "rejected": "却下済み — この書面では発注になりません",
    "cancelled": "取消済み — この発注は取り消されました",
}

REDUCED: Final = 8
"""Lines at this rate carry the sign ※, as on invoices."""


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who orders, as it stands on the document."""

    name: str
    address: str
    registration_number: str


class DocumentLine(BaseModel):
    """One line of the document. Money in yen."""

    line: int
    product_id: str
    name: str
    pack_size: int
    packs: int
    units: int
    price: int
    """Of a pack."""
    is_tax_included: bool
    percent: int
    amount: int


class OrderDocument(BaseModel):
    """A purchase order as its supplier gets it. Money in yen."""

    number: str
    status: Status
    is_binding: bool
    """Approved: the supplier may act on it."""
    ordered_on: date
    deliver_by: date
    buyer: str
    buyer_address: str
    buyer_registration_number: str
    supplier: str
    supplier_registration_number: str
    payment_terms: str
    lines: list[DocumentLine]
    shipping: int
    """Without tax."""
    rates: list[RateView]
    net: int
    tax: int
    total: int
    note: str


def terms_text(supplier: SupplierView) -> str:
    """月末締め翌月末払い and the like."""
    closing = "月末" if supplier.closing_day >= MONTH_END - 2 else f"{supplier.closing_day}日"
    months = {0: "当月", 1: "翌月", 2: "翌々月"}.get(supplier.pay_months, f"{supplier.pay_months}か月後")
    day = "末" if supplier.pay_day >= MONTH_END - 2 else f"{supplier.pay_day}日"
    return f"{closing}締め{months}{day}払い"


async def order_document(db_session: AsyncSession, number: int, buyer: Buyer) -> OrderDocument:
    """The document of an order.

    Raises:
        NoSuchOrderError: nobody made it.
    """
    order = await ordering.detail(db_session, number)
    supplier = await service.supplier(db_session, order.supplier_id)
    return OrderDocument(
        number=order.number,
        status=order.status,
        is_binding=order.status in BINDING,
        ordered_on=order.ordered_on,
        deliver_by=order.expected_on,
        buyer=buyer.name,
        buyer_address=buyer.address,
        buyer_registration_number=buyer.registration_number,
        supplier=supplier.name,
        supplier_registration_number=supplier.registration_number,
        payment_terms=terms_text(supplier),
        lines=[DocumentLine(**row.model_dump(include=set(DocumentLine.model_fields))) for row in order.lines],
        shipping=order.shipping,
        rates=order.rates,
        net=order.net,
        tax=order.tax,
        total=order.total,
        note=order.note,
    )


def order_pdf(order: OrderDocument) -> bytes:
    """発注書 as PDF. The same order gives the same bytes."""
    title = f"発注書 {order.number}" if order.is_binding else f"発注書(案) {order.number}"
    document = Document(title, foot=f"{order.buyer} {title}")
    if not order.is_binding:
        document.heading(NOT_BINDING[order.status])
    document.text(f"{order.supplier} 御中", is_quiet=False)
    if order.is_binding:
        document.text("下記のとおり発注いたします。", is_quiet=False)
    document.figures(
        [
            Figure("合計金額(税込)", f"{pdf.yen(order.total)}円", f"うち消費税 {pdf.yen(order.tax)}円"),
            Figure("発注日", _day(order.ordered_on)),
            Figure("納期", _day(order.deliver_by)),
        ]
    )
    _goods(document, order)
    _rates(document, order)
    document.heading("条件")
    document.text(f"お支払い: {order.payment_terms}", is_quiet=False)
    if order.note:
        document.text(f"備考: {order.note}", is_quiet=False)
    document.heading("発注者")
    for words in (order.buyer, order.buyer_address, _registered(order.buyer_registration_number)):
        if words:
            document.text(words, is_quiet=False)
    return document.to_bytes()


def _goods(document: Document, order: OrderDocument) -> None:
    document.table(
        [
            Column("番号", 1, is_number=True),
            Column("品名", 6),
            Column("入数", 1, is_number=True),
            Column("ケース", 2, is_number=True),
            Column("単価/ケース", 3, is_number=True),
            Column("税率", 2, is_number=True),
            Column("金額", 3, is_number=True),
        ],
        [*(_line(row) for row in order.lines), *_shipping(order)],
    )
    if any(row.percent == REDUCED for row in order.rates):
        document.text("※は軽減税率(8%)の対象です。")
    if any(row.is_tax_included for row in order.lines):
        document.text("「税込」と付いた単価と金額は消費税を含みます。ほかは税抜です。")


def _rates(document: Document, order: OrderDocument) -> None:
    document.heading("税率ごとの内訳")
    document.table(
        [Column("税率", 2), *(Column(name, 3, is_number=True) for name in ("税抜金額", "消費税", "税込金額"))],
        [
            *(
                Row([f"{row.percent}%", pdf.yen(row.net), pdf.yen(row.tax), pdf.yen(row.net + row.tax)])
                for row in order.rates
            ),
            Row(["合計", pdf.yen(order.net), pdf.yen(order.tax), pdf.yen(order.total)], is_sum=True),
        ],
    )


def _line(row: DocumentLine) -> Row:
    sign = " ※" if row.percent == REDUCED else ""
    included = "税込 " if row.is_tax_included else ""
    return Row(
        [
            str(row.line),
            f"{row.name}{sign}",
            str(row.pack_size),
            pdf.yen(row.packs),
            f"{included}{pdf.yen(row.price)}",
            f"{row.percent}%",
            f"{included}{pdf.yen(row.amount)}",
        ],
    )


def _shipping(order: OrderDocument) -> list[Row]:
    return [Row(["", "送料", "", "", "", "10%", pdf.yen(order.shipping)])] if order.shipping else []


def _registered(number: str) -> str:
    return f"登録番号 {number}" if number else ""


def _day(day: date) -> str:
    return f"{day:%Y年%-m月%-d日}"
