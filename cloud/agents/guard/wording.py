"""What each rule says, in English (models, logs, the API) and Japanese (the dashboard). Pure.

A sentence states the figures a rule looked at; whether they were good is the ruling's word.
"""

from collections.abc import Mapping
from typing import Final

from cloud.agents.guard.verdict import Ruling, Verdict

WORDS: Final[dict[str, tuple[str, str, str]]] = {
    # Who may do what at all.
    "stop_switch": ("停止スイッチ", "the agent is stopped by a person: {why}", "人が停止しています: {why}"),
    "known_tool": ("道具", "{agent} has no tool {tool}", "{agent} に道具 {tool} はありません"),
    "arguments": ("引数", "the arguments are not as described: {why}", "引数が説明と違います: {why}"),
    "time_limit": ("判断時間", "no decision within {seconds} s", "{seconds} 秒以内に判断できませんでした"),
    "allowed_action": ("許可リスト", "allow-list of the {agent} agent: {action}", "{agent} の許可リスト: {action}"),
    "authority": (
        "経路の権限",
        "what words from the channel {channel} can bring about: {action}",
        "経路 {channel} からできること: {action}",
    ),
    "facts_fit": ("事実の種類", "facts of {action}: {facts}", "{action} の事実: {facts}"),
    "forbidden_pattern": ("禁止パターン", "forbidden pattern: {found}", "禁止パターン: {found}"),
    "own_judgement": (
        "会話の安全度",
        "{share}% of this conversation's calls are unsuspicious, {least}% needed to act alone",
        "この会話の疑わしくない呼び出し {share}%、独断には {least}% が必要",
    ),
    "strangers_text": (
        "外部の文章",
        "text of strangers was read in this run; it can only propose",
        "この実行で外部の文章を読んだため、提案のみ",
    ),
    "own_customer": (
        "本人のもの",
        "who asks is {asks}, whose it is: {whose}",
        "求めている人 {asks}、対象の人 {whose}",
    ),
    "proposals_open": ("承認待ちの数", "{open} proposals wait, at most {most}", "承認待ち {open} 件、上限 {most} 件"),
    "loss_budget": (
        "一日の損失予算",
        "costs {loss} yen, {spent} of {budget} yen are spent today",
        "この件 {loss}円、本日 {spent}円 / 予算 {budget}円",
    ),
    # Prices.
    "cost_known": ("原価", "cost: {cost}", "原価: {cost}"),
    "price_floor": (
        "価格の下限",
        "price {price} yen, at least {floor} yen (cost {cost} + {margin}%)",
        "価格 {price}円、下限 {floor}円(原価 {cost}円 + {margin}%)",
    ),
    "price_cap": (
        "価格の上限",
        "price {price} yen, at most {cap} yen ({percent}% of cost {cost})",
        "価格 {price}円、上限 {cap}円(原価 {cost}円 の {percent}%)",
    ),
    "price_change": (
        "一日の値動き",
        "from {start} yen in the morning to {price} yen, at most {percent}% alone",
        "朝の {start}円 から {price}円、独断は {percent}% まで",
    ),
    # Coupons.
    "coupon_loyalty": (
        "ロイヤルティ",
        "loyalty {loyalty}, more than {least} needed",
        "ロイヤルティ {loyalty}、{least} を超えること",
    ),
    "coupon_open": (
        "未使用クーポン",
        "{open} open coupons, at most {most} with this one",
        "未使用 {open} 枚、この一枚を含めて {most} 枚まで",
    ),
    "coupon_size": (
        "割引の大きさ",
        "{price} yen instead of {list} yen, at most {percent}% off alone",
        "定価 {list}円 が {price}円、独断は {percent}% 引きまで",
    ),
    # Money back.
    "sale_theirs": (
        "本人の購入",
        "our records tie sale {sale} to whoever asks: {theirs}",
        "販売 {sale} は求めている人のもの: {theirs}",
    ),
    "refund_amount": (
        "返金額",
        "{amount} yen, {left} yen of this sale are left to give back",
        "返金 {amount}円、この販売の残り {left}円",
    ),
    "refund_evidence": ("機械の記録", "the machine says: {result}", "自販機によると「{result}」"),
    "refund_age": (
        "販売からの日数",
        "the sale is {days} days old, {alone} days alone, {most} at most",
        "販売から {days} 日、独断は {alone} 日、最長 {most} 日",
    ),
    "refund_size": ("返金の大きさ", "{amount} yen, alone up to {limit} yen", "{amount}円、独断は {limit}円 まで"),
    "refund_method": ("返金方法", "to where it was paid from: {original}", "支払い元へ返す: {original}"),
    "credit_amount": ("預り金の額", "{amount} yen, alone up to {limit} yen", "{amount}円、独断は {limit}円 まで"),
    "credit_evidence": ("証拠", "evidence in our own records: {evidence}", "自社記録の証拠: {evidence}"),
    # Goods.
    "gift_units": ("個数", "{units} units, alone up to {limit}", "{units} 個、独断は {limit} 個まで"),
    "restricted_goods": ("取扱い禁止品", "goods not to be sold: {found}", "取扱い禁止品: {found}"),
    "changed_slots": (
        "入れ替えるスロット",
        "{slots} slots, alone up to {limit}",
        "{slots} スロット、独断は {limit} まで",
    ),
    "payment_confirmed": (
        "支払い",
        "paid {paid} of {list} yen, in our own books: {confirmed}",
        "{list}円 のうち {paid}円 支払い済み、自社帳簿で確認: {confirmed}",
    ),
    # Buying.
    "supplier_allowed": (
        "仕入先",
        "supplier {supplier} on the owner's list: {allowed}",
        "仕入先 {supplier} はオーナーの許可リストに: {allowed}",
    ),
    "order_content": ("発注内容", "{products} products for {total} yen", "{products} 商品、{total}円"),
    "order_open": ("発注済み", "already on order: {products}", "すでに発注済み: {products}"),
    "order_size": ("一回の発注額", "{total} yen, alone up to {limit} yen", "{total}円、独断は {limit}円 まで"),
    "order_day": (
        "一日の発注額",
        "{total} yen with today's orders, alone up to {limit} yen",
        "本日の合計 {total}円、独断は {limit}円 まで",
    ),
    "order_week": (
        "七日の発注額",
        "{total} yen with seven days' orders, alone up to {limit} yen",
        "七日の合計 {total}円、独断は {limit}円 まで",
    ),
    "cash_reserve": (
        "手元資金",
        "leaves {left} yen, alone at least {reserve} yen",
        "残り {left}円、独断は {reserve}円 以上",
    ),
    "order_price": (
        "最良価格との差",
        "{percent}% above the best confirmed offer, alone up to {alone}%, at most {most}%",
        "確認済み最良価格より {percent}% 高い、独断は {alone}%、最大 {most}%",
    ),
    # Words.
    "text_leaving": ("外へ出る文章", "in the text: {found}", "文章の中に: {found}"),
    "reading": ("読むだけ", "reads only", "読むだけで何も動かしません"),
    "note": ("書き留めるだけ", "written down for people", "人のために書き留めるだけです"),
}
"""Rule to its Japanese name, its sentence in English and in Japanese."""


