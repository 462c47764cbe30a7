"""What buying refuses, as answers."""

from functools import partial
from typing import Final

from cloud.inventory.goods import GoodsRefusedError
from cloud.inventory.places import NoSuchPlaceError
from cloud.kit import http
from cloud.procurement.credit_notes import CreditUsedError, NoSuchCreditNoteError
from cloud.procurement.credit_rules import BadCreditNoteError
from cloud.procurement.ordering import BadOfferError, BelowMinimumError, NoSuchOrderError
from cloud.procurement.orders import NotAllowedSupplierError, OwnOrderError, WrongStepError
from cloud.procurement.payables import (
    BadInvoiceError,
    NoSuchInvoiceError,
    WrongInvoiceStateError,
)
from cloud.procurement.receiving import BadReceiptError, DifferencesError, NoSuchReceiptError
from cloud.procurement.rules import PaidInTheFutureError
from cloud.procurement.service import (
    ChangedMeanwhileError,
    NameTakenError,
    NoSuchOfferError,
    NoSuchSupplierError,
    UnknownProductError,
)

REFUSED: Final[http.Refusals] = {
    NoSuchSupplierError: (404, "no_such_supplier"),
    NoSuchOfferError: (404, "no_such_offer"),
    NoSuchOrderError: (404, "no_such_order"),
    NoSuchReceiptError: (404, "no_such_receipt"),
    NoSuchInvoiceError: (404, "no_such_invoice"),
    NoSuchCreditNoteError: (404, "no_such_credit_note"),
    NoSuchPlaceError: (404, "no_such_place"),
    NameTakenError: (409, "name_taken"),
    WrongStepError: (409, "wrong_step"),
    OwnOrderError: (409, "own_order"),
    NotAllowedSupplierError: (409, "supplier_not_allowed"),
    DifferencesError: (409, "differences"),
    WrongInvoiceStateError: (409, "wrong_state"),
    CreditUsedError: (409, "credit_used"),
    GoodsRefusedError: (409, ""),
    ChangedMeanwhileError: (412, "changed_meanwhile"),
    UnknownProductError: (422, "no_such_product"),
    BadOfferError: (422, "bad_offer"),
    BelowMinimumError: (422, "below_minimum_order"),
    BadReceiptError: (422, "bad_receipt"),
    BadInvoiceError: (422, "bad_invoice"),
    BadCreditNoteError: (422, "bad_credit_note"),
    PaidInTheFutureError: (422, "paid_in_the_future"),
}

refusing = partial(http.refusing, REFUSED)
"""Around calls of this capability's services."""
