"""What the forms of invoices and of credit notes have in common: sums per tax rate, and deeds that may be refused."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.dashboard.forms import words_of
from cloud.dashboard.procurement_words import REFUSALS
from cloud.identity.access import Writer
from cloud.kit.http import ProblemError
from cloud.procurement.ordering import Doing
from cloud.procurement.refusals import refusing

RATES: Final = (0, 8, 10)
"""Rows of a form, in per cent; a document has one sum per rate."""

Deed = Callable[[AsyncSession, Doing], Coroutine[Any, Any, object]]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a deed was not done."""

    words: str
    """For the page."""
    status: int
    """Of the answer."""


def rates_typed(sent: Mapping[str, str]) -> list[dict[str, Any]]:
    """The rates that were filled in, as bodies have them: `net_8` and `tax_8` as typed; an empty tax is 0."""
    return [
        {"percent": percent, "net": sent[f"net_{percent}"], "tax": sent.get(f"tax_{percent}") or "0"}
        for percent in RATES
        if sent.get(f"net_{percent}")
    ]


async def refusal(writer: Writer, deed: Deed, **detail: Any) -> Refusal | None:
    """Do it in a transaction of its own; None when it was done.

    Args:
        writer: who does it.
        deed: what.
        detail: for the activity log.

    Raises:
        ProblemError: refused for a reason that pages have no words for; it is answered as it is.
    """
    try:
        with refusing():
            async with writer.write(**detail) as db_session:
                await deed(db_session, Doing(writer.user.email, writer.now_ms))
    except ProblemError as error:
        return Refusal(words_of(error, REFUSALS), error.status)
    return None
