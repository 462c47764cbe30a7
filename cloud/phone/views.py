"""What the phone page shows, in one language. Pure."""

from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cloud.agents.customer import words as say
from cloud.agents.customer.insights import NEXT
from cloud.agents.customer.phrases import Intent
from cloud.agents.customer.shelf import Good, Shelf
from cloud.agents.customer.understanding import Language
from cloud.kit.clock import local
from cloud.kit.texts import Texts

TEXTS: Final = Texts(Path(__file__).parent / "wording")
ASKS: Final = ("recommend", "stock", "allergens", "price", "wish", "coupon", "person", "report")
FIRST: Final = NEXT[Intent.GREETING] + ("allergens", "report")


def language_from(asked: str | None, accepted: str) -> Language:
    """The page's language: what the address says, else what the browser likes better; Japanese when in doubt."""
    if asked in {"ja", "en"}:
        return "en" if asked == "en" else "ja"
    first = accepted.split(",", maxsplit=1)[0].strip().lower()
    return "ja" if not first or first.startswith(("ja", "*")) else "en"


def shelf_view(found: Shelf, language: Language, now_ms: int) -> dict[str, Any]:
    """The part of the page that changes."""
    zone = found.machine.timezone
    now, seen = local(now_ms, zone), local(found.machine.last_seen_ms, zone)
    never = TEXTS.text(language, "offline.never")
    last = TEXTS.text(language, "offline.text", time=_moment(seen, now)) if found.machine.last_seen_ms else never
    return {
        "state": "stopped" if not found.is_selling else "selling" if found.machine.is_online else "offline",
        "offline": last,
        "updated": f"{now:%H:%M:%S}",
        "notices": [ja if language == "ja" else en for ja, en in found.notices],
        "goods": [_good(row, language) for row in found.goods],
    }


def _moment(seen: datetime, now: datetime) -> str:
    return f"{seen:%H:%M}" if seen.date() == now.date() else f"{seen:%Y-%m-%d %H:%M}"


def _good(row: Good, language: Language) -> dict[str, Any]:
    return {
        "slot": row.slot,
        "product_id": row.product_id,
        "name": row.name(language),
        "size": row.size,
        "price": row.price_minor,
        "temperature": row.temperature,
        "state": row.state,
        "left": row.on_hand,
        "allergens": _allergens(row, language),
        "picture": row.picture,
    }


def _allergens(row: Good, language: Language) -> str:
    if row.allergens is None:
        return TEXTS.text(language, "good.allergens_unknown")
    if not row.allergens:
        return TEXTS.text(language, "good.no_allergens")
    named = say.joined(language, [say.allergen(language, code) for code in row.allergens])
    return TEXTS.text(language, "good.allergens", allergens=named)


def script_texts(language: Language) -> dict[str, Any]:
    """What the page's script says by itself."""
    words = TEXTS.of(language)
    return {
        "you": words["chat.you"],
        "clerk": words["chat.clerk"],
        "waiting": words["chat.waiting"],
        "off": words["chat.off"],
        "ask": {name: words[f"ask.{name}"] for name in ASKS},
    }
