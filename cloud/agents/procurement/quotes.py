"""What a stranger's page or mail offers, as a form of numbers. Pure.

Whoever decides never sees the text: it may hold orders to a model, forged approvals or somebody's account. A form has
no field in which words could travel, and no number that does not stand in the text. Reading is a guess; a person
confirms an offer before anything is ordered by it.
"""

import re
import unicodedata
from typing import Final
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

MOST_TEXT: Final = 4_000
"""Characters that are read; an offer that needs more is for a person."""
MOST_YEN: Final = 10_000_000
MOST_UNITS: Final = 1_000
MOST_DAYS: Final = 365

_YEN: Final = re.compile(r"[¥¥]\s?([0-9][0-9,]{0,9})|([0-9][0-9,]{0,9})\s?円")
_PACK: Final = re.compile(
    r"(?:1\s?(?:ケース|箱|case|pack)[^0-9]{0,6}|[x×*]\s?)([0-9]{1,4})\s?(?:本|個|缶|袋|枚|pcs|bottles|cans|units)?"
    r"|([0-9]{1,4})\s?(?:本|個|缶|袋|枚)\s?(?:入|セット|/|単位)"
    r"|(?:case|pack|box)\s+of\s+([0-9]{1,4})",
    re.IGNORECASE,
)
_LEAST: Final = re.compile(
    r"(?:最低|最小)\s?([0-9]{1,4})\s?(?:ケース|箱)"
    r"|([0-9]{1,4})\s?(?:ケース|箱)\s?(?:から|以上)"
    r"|minimum\s+(?:order\s+)?([0-9]{1,4})",
    re.IGNORECASE,
)
_LEAD: Final = re.compile(
    r"(?:納期|お届け|配送|発送)[^0-9]{0,8}([0-9]{1,3})\s?(?:営業)?日"
    r"|([0-9]{1,3})\s?(?:営業)?日(?:以内|後)"
    r"|(?:within|in)\s+([0-9]{1,3})\s+days",
    re.IGNORECASE,
)
_WITH_TAX: Final = re.compile(r"税込|tax\s+included|incl\.?\s+tax", re.IGNORECASE)
_WITHOUT_TAX: Final = re.compile(r"税抜|税別|plus\s+tax|excl\.?\s+tax", re.IGNORECASE)

SIGNS: Final = {
    "instruction": re.compile(
        r"ignore\s+(?:all|any|the|previous)|disregard|system\s*(?:prompt|:)|you\s+are\s+now|assistant\s*:|"
        r"指示を(?:無視|忘れ)|これまでの(?:指示|命令)|システム(?:プロンプト|命令)|あなたは今から|エージェントへ|AIへ",
        re.IGNORECASE,
    ),
    "approval": re.compile(
        r"(?:already|pre-?)\s*approved|approved\s+by|承認済|承認(?:は)?不要|決裁済|社長(?:の|が)(?:承認|許可)",
        re.IGNORECASE,
    ),
    "account": re.compile(
        r"振込先|口座番号|(?:普通|当座)\s?[0-9]{6,8}|iban|swift|bank\s+account|wire\s+(?:to|transfer)|送金|前払い",
        re.IGNORECASE,
    ),
    "tool": re.compile(
        r"\b(?:propose_order|set_price|record_offer|swap_product|write_off|tool_use|function_call)", re.IGNORECASE
    ),
    "secret": re.compile(r"api[_ -]?key|password|パスワード|秘密鍵|暗証番号", re.IGNORECASE),
}
"""What an honest offer has no need of. Name to pattern."""


class QuoteForm(BaseModel):
    """What a text offers. Numbers and flags only; what is not clear is null."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    price: int | None = Field(default=None, ge=1, le=MOST_YEN)
    """Yen of one pack."""
    is_tax_included: bool | None = None
    pack_size: int | None = Field(default=None, ge=1, le=MOST_UNITS)
    minimum_packs: int | None = Field(default=None, ge=1, le=MOST_UNITS)
    lead_days: int | None = Field(default=None, ge=0, le=MOST_DAYS)
    is_ambiguous: bool = False
    """Several prices or pack sizes stand there; nobody knows which belong together."""

    @property
    def is_complete(self) -> bool:
        """Enough to compare."""
        return self.price is not None and self.pack_size is not None and not self.is_ambiguous


def parse(text: str) -> QuoteForm:
    """Read a text without a model."""
    plain = _plain(text)
    prices = _numbers(_YEN, plain, MOST_YEN)
    packs = _numbers(_PACK, plain, MOST_UNITS)
    with_tax, without_tax = bool(_WITH_TAX.search(plain)), bool(_WITHOUT_TAX.search(plain))
    return QuoteForm(
        price=_only(prices),
        is_tax_included=with_tax if with_tax != without_tax else None,
        pack_size=_only(packs),
        minimum_packs=_only(_numbers(_LEAST, plain, MOST_UNITS)),
        lead_days=_only(_numbers(_LEAD, plain, MOST_DAYS)),
        is_ambiguous=len(prices) > 1 or len(packs) > 1,
    )


def checked(form: QuoteForm, text: str) -> QuoteForm:
    """A form somebody else read, without the numbers that do not stand in the text."""
    said = {int(one) for one in re.findall(r"[0-9]{1,12}", _plain(text).replace(",", ""))}
    names = ("price", "pack_size", "minimum_packs", "lead_days")
    invented = {name: None for name in names if (value := getattr(form, name)) is not None and value not in said}
    return form.model_copy(update=invented)


def signs(text: str) -> list[str]:
    """What in a text an honest offer has no need of, by name."""
    plain = _plain(text)
    return [name for name, pattern in SIGNS.items() if pattern.search(plain)]


def host_of(url: str) -> str:
    """The host of an address, or empty; letters, digits, dots and hyphens only."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return host if re.fullmatch(r"[a-z0-9.-]{1,100}", host) else ""


def mentions(text: str, names: list[str]) -> bool:
    """Whether a text names a product by any of its names."""
    plain = _plain(text).casefold()
    return any(_plain(name).casefold() in plain for name in names if name)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text)[:MOST_TEXT]


def _numbers(pattern: re.Pattern[str], text: str, most: int) -> list[int]:
    """Every number a pattern finds, each once; those that make no sense are left out."""
    found: dict[int, None] = {}
    for match in pattern.finditer(text):
        digits = next(part for part in match.groups() if part is not None)
        if 0 < (number := int(digits.replace(",", "") or 0)) <= most:
            found.setdefault(number)
    return list(found)


def _only(numbers: list[int]) -> int | None:
    return numbers[0] if len(numbers) == 1 else None
