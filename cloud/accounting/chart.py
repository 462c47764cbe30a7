"""The chart of accounts. Migrations put its rows into the database; a test holds the two together.

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
OTHER_RECEIVABLES: Final = "1030"
TAX_REFUND: Final = "1155"
CASH_DIFFERENCE: Final = "1160"
EQUIPMENT: Final = "1201"
ACCUMULATED_DEPRECIATION: Final = "1209"
PAYABLE: Final = "2001"
OTHER_PAYABLES: Final = "2010"
OUTPUT_TAX: Final = "2050"
TAX_PAYABLE: Final = "2060"
INCOME_TAX_PAYABLE: Final = "2070"
CONTRACT_LIABILITY: Final = "2101"
CUSTOMER_DEPOSITS: Final = "2110"
CAPITAL: Final = "3001"
RETAINED_EARNINGS: Final = "3100"
SALES: Final = "4001"
PURCHASES: Final = "5001"
COST_OF_SALES: Final = "5002"
SPOILAGE: Final = "5101"
SHRINKAGE: Final = "5102"
GENERAL_EXPENSES: Final = "6001"
FEES: Final = "6002"
DEPRECIATION: Final = "6003"
ADVERTISING: Final = "6012"
BAD_DEBTS: Final = "6014"
OTHER_INCOME: Final = "7001"
OTHER_LOSSES: Final = "8001"
DISPOSAL_LOSS: Final = "8101"
INCOME_TAX: Final = "8201"
SPECIAL_LOSSES: Final = (DISPOSAL_LOSS,)
"""特別損失: below 経常利益."""
INCOME_TAXES: Final = (INCOME_TAX,)
"""Below 税引前当期純利益."""

OWED_TO_OTHERS: Final = (PAYABLE, OTHER_PAYABLES)
"""Debts kept by whom they are owed to: who was paid too much, or took something back, owes us (未収入金)."""

CHART: Final = (
    AccountRow(CASH, "現金", "Cash", "asset"),
    AccountRow(BANK, "普通預金", "Bank", "asset"),
    AccountRow(CARD_RECEIVABLE, "売掛金(カード)", "Card receivable", "asset"),
    AccountRow(OTHER_RECEIVABLES, "未収入金", "Other receivables", "asset"),
    AccountRow(GOODS, "商品", "Merchandise", "asset"),
    AccountRow(INPUT_TAX, "仮払消費税", "Input tax", "asset"),
    AccountRow(TAX_REFUND, "未収還付消費税", "Tax refund receivable", "asset"),
    AccountRow(CASH_DIFFERENCE, "現金過不足", "Cash over and short", "asset"),
    AccountRow(EQUIPMENT, "器具備品", "Equipment", "asset"),
    AccountRow(ACCUMULATED_DEPRECIATION, "減価償却累計額", "Accumulated depreciation", "asset"),
    AccountRow(PAYABLE, "買掛金", "Accounts payable", "liability"),
    AccountRow(OTHER_PAYABLES, "未払金", "Other payables", "liability"),
    AccountRow(OUTPUT_TAX, "仮受消費税", "Output tax", "liability"),
    AccountRow(TAX_PAYABLE, "未払消費税", "Tax payable", "liability"),
    AccountRow(INCOME_TAX_PAYABLE, "未払法人税等", "Income taxes payable", "liability"),
    AccountRow(CONTRACT_LIABILITY, "契約負債", "Contract liability", "liability"),
    AccountRow(CUSTOMER_DEPOSITS, "お客様預り金", "Owed to customers", "liability"),
    AccountRow(CAPITAL, "資本金", "Capital", "equity"),
    AccountRow(RETAINED_EARNINGS, "繰越利益剰余金", "Retained earnings", "equity"),
    AccountRow(SALES, "売上高", "Sales", "revenue"),
    AccountRow(PURCHASES, "仕入高", "Purchases", "cost"),
    AccountRow(COST_OF_SALES, "売上原価", "Cost of goods sold", "cost"),
    AccountRow(SPOILAGE, "商品廃棄損", "Spoilage", "cost"),
    AccountRow(SHRINKAGE, "棚卸減耗費", "Shrinkage", "cost"),
    AccountRow(GENERAL_EXPENSES, "販売費及び一般管理費", "Selling and administrative expenses", "expense"),
    AccountRow(FEES, "支払手数料", "Fees", "expense"),
    AccountRow(DEPRECIATION, "減価償却費", "Depreciation", "expense"),
    AccountRow("6004", "地代家賃", "Rent", "expense"),
    AccountRow("6005", "水道光熱費", "Utilities", "expense"),
    AccountRow("6006", "販売手数料", "Commissions to site owners", "expense"),
    AccountRow("6007", "修繕費", "Repairs", "expense"),
    AccountRow("6008", "消耗品費", "Supplies", "expense"),
    AccountRow("6009", "租税公課", "Taxes and dues", "expense"),
    AccountRow("6010", "通信費", "Communication", "expense"),
    AccountRow("6011", "旅費交通費", "Travel and transport", "expense"),
    AccountRow(ADVERTISING, "広告宣伝費", "Advertising", "expense"),
    AccountRow("6013", "福利厚生費", "Welfare", "expense"),
    AccountRow(BAD_DEBTS, "貸倒損失", "Bad debts", "expense"),
    AccountRow(OTHER_INCOME, "雑収入", "Other income", "other_income"),
    AccountRow(OTHER_LOSSES, "雑損失", "Other losses", "other_expense"),
    AccountRow(DISPOSAL_LOSS, "固定資産除却損", "Loss on disposal of equipment", "other_expense"),
    AccountRow(INCOME_TAX, "法人税等", "Income taxes", "other_expense"),
)
"""In the order of their codes, which is the order of every report."""

BY_CODE: Final = {row.code: row for row in CHART}
