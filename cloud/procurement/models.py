"""Tables of the procurement. Private to this capability."""

from datetime import date

from sqlalchemy import Boolean, Date, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cloud.db.base import Base, BigId, Millis, Minor, ProductRef


class Supplier(Base):
    """One row is somebody we may buy from."""

    __tablename__ = "suppliers"

    id: Mapped[BigId]
    name: Mapped[str] = mapped_column(String(120), unique=True)
    kana: Mapped[str] = mapped_column(String(120))
    """Reading of the name; sorts the list."""
    registration_number: Mapped[str] = mapped_column(String(14))
    """登録番号: T and 13 digits; empty for one that is not registered."""
    registered_from: Mapped[date | None] = mapped_column(Date)
    registered_to: Mapped[date | None] = mapped_column(Date)
    """Last day of the registration; empty while it lasts."""
    lead_days: Mapped[int] = mapped_column(Integer)
    """Days from order to receipt, as the supplier says."""
    minimum_order_minor: Mapped[Minor]
    """Least value of an order, without tax."""
    shipping_minor: Mapped[Minor]
    """Per order, without tax."""
    free_shipping_minor: Mapped[Minor]
    """From this value on (without tax) shipping is free; 0 for never."""
    closing_day: Mapped[int] = mapped_column(Integer)
    """締め日, 1 to 28; 31 is the end of the month."""
    pay_months: Mapped[int] = mapped_column(Integer)
    """Months from closing to payment; 1 is 翌月."""
    pay_day: Mapped[int] = mapped_column(Integer)
    """支払日, 1 to 28; 31 is the end of the month."""
    is_allowed: Mapped[bool] = mapped_column(Boolean)
    """On the list of those that money may go to."""
    is_active: Mapped[bool] = mapped_column(Boolean)
    note: Mapped[str] = mapped_column(String(500))
    revision: Mapped[int] = mapped_column(Integer)
    created_at_ms: Mapped[Millis]


class Offer(Base):
    """One row is a price at which a supplier sells a product, as of a moment. Never changed but for its last day."""

    __tablename__ = "supplier_offers"
    __table_args__ = (Index("ix_supplier_offers_product_id", "product_id", "supplier_id", "id"),)

    id: Mapped[BigId]
    supplier_id: Mapped[int] = mapped_column(ForeignKey("suppliers.id"))
    product_id: Mapped[ProductRef]
    pack_size: Mapped[int] = mapped_column(Integer)
    """Units in a pack (case)."""
    price_minor: Mapped[Minor]
    """Of one pack."""
    is_tax_included: Mapped[bool] = mapped_column(Boolean)
    minimum_packs: Mapped[int] = mapped_column(Integer)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    """Last day; empty for until further notice."""
    source: Mapped[str] = mapped_column(String(16))
    """person, list or web."""
    reference: Mapped[str] = mapped_column(String(500))
    """Where it was read: a file, a page's address."""
    confirmed_by: Mapped[str] = mapped_column(String(254))
    """Who stands for it; empty: not to be ordered from yet."""
    recorded_at_ms: Mapped[Millis]


class InputTaxShare(Base):
    """One row is which share of the tax paid to an unregistered supplier may be deducted, from a day on."""

    __tablename__ = "input_tax_shares"

    valid_from: Mapped[date] = mapped_column(Date, primary_key=True)
    percent: Mapped[int] = mapped_column(Integer)


class PurchaseOrder(Base):
    """One row is a purchase order. What happened to it stands in its steps."""

    __tablename__ = "purchase_orders"

    id: Mapped[BigId]
    supplier_id: Mapped[int] = mapped_column(ForeignKey("suppliers.id"), index=True)
    status: Mapped[str] = mapped_column(String(24), index=True)
    ordered_on: Mapped[date] = mapped_column(Date)
    expected_on: Mapped[date] = mapped_column(Date)
    """When the goods should come."""
    origin: Mapped[str] = mapped_column(String(16))
    """person, generator or agent."""
    created_by: Mapped[str] = mapped_column(String(254))
    created_at_ms: Mapped[Millis]
    shipping_minor: Mapped[Minor]
    """Without tax."""
    net_minor: Mapped[Minor]
    """Goods and shipping without tax."""
    tax_minor: Mapped[Minor]
    total_minor: Mapped[Minor]
    note: Mapped[str] = mapped_column(String(500))
    revision: Mapped[int] = mapped_column(Integer)
    """Rises with each step."""