def say(rule: str, ruling: Ruling, **figures: int | str) -> Verdict:
    """A verdict with its English sentence."""
    return Verdict(rule, ruling, WORDS[rule][1].format(**figures), figures)


def in_japanese(rule: str, figures: Mapping[str, int | str], why: str = "") -> tuple[str, str]:
    """Name and sentence of a rule for the dashboard; what an older log knows and we do not is shown as it is.

    Args:
        rule: its name.
        figures: what it looked at; amounts get their commas here.
        why: its sentence as it is in the log.
    """
    known = WORDS.get(rule)
    return (known[0], _filled(known[2], figures, why)) if known else (rule, why)


def in_english(rule: str, figures: Mapping[str, int | str], why: str = "") -> tuple[str, str]:
    """The same for a dashboard in English: the rule's name is that of the log, in plain letters.

    Args:
        rule: its name.
        figures: what it looked at; amounts get their commas here.
        why: its sentence as it is in the log.
    """
    known = WORDS.get(rule)
    sentence = _filled(known[1], figures, why) if known else why
    return rule.replace("_", " ").capitalize(), sentence[:1].upper() + sentence[1:]


def _filled(sentence: str, figures: Mapping[str, int | str], why: str) -> str:
    """A sentence with its figures; what an older log has no figures for is told as it was."""
    try:
        return sentence.format(
            **{name: f"{value:,}" if isinstance(value, int) else value for name, value in figures.items()}
        )
    except (KeyError, IndexError):
        return why
