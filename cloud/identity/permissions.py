"""Who may do what: the one table of roles and permissions. Pure.

Every endpoint and page names the permission it needs (`access.Lock`); what names none is refused at start.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What a user is here for. The words are kept in the database."""

    OWNER = "owner"
    """Everything, users included."""
    ACCOUNTANT = "accountant"
    """The books, and what they are made of; moves nothing."""
    OPERATOR = "operator"
    """Runs the fleet: machines, prices, commands; no books, no users."""
    STAFF = "staff"
    """Goes to the machines: stock, faults and tasks."""
    VIEWER = "viewer"
    """Looks at the fleet and its sales."""


class Permission(StrEnum):
    """Something a user may be allowed to do. The words stand in refusals and in the API's description."""

    FLEET_READ = "fleet.read"
    """Machines, slots, faults, planograms, products, stored events."""
    FIGURES_READ = "figures.read"
    """The day in numbers, live."""
    INVENTORY_READ = "inventory.read"
    INVENTORY_MOVE = "inventory.move"
    """Bring goods elsewhere, throw them away, go on a trip."""
    INVENTORY_COUNT = "inventory.count"
    """Say how many are there; books the difference."""
    INVENTORY_MANAGE = "inventory.manage"
    """Receive goods with what they cost; name warehouses and vans."""
    SALES_READ = "sales.read"
    """The history of single sales."""
    SALES_REFUND = "sales.refund"
    """Give a recorded sale back; books it."""
    COMMANDS_READ = "commands.read"
    COMMANDS_ISSUE = "commands.issue"
    """Remote vends and coupons."""
    MACHINES_REGISTER = "machines.register"
    """Shows a machine's secret once."""
    PLANOGRAMS_PUBLISH = "planograms.publish"
    """Products and prices of a machine."""
    PRODUCTS_WRITE = "products.write"
    TASKS_READ = "tasks.read"
    TASKS_RESOLVE = "tasks.resolve"
    """May book: what a resolution posts is fixed by the kind of task."""
    CASH_COUNT = "cash.count"
    """Say what was counted in a machine; books the difference. What should be there is not shown before."""
    BOOKS_READ = "books.read"
    BOOKS_CORRECT = "books.correct"
    """Reversals."""
    BOOKS_CLOSE = "books.close"
    """Close a month."""
    TAX_RATES_WRITE = "tax_rates.write"
    """Rates of consumption tax from a day to come."""
    BOOKS_REOPEN = "books.reopen"
    """Reopen the newest closed month."""
    PROCUREMENT_READ = "procurement.read"
    """Suppliers, their prices, purchase orders and what became of them."""
    SUPPLIERS_WRITE = "suppliers.write"
    """Suppliers and offers; searching the web for some."""
    SUPPLIERS_ALLOW = "suppliers.allow"
    """Put a supplier on the list of those that money may go to."""
    ORDERS_WRITE = "orders.write"
    """Make, send and cancel purchase orders."""
    ORDERS_APPROVE = "orders.approve"
    """Above the limit never one's own."""
    GOODS_RECEIVE = "goods.receive"
    """Say what was delivered; books it."""
    PAYABLES_WRITE = "payables.write"
    """Invoices of suppliers, and paying them."""
    AGENTS_READ = "agents.read"
    """What agents do and did, why, what it costs, what was said to them, and what waits for a person."""
    AGENTS_DECIDE = "agents.decide"
    """Approve and refuse proposals; the action itself needs its own permission too."""
    AGENTS_EXCEED = "agents.exceed"
    """Approve what goes beyond the day's loss budget."""
    AGENTS_STOP = "agents.stop"
    """Stop agents, and let them go on."""
    AGENTS_RUN = "agents.run"
    """Have an agent work now, or stop."""
    CUSTOMERS_READ = "customers.read"
    """Customers, their purchases, wishes and coupons; opening a conversation is written down."""
    CUSTOMERS_MANAGE = "customers.manage"
    """Give and withdraw coupons, note wishes, delete a person's data."""
    ANALYTICS_READ = "analytics.read"
    """Statistics with what they cost, forecasts, what is odd, reports."""
    ANALYTICS_HANDLE = "analytics.handle"
    """Look for what is odd, and say that you look after it."""
    CREW_MANAGE = "crew.manage"
    """Who may begin visits at the machines, and their PINs."""
    ACTIVITY_READ = "activity.read"
    USERS_MANAGE = "users.manage"
    SELF = "self"
    """Who am I, my password, my sessions."""