class PurchaseOrderLine(Base):
    """One row is one product of a purchase order."""

    __tablename__ = "purchase_order_lines"
    __table_args__ = (UniqueConstraint("order_id", "line"),)

    id: Mapped[BigId]
    order_id: Mapped[int] = mapped_column(ForeignKey("purchase_orders.id"))
    line: Mapped[int] = mapped_column(Integer)
    """1 and up."""
    product_id: Mapped[ProductRef] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(String(120))
    """As it was called when it was ordered."""
    pack_size: Mapped[int] = mapped_column(Integer)
    packs: Mapped[int] = mapped_column(Integer)
    price_minor: Mapped[Minor]
    """Of one pack."""
    is_tax_included: Mapped[bool] = mapped_column(Boolean)
    percent: Mapped[int] = mapped_column(Integer)
    """Tax rate on the day of the order; what is booked follows the day of the receipt."""
    reason: Mapped[str] = mapped_column(String(500))
    """Why so many, why from this supplier; for the person who approves."""


class PurchaseOrderStep(Base):
    """One row is something that happened to a purchase order. Never changed."""

    __tablename__ = "purchase_order_steps"

    id: Mapped[BigId]
    order_id: Mapped[int] = mapped_column(ForeignKey("purchase_orders.id"), index=True)
    at_ms: Mapped[Millis]
    who: Mapped[str] = mapped_column(String(254))
    what: Mapped[str] = mapped_column(String(24))
    status: Mapped[str] = mapped_column(String(24))
    """After the step."""
    note: Mapped[str] = mapped_column(String(500))


class GoodsReceipt(Base):
    """One row is one delivery for a purchase order. Never changed but for the invoice it is on."""

    __tablename__ = "goods_receipts"

    id: Mapped[BigId]
    order_id: Mapped[int] = mapped_column(ForeignKey("purchase_orders.id"), index=True)
    supplier_id: Mapped[int] = mapped_column(ForeignKey("suppliers.id"), index=True)
    received_on: Mapped[date] = mapped_column(Date)
    received_at_ms: Mapped[Millis]
    received_by: Mapped[str] = mapped_column(String(254))
    delivery_note: Mapped[str] = mapped_column(String(64))
    """Number on the supplier's delivery note."""
    share_percent: Mapped[int] = mapped_column(Integer)
    """Of the tax, what may be deducted: 100 from a registered supplier."""
    shipping_minor: Mapped[Minor]
    """Without tax; on the first receipt of an order."""
    gross_minor: Mapped[Minor]
    """Owed for it, tax included."""
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("supplier_invoices.id"), index=True)
    note: Mapped[str] = mapped_column(String(500))


class GoodsReceiptLine(Base):
    """One row is what came of one line of the order."""

    __tablename__ = "goods_receipt_lines"

    id: Mapped[BigId]
    receipt_id: Mapped[int] = mapped_column(ForeignKey("goods_receipts.id"), index=True)
    order_line_id: Mapped[int] = mapped_column(ForeignKey("purchase_order_lines.id"), index=True)
    product_id: Mapped[ProductRef]
    units: Mapped[int] = mapped_column(Integer)
    """Taken in."""
    price_minor: Mapped[Minor]
    """Of one pack, as delivered; the order's when nobody said otherwise."""
    amount_minor: Mapped[Minor]
    """For these units, at that price (with or without tax, as the order's line)."""
    percent: Mapped[int] = mapped_column(Integer)
    """Tax rate on the day of the receipt."""
    cost_minor: Mapped[Minor]
    """What the units cost us: into stock."""
    lot: Mapped[str] = mapped_column(String(40))
    """Lot code; empty for none."""
    expires_on: Mapped[date | None] = mapped_column(Date)


class ReceiptTax(Base):
    """One row is one tax rate of a receipt: a receipt is one document, and a document is rounded once per rate."""

    __tablename__ = "goods_receipt_taxes"

    receipt_id: Mapped[int] = mapped_column(ForeignKey("goods_receipts.id"), primary_key=True)
    percent: Mapped[int] = mapped_column(Integer, primary_key=True)
    net_minor: Mapped[Minor]
    tax_minor: Mapped[Minor]
    deductible_minor: Mapped[Minor]


