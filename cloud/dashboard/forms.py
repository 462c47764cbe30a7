"""Forms that are carried out once, however often their button is pressed.

Every form carries a random name that is new with each page. What was sent under it is claimed in the transaction that
carries it out, so a second press, or a reload that sends again, changes nothing and shows the page. Not responsible for
what a form means.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData, UploadFile

from cloud.dashboard.language import say
from cloud.identity.access import Writer
from cloud.kit import idempotency
from cloud.kit.http import ProblemError
from cloud.kit.idempotency import Name

FIELD: Final = "once"


def beside_fields(error: ValidationError, words: Mapping[str, str], otherwise: str = "") -> dict[str, str]:
    """What a form says beside each field that was refused.

    Args:
        error: of the body that the form was read into; its first-level fields have the names of the form's.
        words: field to what is said there.
        otherwise: what is said beside a field that `words` does not have.

    Raises:
        KeyError: a field was refused that there are no words for, and nothing to say otherwise: a mistake of ours.
    """
    fields = dict.fromkeys(str(item["loc"][0]) for item in error.errors())
    return {field: words.get(field, otherwise) if otherwise else words[field] for field in fields}


async def typed(request: Request) -> dict[str, str]:
    """Field to what was typed there, without the spaces around it; of a field that came several times the last."""
    return {name: str(value).strip() for name, value in (await request.form()).items()}


def words_of(error: ProblemError, words: Mapping[str, str]) -> str:
    """What a page says about a refusal: what it means for people, then what exactly was refused.

    Args:
        error: the refusal.
        words: its code to what it means.

    Raises:
        ProblemError: this very one, when there are no words for it.
    """
    if error.code not in words:
        raise error
    return say("{words} {detail}", words=words[error.code], detail=error.detail).strip()


class FormSentTwiceError(Exception):
    """A form that has been carried out already."""

    def __init__(self, request: Request) -> None:
        referer = urlsplit(request.headers.get("referer", ""))
        self.page = referer.path if referer.path.startswith("/dashboard/") else "/dashboard/"
        super().__init__(f"the form at {request.url.path} was sent twice")


@dataclass(frozen=True, slots=True)
class FormWriter(Writer):
    """A writer whose form is carried out once."""

    once: str
    """Tells this sending from every other; empty where the form has no name of its own."""

    @asynccontextmanager
    async def write(self, **detail: Any) -> AsyncIterator[AsyncSession]:
        """See `Writer.write`.

        Raises:
            FormSentTwiceError: it has been carried out already; nothing was changed now.
        """
        async with Writer.write(self, **detail) as db_session:
            if self.once:
                name = Name(self.user.email, f"form:{self.once}", self.request.url.path)
                if await idempotency.claim(db_session, name, self.now_ms) is not None:
                    raise FormSentTwiceError(self.request)
            yield db_session


def name_of(form: FormData) -> str:
    """What tells this sending from every other: the form's name, and all that was typed.

    The same name with other values, as after the browser's way back, is another sending.
    """
    once = form.get(FIELD)
    if not isinstance(once, str) or not once:
        return ""
    typed = [
        (field, f"{value.filename} {value.size}" if isinstance(value, UploadFile) else value)
        for field, value in form.multi_items()
    ]
    return sha256(repr(typed).encode()).hexdigest()


def once() -> Markup:
    """The hidden field of one form, for its template."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, uuid4().hex)


async def sent_twice(_: Request, error: Exception) -> Response:
    """Show the page: what the form asked for has been done."""
    assert isinstance(error, FormSentTwiceError)  # noqa: S101 - registered for this class only
    return RedirectResponse(error.page, status_code=303)
