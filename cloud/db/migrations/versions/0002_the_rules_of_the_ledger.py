"""The chart of accounts, and the rules of the ledger as triggers: no path into the tables goes around them.

Postings are inserted first (their foreign key to the entry is checked at commit); inserting the entry seals them.
At that moment the entry must balance, have two legs or more, carry the next number and name the hash of the entry
before it. From then on neither the entry nor its postings change, and no leg can be added. The same trigger adds
the legs to the totals per account and per day.
"""
# ruff: noqa: INP001, S608 - Alembic loads these files by path; every statement is built from constants

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

CHART = (
    ("1001", "現金", "Cash", "asset"),
    ("1010", "普通預金", "Bank", "asset"),
    ("1020", "売掛金(カード)", "Card receivable", "asset"),
    ("1101", "商品", "Merchandise", "asset"),
    ("1150", "仮払消費税", "Input tax", "asset"),
    ("1155", "未収還付消費税", "Tax refund receivable", "asset"),
    ("1160", "現金過不足", "Cash over and short", "asset"),
    ("1201", "器具備品", "Equipment", "asset"),
    ("1209", "減価償却累計額", "Accumulated depreciation", "asset"),
    ("2001", "買掛金", "Accounts payable", "liability"),
    ("2010", "未払金", "Other payables", "liability"),
    ("2050", "仮受消費税", "Output tax", "liability"),
    ("2060", "未払消費税", "Tax payable", "liability"),
    ("2101", "契約負債", "Contract liability", "liability"),
    ("2110", "お客様預り金", "Owed to customers", "liability"),
    ("3001", "資本金", "Capital", "equity"),
    ("3100", "繰越利益剰余金", "Retained earnings", "equity"),
    ("4001", "売上高", "Sales", "revenue"),
    ("5001", "仕入高", "Purchases", "cost"),
    ("5002", "売上原価", "Cost of goods sold", "cost"),
    ("5101", "商品廃棄損", "Spoilage", "cost"),
    ("5102", "棚卸減耗費", "Shrinkage", "cost"),
    ("6001", "販売費及び一般管理費", "Selling and administrative expenses", "expense"),
    ("6002", "支払手数料", "Fees", "expense"),
    ("6003", "減価償却費", "Depreciation", "expense"),
    ("7001", "雑収入", "Other income", "other_income"),
    ("8001", "雑損失", "Other losses", "other_expense"),
)

GENESIS = "0" * 64
HASH_BEFORE = (
    "COALESCE((SELECT hash FROM journal_entries WHERE number = NEW.number - 1), "
    f"CASE NEW.number WHEN 1 THEN '{GENESIS}' ELSE '' END)"
)

# SQLite. Each row: what is wrong when the query finds something, and the query.
ENTRY_RULES = (
    ("this number is taken", "SELECT 1 FROM journal_entries WHERE number = NEW.number"),
    ("this source has been posted", "SELECT 1 FROM journal_entries WHERE source = NEW.source"),
    (
        "this entry has been reversed",
        "SELECT 1 FROM journal_entries WHERE NEW.reverses IS NOT NULL AND reverses = NEW.reverses",
    ),
    (
        "an entry names the hash of the entry before it",
        f"SELECT 1 WHERE NEW.previous_hash <> {HASH_BEFORE}",
    ),
    (
        "an entry has two legs or more",
        "SELECT 1 WHERE (SELECT COUNT(*) FROM postings WHERE entry_number = NEW.number) < 2",
    ),
    (
        "the legs of an entry sum to zero",
        "SELECT 1 WHERE (SELECT SUM(amount_minor) FROM postings WHERE entry_number = NEW.number) <> 0",
    ),
)
SEALED = ("the entry is posted; its legs are final", "SELECT 1 FROM journal_entries WHERE number = NEW.entry_number")

DEBIT = "SUM(CASE WHEN amount_minor > 0 THEN amount_minor ELSE 0 END)"
CREDIT = "SUM(CASE WHEN amount_minor < 0 THEN -amount_minor ELSE 0 END)"
ADD_TO_DAYS = f"""
INSERT INTO account_days (account_code, day, debit_minor, credit_minor)
SELECT account_code, NEW.entry_date, {DEBIT}, {CREDIT} FROM postings WHERE entry_number = NEW.number
GROUP BY account_code
ON CONFLICT (account_code, day) DO UPDATE SET
  debit_minor = account_days.debit_minor + excluded.debit_minor,
  credit_minor = account_days.credit_minor + excluded.credit_minor;
"""
ADD_TO_TOTALS = f"""
INSERT INTO account_totals (account_code, debit_minor, credit_minor)
SELECT account_code, {DEBIT}, {CREDIT} FROM postings WHERE entry_number = NEW.number
GROUP BY account_code
ON CONFLICT (account_code) DO UPDATE SET
  debit_minor = account_totals.debit_minor + excluded.debit_minor,
  credit_minor = account_totals.credit_minor + excluded.credit_minor;
"""


class LedgerNotEmptyError(RuntimeError):
    """The rules of books that hold entries are not taken back."""

    def __init__(self, posted: int) -> None:
        super().__init__(
            f"the ledger holds {posted} entries and its rules are not taken back while it does: without them any entry "
            "could be changed unseen. To go back behind 0002, restore a backup that was made before it, or migrate an "
            "empty database and leave this one as it is."
        )


def _sqlite_check(rule: tuple[str, str]) -> str:
    message, query = rule
    return f"SELECT RAISE(ABORT, 'ledger: {message}') WHERE EXISTS ({query});"


