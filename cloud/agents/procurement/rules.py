"""What the procurement agent does without a model. Pure: situation in, wishes out."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from cloud.agents.planned import Done, Wish, became
from cloud.agents.procurement.situation import NeedFacts, Situation, by_supplier

MOST_SEARCHES: Final = 3
"""Searches in a run: they cost others something."""
NEWS: Final = {
    "price_rise": "値上がり",
    "cheaper_elsewhere": "ほかが安い",
    "offer_expired": "見積り期限切れ",
    "offer_ends_soon": "見積りがまもなく期限切れ",
}


def decide(read: Mapping[str, Any]) -> list[Wish]:
    """Orders first, one per supplier; then a look for what nobody can deliver."""
    seen = Situation.model_validate(read)
    wishes = [_order(supplier, rows) for supplier, rows in by_supplier(seen.needs).items()]
    lost = [row for row in seen.needs if row.best is None]
    if seen.can_search:
        wishes += [
            Wish(
                "find_suppliers",
                {"product_id": row.product_id, "words": f"{row.name} 卸 ケース 業務用"[:120]},
                f"{row.name}: {row.why_none}",
            )
            for row in lost[:MOST_SEARCHES]
        ]
    return wishes


def _order(supplier_id: int, rows: Sequence[NeedFacts]) -> Wish:
    best = [(row, row.best) for row in rows if row.best is not None]
    goods = "、".join(f"{row.name} {offer.units} 個" for row, offer in best)
    lines = [{"offer_id": offer.offer_id, "packs": offer.packs, "reason": row.instruction[:500]} for row, offer in best]
    return Wish(
        "propose_order",
        {"supplier_id": supplier_id, "lines": lines, "reason": f"不足しそうな商品: {goods}"[:500]},
        f"{best[0][1].supplier}に {goods}",
    )


def tell(read: Mapping[str, Any], done: Sequence[Done]) -> str:
    """What was done, in words."""
    seen = Situation.model_validate(read)
    parts = [f"不足しそうな商品は {len(seen.needs)} 品目、未着の発注は {len(seen.open_orders)} 件です。"]
    if done:
        parts.append(f"{became(done)}。")
        parts.append("\n".join(f"・{row.wish.why}: {_ended(row)}" for row in done))
    lost = [row for row in seen.needs if row.best is None]
    if lost:
        parts.append("\n".join(f"・{row.name} {row.units} 個: {row.why_none}" for row in lost))
    if seen.prices:
        rows = (f"・{row.product_id}({row.supplier}): {_news(row.kind, row.percent)}" for row in seen.prices)
        parts.append("\n".join(["価格の動き", *rows]))
    return "\n\n".join(parts)


def _news(kind: str, percent: int) -> str:
    words = NEWS.get(kind, kind)
    return f"{words} {percent}%" if percent else words


def _ended(row: Done) -> str:
    if row.wish.tool == "find_suppliers" and row.outcome == "done":
        found = row.answer.content.get("result", {}).get("findings", [])
        return f"{len(found)} 件見つかりました。仕入先の検索画面で確かめてください"
    words = {"done": "人の承認を待っています", "proposed": "上限を超えるため、人の判断を待っています"}
    return words.get(row.outcome) or f"できませんでした。{row.answer.content.get('why', '')}"


def report(read: Mapping[str, Any], words: str) -> Wish:
    """Keep the words."""
    day = Situation.model_validate(read).today
    return Wish("report", {"title": f"仕入 {day:%Y-%m-%d}", "text": words[:8000]})
