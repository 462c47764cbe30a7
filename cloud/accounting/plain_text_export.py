"""All books as the text of another program, a page of entries at a time. Reads only.

Entries never change and their numbers have no gaps, so each page is a short read of its own: books of any size need
little memory, and whoever saves the file slowly holds no transaction open. What is posted meanwhile is left out.
"""

from collections.abc import AsyncIterator
from typing import Final

from cloud.accounting import service
from cloud.accounting.plain_text import Format
from cloud.db.database import Database

ENTRIES_PER_READ: Final = 1000


async def lines(database: Database, form: Format) -> AsyncIterator[str]:
    """The file, in parts.

    Args:
        database: with the books.
        form: whose spelling (`plain_text.FORMATS`).
    """
    async with database.read() as db_session:
        books = await service.books(db_session)
    yield "".join(form.heading(books))
    done = 0
    while done < books.head_number:
        upto = min(done + ENTRIES_PER_READ, books.head_number)
        async with database.read() as db_session:
            page = await service.entries_between(db_session, done + 1, upto)
        yield "".join(form.entry(entry) for entry in page)
        done = upto
    yield "".join(form.ending(books))
