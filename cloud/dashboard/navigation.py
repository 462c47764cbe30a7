"""Links above every page, in groups, for those who may follow them."""

from dataclasses import dataclass
from typing import Final

from cloud.identity.gate import CurrentUser
from cloud.identity.permissions import Permission


@dataclass(frozen=True, slots=True)
class Link:
    """One link."""

    href: str
    name: str
    permission: Permission
    """Without it the link is not there."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One link as somebody sees it on a page."""

    href: str
    name: str
    is_here: bool
    """It leads to this page, or to one above it."""


@dataclass(frozen=True, slots=True)
class Menu:
    """Links under one name; without a name they stand in the bar by themselves."""

    name: str
    links: tuple[Shown, ...]

    @property
    def is_here(self) -> bool:
        """One of its links is."""
        return any(link.is_here for link in self.links)


GROUPS: Final = (
    (
        "",
        (
            Link("/dashboard/", "今日", Permission.FIGURES_READ),
            Link("/dashboard/#machines", "自販機", Permission.FLEET_READ),
            Link("/dashboard/tasks", "作業", Permission.TASKS_READ),
        ),
    ),
    (
        "商品と在庫",
        (
            Link("/dashboard/products", "商品", Permission.FLEET_READ),
            Link("/dashboard/prices", "価格表", Permission.FLEET_READ),
            Link("/dashboard/stock", "在庫", Permission.INVENTORY_READ),
            Link("/dashboard/stock/plan", "補充計画", Permission.INVENTORY_READ),
            Link("/dashboard/procurement", "仕入", Permission.PROCUREMENT_READ),
            Link("/dashboard/suppliers", "仕入先", Permission.PROCUREMENT_READ),
        ),
    ),
    (
        "お金",
        (
            Link("/dashboard/sales", "売上", Permission.SALES_READ),
            Link("/dashboard/cash", "現金", Permission.BOOKS_READ),
            Link("/dashboard/payouts", "入金", Permission.BOOKS_READ),
            Link("/dashboard/payables", "買掛金", Permission.BOOKS_READ),
            Link("/dashboard/expenses", "経費", Permission.BOOKS_READ),
        ),
    ),
    (
        "帳簿",
        (
            Link("/dashboard/earnings", "採算", Permission.BOOKS_READ),
            Link("/dashboard/statements", "決算", Permission.BOOKS_READ),
            Link("/dashboard/journal", "仕訳帳", Permission.BOOKS_READ),
            Link("/dashboard/months", "月次締め", Permission.BOOKS_READ),
            Link("/dashboard/tax-rates", "税率", Permission.BOOKS_READ),
        ),
    ),
    (
        "お客様とAI",
        (
            Link("/dashboard/customers", "お客様", Permission.CUSTOMERS_READ),
            Link("/dashboard/agents", "エージェントの動き", Permission.AGENTS_READ),
            Link("/dashboard/proposals", "承認待ち", Permission.AGENTS_READ),
            Link("/dashboard/decisions", "判断の記録", Permission.AGENTS_READ),
            Link("/dashboard/analytics", "分析", Permission.ANALYTICS_READ),
        ),
    ),
    (
        "管理",
        (
            Link("/dashboard/visits", "訪問", Permission.FLEET_READ),
            Link("/dashboard/crew", "担当者", Permission.CREW_MANAGE),
            Link("/dashboard/inbox", "受信箱", Permission.FLEET_READ),
            Link("/dashboard/users", "利用者", Permission.USERS_MANAGE),
            Link("/dashboard/activity", "操作記録", Permission.ACTIVITY_READ),
        ),
    ),
)


def navigation(user: CurrentUser | None, path: str) -> list[Menu]:
    """What `user` finds above the page at `path`; a menu of one link is that link."""
    allowed = [
        (name, [link for link in links if user is not None and user.may(link.permission)]) for name, links in GROUPS
    ]
    here = _here([link.href for _, links in allowed for link in links], path)
    return [
        Menu(
            name if len(links) > 1 else "",
            tuple(Shown(link.href, link.name, link.href == here) for link in links),
        )
        for name, links in allowed
        if links
    ]


def _here(hrefs: list[str], path: str) -> str:
    """The longest address that leads to the page; every page is below the first one, which stands for itself only."""
    above = [href for href in hrefs if path == href or path.startswith(href.replace("#", "").rstrip("/") + "/")]
    return max((href for href in above if href != "/dashboard/" or path == href), key=len, default="")