def _sqlite() -> None:
    checks = "\n".join(_sqlite_check(rule) for rule in ENTRY_RULES)
    op.execute(f"CREATE TRIGGER ledger_entry_check BEFORE INSERT ON journal_entries BEGIN {checks} END")
    op.execute(
        f"CREATE TRIGGER ledger_entry_totals AFTER INSERT ON journal_entries BEGIN {ADD_TO_DAYS} {ADD_TO_TOTALS} END"
    )
    op.execute(f"CREATE TRIGGER ledger_posting_check BEFORE INSERT ON postings BEGIN {_sqlite_check(SEALED)} END")
    for table in ("journal_entries", "postings"):
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER ledger_{table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'ledger: posted is final; correct it by a reversal'); END"
            )


# PostgreSQL checks and adds up all rows of one INSERT at once: a statement per row would be far slower there, and
# every change of a total within one transaction leaves a dead row behind that the next change has to walk past.
POSTGRESQL_ENTRIES = f"""
IF EXISTS (
  SELECT 1 FROM fresh LEFT JOIN journal_entries AS before ON before.number = fresh.number - 1
  WHERE fresh.previous_hash <> COALESCE(before.hash, CASE fresh.number WHEN 1 THEN '{GENESIS}' ELSE '' END)
) THEN {{refuse}} 'ledger: an entry names the hash of the entry before it'; END IF;
IF EXISTS (
  SELECT 1 FROM fresh LEFT JOIN postings ON entry_number = number GROUP BY number HAVING COUNT(entry_number) < 2
) THEN {{refuse}} 'ledger: an entry has two legs or more'; END IF;
IF EXISTS (
  SELECT 1 FROM fresh JOIN postings ON entry_number = number GROUP BY number HAVING SUM(amount_minor) <> 0
) THEN {{refuse}} 'ledger: the legs of an entry sum to zero'; END IF;
INSERT INTO account_days (account_code, day, debit_minor, credit_minor)
SELECT account_code, entry_date, {DEBIT}, {CREDIT} FROM fresh JOIN postings ON entry_number = number
GROUP BY account_code, entry_date ORDER BY account_code, entry_date
ON CONFLICT (account_code, day) DO UPDATE SET
  debit_minor = account_days.debit_minor + excluded.debit_minor,
  credit_minor = account_days.credit_minor + excluded.credit_minor;
INSERT INTO account_totals (account_code, debit_minor, credit_minor)
SELECT account_code, {DEBIT}, {CREDIT} FROM fresh JOIN postings ON entry_number = number
GROUP BY account_code ORDER BY account_code
ON CONFLICT (account_code) DO UPDATE SET
  debit_minor = account_totals.debit_minor + excluded.debit_minor,
  credit_minor = account_totals.credit_minor + excluded.credit_minor;
RETURN NULL;
"""

# The lock comes first: another transaction might be about to seal the entry these legs are for.
POSTGRESQL_LEGS = """
LOCK TABLE journal_entries IN SHARE ROW EXCLUSIVE MODE;
IF EXISTS (SELECT 1 FROM fresh JOIN journal_entries ON number = entry_number)
THEN {refuse} 'ledger: the entry is posted; its legs are final'; END IF;
RETURN NULL;
"""

POSTGRESQL_FINAL = "{refuse} 'ledger: posted is final; correct it by a reversal';"


def _postgresql_function(name: str, body: str) -> None:
    # An integrity error, as on SQLite: that is what callers look for.
    lines = body.replace("{refuse}", "RAISE integrity_constraint_violation USING MESSAGE =")
    op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {lines} END $$")


def _postgresql() -> None:
    _postgresql_function("ledger_entries_sealed", POSTGRESQL_ENTRIES)
    _postgresql_function("ledger_legs_added", POSTGRESQL_LEGS)
    _postgresql_function("ledger_final", POSTGRESQL_FINAL)
    for name, table in (("ledger_entries_sealed", "journal_entries"), ("ledger_legs_added", "postings")):
        op.execute(
            f"CREATE TRIGGER {name} AFTER INSERT ON {table} REFERENCING NEW TABLE AS fresh "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
        )
    for table in ("journal_entries", "postings"):
        op.execute(
            f"CREATE TRIGGER ledger_{table}_final BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION ledger_final()"
        )


def upgrade() -> None:
    """Fill the chart, set the rules."""
    accounts = sa.table("accounts", *(sa.column(name, sa.String()) for name in ("code", "name_ja", "name_en", "kind")))
    columns = ("code", "name_ja", "name_en", "kind")
    op.bulk_insert(accounts, [dict(zip(columns, row, strict=True)) for row in CHART])
    (_postgresql if op.get_bind().dialect.name == "postgresql" else _sqlite)()


def downgrade() -> None:
    """Take the rules and the chart away, as long as nothing is posted.

    Raises:
        LedgerNotEmptyError: books without their rules are worth nothing: anything could be written into them.
    """
    connection = op.get_bind()
    posted = connection.scalar(sa.text("SELECT COUNT(*) FROM journal_entries"))
    if posted:
        raise LedgerNotEmptyError(posted)
    if connection.dialect.name == "postgresql":
        for table in ("journal_entries", "postings"):
            op.execute(f"DROP TRIGGER ledger_{table}_final ON {table}")
        op.execute("DROP TRIGGER ledger_entries_sealed ON journal_entries")
        op.execute("DROP TRIGGER ledger_legs_added ON postings")
        for name in ("ledger_entries_sealed", "ledger_legs_added", "ledger_final"):
            op.execute(f"DROP FUNCTION {name}()")
    else:
        for name in ("entry_check", "entry_totals", "posting_check"):
            op.execute(f"DROP TRIGGER ledger_{name}")
        for table in ("journal_entries", "postings"):
            for verb in ("update", "delete"):
                op.execute(f"DROP TRIGGER ledger_{table}_no_{verb}")
    op.execute("DELETE FROM accounts")
