"""`/api/v1/accounting/export.beancount` and `.hledger`: all books as files those programs load and check."""

from typing import Literal

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, StreamingResponse

from cloud.accounting.plain_text import FORMATS
from cloud.accounting.plain_text_export import lines
from cloud.db.database import Database
from cloud.identity.access import needs
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep

router = APIRouter(prefix="/api/v1/accounting", tags=["accounting"], dependencies=[needs(Permission.BOOKS_READ)])


class BooksText(PlainTextResponse):
    """A text file to save."""

    media_type = "text/plain; charset=utf-8"


_EXAMPLE = """2026-11-20 * "商品売上 - 緑茶" ^entry-42
  entry: 42
  source: "vm-tokyo-0001/…/17#sale"
  occurred_at_ms: 1795143600000
  Liabilities:2110-お客様預り金:Vm-tokyo-0001:Credit  160 JPY
  Income:4001-売上高  -149 JPY
  Liabilities:2050-仮受消費税  -11 JPY
"""


@router.get(
    "/export.beancount",
    response_class=BooksText,
    responses={200: {"content": {"text/plain": {"example": _EXAMPLE}}}},
)
async def get_beancount(database: DatabaseDep) -> StreamingResponse:
    """Every entry ever posted, for Beancount 2 or 3; ends with the balances, so `bean-check` checks the file."""
    return _download(database, "beancount")


@router.get(
    "/export.hledger",
    response_class=BooksText,
    responses={200: {"content": {"text/plain": {"example": "2026-11-20 * (42) 商品売上 - 緑茶\n"}}}},
)
async def get_hledger(database: DatabaseDep) -> StreamingResponse:
    """Every entry ever posted, for hledger; ends with the balances, so `hledger check --strict` checks the file."""
    return _download(database, "hledger")


def _download(database: Database, name: Literal["beancount", "hledger"]) -> StreamingResponse:
    headers = {"Content-Disposition": f'attachment; filename="books.{name}"'}
    return StreamingResponse(lines(database, FORMATS[name]), media_type=BooksText.media_type, headers=headers)
