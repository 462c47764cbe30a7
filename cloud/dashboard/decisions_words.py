"""Agents, their tools and what became of a call, in the operator's words (Japanese). Pure."""

from typing import Final

AGENTS: Final = {
    "all": "すべてのエージェント",
    "vending": "販売管理",
    "procurement": "仕入",
    "customer": "接客",
    "analytics": "分析",
}
ACTIONS: Final = {
    "select_product": "商品を見る",
    "process_payment": "支払いを案内する",
    "dispense_product": "商品を出す",
    "check_inventory": "在庫を見る",
    "generate_report": "報告を書く",
    "customer_service": "接客する",
    "change_price": "価格を変える",
    "change_planogram": "棚割りを変える",
    "request_restock": "補充を頼む",
    "compare_offers": "見積りを比べる",
    "order_goods": "発注する",
    "grant_coupon": "クーポンを渡す",
    "refund_sale": "返金する",
    "give_credit": "預り金を渡す",
    "give_goods": "無償で渡す・廃棄する",
}
CHANNELS: Final = {
    "schedule": "定時",
    "operator": "運営者",
    "customer": "お客様",
    "supplier": "仕入先",
    "web": "ウェブ",
}
OUTCOMES: Final = {
    "done": ("実行", "ok"),
    "proposed": ("承認待ちへ", "low"),
    "denied": ("拒否", "danger"),
    "refused": ("できませんでした", "low"),
    "failed": ("失敗", "danger"),
    "shadow": ("影の判断", "neutral"),
}
RULINGS: Final = {"allow": ("可", "ok"), "propose": ("人の承認", "low"), "deny": ("不可", "danger")}
STATES: Final = {
    "waiting": ("承認待ち", "low"),
    "approved": ("承認済み", "ok"),
    "refused": ("却下", "neutral"),
    "expired": ("期限切れ", "neutral"),
}
VALUES: Final = {
    "yes": "はい",
    "no": "いいえ",
    "?": "不明",
    "claim": "申し出た人",
    "dispensed": "商品は出た",
    "failed": "商品は出なかった",
    "uncertain": "わからない",
    "unknown": "記録なし",
    "nothing": "なし",
    "True": "はい",
    "False": "いいえ",
    **AGENTS,
    **ACTIONS,
    **CHANNELS,
}
"""Figures of rules and facts that are words."""

YEN: Final = {
    "now_minor": "いまの価格",
    "at_day_start_minor": "朝の価格",
    "new_minor": "新しい価格",
    "cost_minor": "原価(税込)",
    "list_minor": "定価",
    "price_minor": "クーポン価格",
    "paid_minor": "支払われた額",
    "refunded_minor": "返金済みの額",
    "amount_minor": "金額",
    "total_minor": "発注額",
    "spent_today_minor": "今日の発注額",
    "spent_week_minor": "七日の発注額",
    "cash_minor": "手元資金",
}
FACTS: Final = {
    "product_id": "商品のID",
    "products": "商品",
    "customer_id": "お客様のID",
    "machine_id": "自販機のID",
    "supplier_id": "発注先",
    "sale_id": "販売の番号",
    "loyalty_percent": "ロイヤルティ(%)",
    "open_coupons": "未使用クーポン",
    "age_ms": "販売からの時間",
    "vend_result": "機械の記録",
    "is_original_method": "支払い元へ返す",
    "is_theirs": "本人の購入",
    "has_evidence": "自社記録の証拠",
    "units": "個数",
    "is_allowed_supplier": "許可された仕入先",
    "open_orders": "発注済みの商品",
    "unit_over_best_percent": "最良価格との差(%)",
    "changed_slots": "入れ替えるスロット",
    "is_payment_confirmed": "自社帳簿で確認",
    "text": "文章",
    "to": "宛先",
}
"""Names of facts; those in `YEN` are amounts."""

REFUSALS: Final = {
    "no_such_proposal": "その提案はありません。",
    "proposal_over": "この提案は、すでに決まったか期限が過ぎています。",
    "no_such_tool": "この提案を行う道具が、いまはありません。却下してください。",
    "denied_now": "いまの事実では規則が許さないため、行いませんでした。提案は残っています。",
    "refused_now": "いまは行えませんでした。提案は残っています。",
    "failed_now": "失敗しました。何も変わっていません。記録をご確認ください。",
    "too_slow": "外部からの返事が間に合いませんでした。もう一度お試しください。",
    "not_allowed": "この行為そのものを行う権限が、あなたの役割にはありません。",
    "no_such_agent": "そのエージェントはありません。",
}
