"""The fault catalogue: what can go wrong at a machine, how bad it is, what the customer sees, who acts.

A fault is *raised* and later *cleared*; both are events. Codes are never re-used or re-typed.
Source of the reference codes: EVA-DTS 6.1 event list (EGS, EJL …), where one fits.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Severity(StrEnum):
    """How far a fault reaches."""

    SLOT = "slot"
    """One selection cannot be sold; the rest of the machine can."""
    MONEY = "money"
    """One way to pay or to give change does not work."""
    MACHINE = "machine"
    """Nothing is sold until it is cleared."""
    NOTICE = "notice"
    """Selling goes on; somebody should know."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One row of the catalogue."""

    code: str
    """Stable name: area.what."""
    severity: Severity
    meaning: str
    """For staff and operators."""
    customer_ja: str
    """What the screen says; empty when the customer need not know."""
    customer_en: str
    who_acts: str
    """staff, operator, or machine (clears by itself)."""
    eva: str = ""
    """EVA-DTS event code, where one exists."""


_ROWS: Final = (
    Fault("slot.jammed", Severity.SLOT, "The spiral did not leave its home position within 1 s; power was cut.",
          "この商品は準備中です。", "This item is being prepared.", "staff", "EJA"),
    Fault("slot.not_home", Severity.SLOT, "The spiral did not come home within 4 s; power was cut.",
          "この商品は準備中です。", "This item is being prepared.", "staff", "EJB"),
    Fault("slot.missing", Severity.SLOT, "No motor or home switch answers at this position.",
          "この商品は準備中です。", "This item is being prepared.", "staff", "EJC"),
    Fault("slot.no_drop", Severity.SLOT, "Two vends in a row turned but nothing passed the drop sensor.",
          "この商品は準備中です。", "This item is being prepared.", "staff", "EJD"),
    Fault("slot.changing", Severity.SLOT, "Another product still stands here than the planogram says.",
          "この商品は準備中です。", "This item is being prepared.", "staff"),
    Fault("slot.out_of_use", Severity.SLOT, "Staff have taken this slot out of use; they put it back.",
          "この商品は準備中です。", "This item is being prepared.", "staff"),
    Fault("drop_sensor.blocked", Severity.MACHINE, "The drop sensor's beam is interrupted while nothing is vended.",
          "取り出し口をご確認ください。", "Please check the delivery tray.", "staff", "EJL"),
    Fault("drop_sensor.late", Severity.NOTICE, "Something fell after the vend had been decided as failed.",
          "", "", "operator"),
    Fault("coin_acceptor.offline", Severity.MONEY, "The coin acceptor does not answer.",
          "硬貨は使えません。", "Coins cannot be used now.", "staff", "EAA"),
    Fault("coin_acceptor.jammed", Severity.MONEY, "The way through the coin acceptor is not free; coins are refused.",
          "硬貨は使えません。", "Coins cannot be used now.", "staff"),
    Fault("coin_acceptor.lost_events", Severity.NOTICE, "Coins were accepted that the machine never read.",
          "", "", "operator", "EAB"),
    Fault("coin_acceptor.fraud", Severity.NOTICE, "The acceptor reports a coin on a string or moving backwards.",
          "", "", "operator", "EAC"),
    Fault("bill_validator.offline", Severity.MONEY, "The bill validator does not answer.",
          "紙幣は使えません。", "Bills cannot be used now.", "staff"),
    Fault("bill_validator.trouble", Severity.MONEY, "Stacker full or removed, or a bill is jammed.",
          "紙幣は使えません。", "Bills cannot be used now.", "staff"),
    Fault("bill_validator.fraud", Severity.NOTICE, "The validator reports a bill pulled back or a manipulated one.",
          "", "", "operator"),
    Fault("bill.uncertain", Severity.MONEY, "Nobody knows whether a bill was stacked or given back.",
          "係員をお呼びください。", "Please call the attendant.", "staff"),
    Fault("bill.lost", Severity.NOTICE, "A product was delivered and the bill that was to pay it went back.",
          "", "", "operator"),
    Fault("coin_hopper.offline", Severity.MONEY, "A coin hopper does not answer.",
          "おつりが出ない場合があります。", "Change may be limited.", "staff", "EAD"),
    Fault("coin_hopper.short", Severity.MONEY, "A hopper paid fewer coins than ordered; the rest is owed.",
          "おつりが不足しました。", "Some change could not be paid.", "staff", "EAE"),
    Fault("vend.uncertain", Severity.SLOT, "Restarted in the middle of a vend and no sensor can tell how it ended.",
          "この商品は準備中です。", "This item is being prepared.", "staff"),
    Fault("payout.uncertain", Severity.MONEY, "Restarted during a payout and the hopper cannot tell how it ended.",
          "係員をお呼びください。", "Please call the attendant.", "staff"),
    Fault("cashless_reader.offline", Severity.MONEY, "The cashless reader does not answer.",
          "カードは使えません。", "Cards cannot be used now.", "staff"),
    Fault("payment.claim", Severity.NOTICE, "An approved card payment could be neither charged nor released.",
          "", "", "operator"),
    Fault("planogram.missing", Severity.MACHINE, "The machine has not received a planogram yet.",
          "準備中です。", "Not ready yet.", "operator"),
    Fault("store.full", Severity.MACHINE, "The journal has reached its disk reserve; selling unrecorded is refused.",
          "ただいま販売を中止しています。", "Sales are suspended.", "operator"),
    Fault("store.replaced", Severity.NOTICE, "A new journal is in the place of a damaged one; count goods and coins.",
          "", "", "staff"),
)  # fmt: skip

CATALOGUE: Final = {row.code: row for row in _ROWS}
"""Fault code to its row."""


class UnknownFaultError(KeyError):
    """A fault code that is not in the catalogue."""


def fault(code: str) -> Fault:
    """The catalogue row of `code`.

    Raises:
        UnknownFaultError: there is none; add it to the catalogue first.
    """
    try:
        return CATALOGUE[code]
    except KeyError:
        raise UnknownFaultError(f"fault {code!r} is not in protocol/faults.py; add a row there first") from None
