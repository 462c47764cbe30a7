"""The chart of accounts. Its rows are in the database from the first migration on; a test holds the two together.

Source: the minimum a Japanese company needs for one vending machine with tax-exclusive books. Machine, slot,
product and tender are dimensions of an event, never accounts of their own.
"""

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["asset", "liability", "equity", "revenue", "cost", "expense", "other_income", "other_expense"]


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account."""

    code: str
    name_ja: str
    name_en: str
    kind: Kind
    """Which statement and which part of it; a contra account has the kind it is deducted from."""


CASH: Final = "1001"
BANK: Final = "1010"
CARD_RECEIVABLE: Final = "1020"
GOODS: Final = "1101"
INPUT_TAX: Final = "1150"
CASH_DIFFERENCE: Final = "1160"
PAYABLE: Final = "2001"
OUTPUT_TAX: Final = "2050"
CUSTOMER_DEPOSITS: Final = "2110"
CAPITAL: Final = "3001"
RETAINED_EARNINGS: Final = "3100"
SALES: Final = "4001"
PURCHASES: Final = "5001"
COST_OF_SALES: Final = "5002"
SPOILAGE: Final = "5101"
SHRINKAGE: Final = "5102"
FEES: Final = "6002"
OTHER_INCOME: Final = "7001"
OTHER_LOSSES: Final = "8001"

CHART: Final = (
    AccountRow(CASH, "現金", "Cash", "asset"),
    AccountRow(BANK, "普通預金", "Bank", "asset"),
    AccountRow(CARD_RECEIVABLE, "売掛金(カード)", "Card receivable", "asset"),
    AccountRow(GOODS, "商品", "Merchandise", "asset"),
    AccountRow(INPUT_TAX, "仮払消費税", "Input tax", "asset"),
    AccountRow("1155", "未収還付消費税", "Tax refund receivable", "asset"),
    AccountRow(CASH_DIFFERENCE, "現金過不足", "Cash over and short", "asset"),
    AccountRow("1201", "器具備品", "Equipment", "asset"),
    AccountRow("1209", "減価償却累計額", "Accumulated depreciation", "asset"),
    AccountRow(PAYABLE, "買掛金", "Accounts payable", "liability"),
    AccountRow("2010", "未払金", "Other payables", "liability"),
    AccountRow(OUTPUT_TAX, "仮受消費税", "Output tax", "liability"),
    AccountRow("2060", "未払消費税", "Tax payable", "liability"),
    AccountRow("2101", "契約負債", "Contract liability", "liability"),
    AccountRow(CUSTOMER_DEPOSITS, "お客様預り金", "Owed to customers", "liability"),
    AccountRow(CAPITAL, "資本金", "Capital", "equity"),
    AccountRow(RETAINED_EARNINGS, "繰越利益剰余金", "Retained earnings", "equity"),
    AccountRow(SALES, "売上高", "Sales", "revenue"),
    AccountRow(PURCHASES, "仕入高", "Purchases", "cost"),
    AccountRow(COST_OF_SALES, "売上原価", "Cost of goods sold", "cost"),
    AccountRow(SPOILAGE, "商品廃棄損", "Spoilage", "cost"),
    AccountRow(SHRINKAGE, "棚卸減耗費", "Shrinkage", "cost"),
    AccountRow("6001", "販売費及び一般管理費", "Selling and administrative expenses", "expense"),
    AccountRow(FEES, "支払手数料", "Fees", "expense"),
    AccountRow("6003", "減価償却費", "Depreciation", "expense"),
    AccountRow(OTHER_INCOME, "雑収入", "Other income", "other_income"),
    AccountRow(OTHER_LOSSES, "雑損失", "Other losses", "other_expense"),
)
"""In the order of their codes, which is the order of every report."""

BY_CODE: Final = {row.code: row for row in CHART}
