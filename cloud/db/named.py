"""For migrations: tables whose row numbers are names in the books are not taken away while a name is in use.

`refund:7` books what row 7 of the refunds says, once. Without the table, and with a new one later, the next refund
would be row 1 again: its name is booked already, so it would silently not be booked. So going back stops there.
"""

import sqlalchemy as sa


class StillNamedError(RuntimeError):
    """Entries or movements are named after rows of a table that was to be taken away."""

    def __init__(self, prefix: str, times: int) -> None:
        super().__init__(
            f"{times} entries and movements are named {prefix}…, after rows that an older version does not keep; "
            "new rows would take the same names and would not be booked. Restore a backup that was made before this "
            "version, with `vend restore`; nothing has been changed."
        )


def refuse_while_named(connection: sa.Connection, *prefixes: str) -> None:
    """Stop a downgrade that would give names away a second time.

    Args:
        connection: in the migration's transaction.
        prefixes: how the names begin, with the colon.

    Raises:
        StillNamedError: there are such names.
    """
    for prefix in prefixes:
        found = [
            sa.select(sa.func.count()).select_from(sa.table(table)).where(sa.column("source").startswith(prefix))
            for table in ("journal_entries", "stock_movements")
        ]
        if times := sum(connection.scalar(query) or 0 for query in found):
            raise StillNamedError(prefix, times)