class SupplierInvoice(Base):
    """One row is an invoice of a supplier, for one or more receipts."""

    __tablename__ = "supplier_invoices"
    __table_args__ = (Index("ix_supplier_invoices_number", "supplier_id", "number"),)

    id: Mapped[BigId]
    supplier_id: Mapped[int] = mapped_column(ForeignKey("suppliers.id"))
    number: Mapped[str] = mapped_column(String(64))
    """As the supplier numbers it."""
    registration_number: Mapped[str] = mapped_column(String(14))
    """As printed on it; empty when there is none."""
    issued_on: Mapped[date] = mapped_column(Date)
    due_on: Mapped[date] = mapped_column(Date, index=True)
    status: Mapped[str] = mapped_column(String(16), index=True)
    """differs, open, paid or withdrawn."""
    total_minor: Mapped[Minor]
    received_minor: Mapped[Minor]
    """What the receipts on it had booked."""
    paid_minor: Mapped[Minor]
    recorded_by: Mapped[str] = mapped_column(String(254))
    recorded_at_ms: Mapped[Millis]
    accepted_by: Mapped[str] = mapped_column(String(254))
    """Who accepted the differences; empty when there are none, or nobody has."""
    accepted_why: Mapped[str] = mapped_column(String(500))

    @property
    def left_minor(self) -> int:
        """Not paid yet, and not set off."""
        return self.total_minor - self.paid_minor


class InvoiceTax(Base):
    """One row is one tax rate of an invoice."""

    __tablename__ = "supplier_invoice_taxes"

    invoice_id: Mapped[int] = mapped_column(ForeignKey("supplier_invoices.id"), primary_key=True)
    percent: Mapped[int] = mapped_column(Integer, primary_key=True)
    net_minor: Mapped[Minor]
    tax_minor: Mapped[Minor]


class SupplierPayment(Base):
    """One row is money sent to a supplier for an invoice. Never changed."""

    __tablename__ = "supplier_payments"

    id: Mapped[BigId]
    invoice_id: Mapped[int] = mapped_column(ForeignKey("supplier_invoices.id"), index=True)
    supplier_id: Mapped[int] = mapped_column(ForeignKey("suppliers.id"))
    amount_minor: Mapped[Minor]
    paid_on: Mapped[date] = mapped_column(Date)
    paid_by: Mapped[str] = mapped_column(String(254))
    recorded_at_ms: Mapped[Millis]


class SupplierCreditNote(Base):
    """One row is a supplier's credit note (返品・値引) against an invoice. Never changed but for what is used of it."""

    __tablename__ = "credit_notes"
    __table_args__ = (UniqueConstraint("supplier_id", "number"),)

    id: Mapped[BigId]
    supplier_id: Mapped[int] = mapped_column(ForeignKey("suppliers.id"))
    invoice_id: Mapped[int] = mapped_column(ForeignKey("supplier_invoices.id"), index=True)
    number: Mapped[str] = mapped_column(String(64))
    """As the supplier numbers it."""
    issued_on: Mapped[date] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(String(500))
    place_id: Mapped[str] = mapped_column(String(48))
    """Where the goods that went back were; empty when none did."""
    total_minor: Mapped[Minor]
    stock_minor: Mapped[Minor]
    """What the goods took out of the stock."""
    used_minor: Mapped[Minor]
    """Set off against invoices, or sent back to our bank."""
    recorded_by: Mapped[str] = mapped_column(String(254))
    recorded_at_ms: Mapped[Millis]

    @property
    def left_minor(self) -> int:
        """Still the supplier's debt to us."""
        return self.total_minor - self.used_minor


class CreditNoteTax(Base):
    """One row is one tax rate of a credit note."""

    __tablename__ = "credit_note_taxes"

    credit_note_id: Mapped[int] = mapped_column(ForeignKey("credit_notes.id"), primary_key=True)
    percent: Mapped[int] = mapped_column(Integer, primary_key=True)
    net_minor: Mapped[Minor]
    tax_minor: Mapped[Minor]
    deductible_minor: Mapped[Minor]
    """Of the tax, what had been deducted and is not any more."""


class CreditNoteLine(Base):
    """One row is units of one line of a delivery that went back."""

    __tablename__ = "credit_note_lines"

    id: Mapped[BigId]
    credit_note_id: Mapped[int] = mapped_column(ForeignKey("credit_notes.id"), index=True)
    receipt_line_id: Mapped[int] = mapped_column(ForeignKey("goods_receipt_lines.id"), index=True)
    units: Mapped[int] = mapped_column(Integer)
    cost_minor: Mapped[Minor]
    """What they had cost us when they came."""


class CreditUse(Base):
    """One row is what a credit note was used for. Never changed."""

    __tablename__ = "credit_uses"

    id: Mapped[BigId]
    credit_note_id: Mapped[int] = mapped_column(ForeignKey("credit_notes.id"), index=True)
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("supplier_invoices.id"), index=True)
    """That it was set off against; empty for money that came to our bank."""
    amount_minor: Mapped[Minor]
    used_on: Mapped[date] = mapped_column(Date)
    used_by: Mapped[str] = mapped_column(String(254))
    recorded_at_ms: Mapped[Millis]
