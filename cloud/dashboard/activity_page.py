"""`/dashboard/activity`: who did what, when, from where."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from cloud.dashboard.contexts import Contexts
from cloud.dashboard.locks import PageLock
from cloud.dashboard.pages import show
from cloud.identity import activity
from cloud.identity.activity import ActivityView, Filter
from cloud.identity.gate import CurrentUser
from cloud.identity.permissions import Permission
from cloud.kit.http import DatabaseDep

router = APIRouter(prefix="/dashboard/activity", include_in_schema=False)

ROWS_SHOWN: Final = 100

ACTIONS: Final = {
    "user.logged_in": "ログインした",
    "user.logged_out": "ログアウトした",
    "user.login_failed": "ログインに失敗した",
    "user.added": "利用者を追加した",
    "user.changed": "利用者の権限を変更した",
    "user.password_set": "利用者のパスワードを設定した",
    "user.password_changed": "自分のパスワードを変更した",
    "user.sessions_ended": "利用者をログアウトさせた",
    "crew.saved": "担当者の暗証番号か権限を変更した",
    "crew.removed": "担当者を外した",
    "token.reused": "使用済みのトークンが使われた",
    "machine.registered": "自販機を登録した",
    "planogram.published": "棚割りを公開した",
    "product.saved": "商品を保存した",
    "command.issued": "自販機に指示を出した",
    "task.resolved": "作業の結果を記録した",
    "coupon.granted": "クーポンを贈った",
    "coupon.withdrawn": "クーポンを取り消した",
    "request.noted": "ご要望を確認した",
    "customer.deleted": "お客様のデータを削除した",
    "conversation.opened": "お客様との会話を開いた",
    "conversations.searched": "お客様との会話を検索した",
    "place.saved": "倉庫か車を登録した",
    "goods.received": "品物を受け入れた",
    "goods.moved": "品物を移したか廃棄した",
    "goods.given_away": "品物を無償で渡した",
    "stock.count_begun": "棚卸を始めた",
    "stock.counted": "棚卸を終えた",
    "trip.begun": "補充の巡回を始めた",
    "trip.closed": "補充の巡回を終えた",
    "entry.reversed": "仕訳を取り消した",
    "cash.counted": "現金を数えた",
    "cash.deposited": "現金を銀行に預け入れた",
    "cash.explained": "現金過不足を整理した",
    "month.closed": "月を締めた",
    "month.reopened": "締めた月を開いた",
    "year.closed": "年度を締めた",
    "year.reopened": "締めた年度を開いた",
    "payout.booked": "決済会社の入金を記帳した",
    "chargeback.lost": "チャージバックの敗訴を記帳した",
    "receivable.cleared": "売掛金の差を整理した",
    "expense.entered": "経費を記帳した",
    "payable.paid": "未払金の支払いを記帳した",
    "equipment.bought": "設備を登録した",
    "equipment.disposed": "設備を除却した",
    "equipment.depreciated": "減価償却を記帳した",
    "sale.refunded": "返金を記録した",
    "debt.paid_after_all": "断ったお返しを支払った",
    "product.picture_changed": "商品の写真を変更した",
    "products.imported": "商品をまとめて取り込んだ",
    "tax_rate.set": "税率を設定した",
    "price_list.made": "価格表を作った",
    "price_list.followed": "自販機の価格表を選んだ",
    "prices.entered": "価格を入力した",
    "prices.imported": "価格をまとめて取り込んだ",
    "planogram.imported": "棚割りを取り込んだ",
    "planogram.planned": "棚割りの公開を予約した",
    "planogram.plan_withdrawn": "棚割りの予約を取り消した",
    "supplier.added": "仕入先を追加した",
    "supplier.changed": "仕入先を変更した",
    "supplier.allowed": "仕入先の許可を変更した",
    "offer.added": "仕入価格を追加した",
    "offer.confirmed": "仕入価格を確認した",
    "offer.ended": "仕入価格を終了した",
    "offers.imported": "仕入価格をまとめて取り込んだ",
    "orders.proposed": "発注を提案した",
    "order.made": "発注書を作った",
    "order.approved": "発注を承認した",
    "order.rejected": "発注を却下した",
    "order.sent": "発注書を送った",
    "order.cancelled": "発注を取り消した",
    "order.closed": "発注を締めた",
    "invoice.recorded": "請求書を記録した",
    "invoice.accepted": "請求書を承認した",
    "invoice.withdrawn": "請求書を取り消した",
    "invoice.paid": "請求書の支払いを記帳した",
    "credit_note.recorded": "返品・値引を記録した",
    "credit_note.set_off": "返品・値引を相殺した",
    "credit_note.paid_back": "返品・値引の返金を記帳した",
    "anomalies.looked_for": "気になることを調べた",
    "anomaly.acknowledged": "気になることを引き受けた",
    "task.asked": "エージェントに依頼した",
    "task.cancelled": "エージェントへの依頼を止めた",
    "proposal.approved": "エージェントの提案を承認した",
    "proposal.refused": "エージェントの提案を却下した",
    "agent.switched": "エージェントを止めたか再開した",
}
"""Actions in words. What stands nowhere here is a permission that was refused, and is shown as it is."""

SeesActivity = Annotated[CurrentUser, Depends(PageLock(Permission.ACTIVITY_READ))]


@router.get("")
async def activities(
    request: Request,
    user: SeesActivity,
    database: DatabaseDep,
    who: Annotated[str, Query(max_length=254)] = "",
    action: Annotated[str, Query(max_length=48)] = "",
    outcome: Literal["", "done", "refused"] = "",
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> HTMLResponse:
    """操作記録."""
    wanted = {"who": who.strip().lower(), "action": action, "outcome": outcome}

    async def build(contexts: Contexts) -> dict[str, Any]:
        chosen = Filter(who=wanted["who"] or None, action=action or None, outcome=outcome or None)
        rows = await activity.listing(contexts.db_session, limit=ROWS_SHOWN + 1, before=before, wanted=chosen)
        shown = rows[:ROWS_SHOWN]
        return {
            "rows": [_row(contexts, row) for row in shown],
            "wanted": wanted,
            "actions": ACTIONS,
            "older": shown[-1].id if len(rows) > ROWS_SHOWN else None,
            "is_first": before is None,
        }

    return await show(request, database, user, "activity", "操作記録", build)


def _row(contexts: Contexts, row: ActivityView) -> dict[str, Any]:
    return {
        "at": contexts.moment(row.at_ms),
        "who": row.who or "—",
        "role": row.role,
        "text": ACTIONS.get(row.action, row.action),
        "is_refused": row.outcome == activity.REFUSED,
        "target": row.target,
        "detail": " · ".join(f"{name}: {value}" for name, value in row.detail.items()),
        "from": " · ".join(part for part in (row.via, row.address) if part),
    }