_EVERYBODY: Final = frozenset(Role)
_OFFICE: Final = frozenset({Role.OWNER, Role.ACCOUNTANT, Role.OPERATOR})

ALLOWED: Final[Mapping[Permission, frozenset[Role]]] = {
    Permission.FLEET_READ: _EVERYBODY,
    # Whoever collects the cash knows the day's figures anyway.
    Permission.FIGURES_READ: _EVERYBODY,
    Permission.INVENTORY_READ: _EVERYBODY,
    Permission.INVENTORY_MOVE: frozenset({Role.OWNER, Role.OPERATOR, Role.STAFF}),
    Permission.INVENTORY_COUNT: _OFFICE | {Role.STAFF},
    Permission.INVENTORY_MANAGE: frozenset({Role.OWNER, Role.OPERATOR}),
    Permission.SALES_READ: _OFFICE | {Role.VIEWER},
    Permission.SALES_REFUND: frozenset({Role.OWNER, Role.OPERATOR}),
    Permission.COMMANDS_READ: _OFFICE,
    Permission.COMMANDS_ISSUE: frozenset({Role.OWNER, Role.OPERATOR}),
    Permission.MACHINES_REGISTER: frozenset({Role.OWNER, Role.OPERATOR}),
    Permission.PLANOGRAMS_PUBLISH: frozenset({Role.OWNER, Role.OPERATOR}),
    Permission.PRODUCTS_WRITE: frozenset({Role.OWNER, Role.OPERATOR}),
    Permission.TASKS_READ: _OFFICE | {Role.STAFF},
    Permission.TASKS_RESOLVE: frozenset({Role.OWNER, Role.OPERATOR, Role.STAFF}),
    Permission.CASH_COUNT: _OFFICE | {Role.STAFF},
    Permission.BOOKS_READ: frozenset({Role.OWNER, Role.ACCOUNTANT}),
    Permission.BOOKS_CORRECT: frozenset({Role.OWNER, Role.ACCOUNTANT}),
    Permission.BOOKS_CLOSE: frozenset({Role.OWNER, Role.ACCOUNTANT}),
    Permission.TAX_RATES_WRITE: frozenset({Role.OWNER, Role.ACCOUNTANT}),
    Permission.BOOKS_REOPEN: frozenset({Role.OWNER}),
    Permission.PROCUREMENT_READ: _OFFICE | {Role.STAFF},
    Permission.SUPPLIERS_WRITE: frozenset({Role.OWNER, Role.OPERATOR}),
    Permission.SUPPLIERS_ALLOW: frozenset({Role.OWNER}),
    Permission.ORDERS_WRITE: frozenset({Role.OWNER, Role.OPERATOR}),
    Permission.ORDERS_APPROVE: frozenset({Role.OWNER, Role.OPERATOR}),
    Permission.GOODS_RECEIVE: frozenset({Role.OWNER, Role.OPERATOR, Role.STAFF}),
    # Who orders does not pay.
    Permission.PAYABLES_WRITE: frozenset({Role.OWNER, Role.ACCOUNTANT}),
    Permission.AGENTS_READ: _OFFICE,
    Permission.AGENTS_DECIDE: frozenset({Role.OWNER, Role.OPERATOR}),
    Permission.AGENTS_EXCEED: frozenset({Role.OWNER}),
    Permission.AGENTS_STOP: frozenset({Role.OWNER, Role.OPERATOR}),
    Permission.AGENTS_RUN: frozenset({Role.OWNER, Role.OPERATOR}),
    Permission.CUSTOMERS_READ: frozenset({Role.OWNER, Role.OPERATOR}),
    Permission.CUSTOMERS_MANAGE: frozenset({Role.OWNER, Role.OPERATOR}),
    Permission.ANALYTICS_READ: _OFFICE,
    Permission.ANALYTICS_HANDLE: frozenset({Role.OWNER, Role.OPERATOR}),
    Permission.CREW_MANAGE: frozenset({Role.OWNER, Role.OPERATOR}),
    Permission.ACTIVITY_READ: frozenset({Role.OWNER, Role.ACCOUNTANT}),
    Permission.USERS_MANAGE: frozenset({Role.OWNER}),
    Permission.SELF: _EVERYBODY,
}
"""Permission to the roles that have it. A permission that is not listed is nobody's."""


def allows(role: str, permission: Permission) -> bool:
    """Whether a role has a permission; a role nobody knows has none."""
    return role in ALLOWED.get(permission, ())
