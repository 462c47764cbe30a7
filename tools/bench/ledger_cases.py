"""What a process of this ledger does: `python -m tools.bench.ledger_cases load|ask FILE COUNT` prints JSON.

Each case is a process of its own, so that its peak memory is its own.
"""

import asyncio
import json
import logging
import sys
import time
from itertools import islice
from pathlib import Path
from typing import Final

from cloud.accounting import service
from cloud.accounting.rules import Draft, Leg
from cloud.db.database import open_database
from cloud.db.migrate import upgrade_database
from tools.bench.ledger_journal import MONTH, Row, rows
from tools.bench.ledger_watch import BATCH, Answer, Watch, asked

POSTS: Final = 200
ASKED: Final = 20


async def load(path: Path, count: int) -> Answer:
    """Every entry through the ledger's own door, with all its rules; each transaction waits for the disk."""
    database = open_database(f"sqlite+aiosqlite:///{path}")
    await upgrade_database(database)
    begun, cpu = time.perf_counter(), time.process_time()
    numbered = enumerate(rows(count))
    while part := list(islice(numbered, BATCH)):
        async with database.write() as db_session:
            await service.post(db_session, [_draft(number, row) for number, row in part])
    answer = {"load_s": time.perf_counter() - begun, "load_cpu_s": time.process_time() - cpu}
    await database.close()
    return answer


def _draft(number: int, row: Row) -> Draft:
    legs = (Leg(row.debit.account, row.yen, row.debit.sub), Leg(row.credit.account, -row.yen, row.credit.sub))
    return Draft(f"bench/{number}", row.day, 0, row.what, legs)


async def ask(path: Path, count: int) -> Answer:
    """Post one entry durably and read the trial balance; read a month's profit and loss with the balance sheet."""
    database = open_database(f"sqlite+aiosqlite:///{path}")
    async with database.read() as db_session:
        balances = {row.code: row.debit - row.credit for row in (await service.trial_balance(db_session)).lines}
    posts, months = Watch(), Watch()
    sale = next(islice(rows(2), 1, None))._replace(day=MONTH[1])
    for number in range(POSTS):
        with posts:
            async with database.write() as db_session:
                await service.post(db_session, [_draft(count + number, sale)])
            async with database.read() as db_session:
                await service.trial_balance(db_session)
    for _ in range(ASKED):
        with months:
            async with database.read() as db_session:
                await service.income_statement(db_session, *MONTH)
                await service.balance_sheet(db_session, MONTH[1])
    await database.close()
    return asked(posts, months, balances)


def main() -> None:
    """Do one case."""
    logging.disable(logging.INFO)
    case = {"load": load, "ask": ask}[sys.argv[1]]
    print(json.dumps(asyncio.run(case(Path(sys.argv[2]), int(sys.argv[3])))))


if __name__ == "__main__":
    main()
