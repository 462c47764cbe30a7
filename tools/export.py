"""`vend report export`: all books as a file for Beancount or hledger, written beside and renamed when it is whole."""

import asyncio
import sys
from pathlib import Path
from typing import Final

from cloud.accounting.plain_text import FORMATS
from cloud.accounting.plain_text_export import lines
from cloud.db.database import Database, open_database
from cloud.settings import load_settings

CHECKS: Final = {"beancount": "bean-check {}", "hledger": "hledger -f {} check --strict"}


def run_export(form: str, path: Path) -> int:
    """Write the books of DATABASE_URL into `path`.

    Returns:
        1 when there is such a file, or no folder for it; else 0.
    """
    if path.exists() or not path.parent.is_dir():
        why = "it exists" if path.exists() else f"there is no folder {path.parent}"
        print(f"refused: {path}: {why}; name a new file", file=sys.stderr)
        return 1
    database = open_database(load_settings().database_url)
    asyncio.run(_export(database, form, path))
    print(f"{path}: {path.stat().st_size:,} bytes; to check it: {CHECKS[form].format(path)}")
    return 0


async def _export(database: Database, form: str, path: Path) -> None:
    unfinished = path.with_name(f"{path.name}.part")
    try:
        with unfinished.open("w", encoding="utf-8") as target:
            async for part in lines(database, FORMATS[form]):
                target.write(part)
        unfinished.rename(path)
    finally:
        unfinished.unlink(missing_ok=True)
        await database.close()
