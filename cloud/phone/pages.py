"""`/m/{machine}`: the customer's phone page. Public; a customer is known by a cookie, see `guests.py`.

Everything works as plain forms; the script makes it live.
"""

import re
import secrets
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from fastapi.templating import Jinja2Templates
from pydantic import BaseModel, Field
from sqlalchemy.exc import OperationalError

from cloud.agents.customer.shelf import Shelf, shelf
from cloud.agents.customer.understanding import Language, code_in
from cloud.commands.rules import CannotOrderError
from cloud.commands.service import MachineOfflineError, PaymentUsedError
from cloud.conversations.schemas import Message
from cloud.conversations.service import ConversationError
from cloud.customers import credit
from cloud.db.database import Database
from cloud.identity.access import is_same_origin
from cloud.kit.http import ProblemError
from cloud.machines.service import NoSuchMachineError
from cloud.phone import reports
from cloud.phone.chat import MOST_CHARS, BusyError, Chat, Visit
from cloud.phone.counter import Counter
from cloud.phone.guests import Caller, caller_of, remember
from cloud.phone.views import FIRST, TEXTS, language_from, script_texts, shelf_view

HERE: Final = Path(__file__).parent
templates: Final = Jinja2Templates(directory=HERE / "templates")
router = APIRouter(prefix="/m", include_in_schema=False)

_FORM_ID: Final = re.compile(r"^[0-9a-f]{32}$")


class NoPageError(Exception):
    """No machine of that name: said on a page."""

    def __init__(self, machine_id: str, language: Language) -> None:
        self.machine_id = machine_id
        self.language = language
        super().__init__(machine_id)


class Phone:
    """One request of a phone."""

    def __init__(self, request: Request, lang: Annotated[str | None, Query(max_length=8)] = None) -> None:
        state = request.app.state
        self.request = request
        self.database: Database = state.database
        self.chat: Chat = state.chat
        self.counter: Counter = state.phone_counter
        self.now_ms: int = state.clock()
        self.caller: Caller = caller_of(request)
        self.language = language_from(lang, request.headers.get("accept-language", ""))

    async def shelf(self, machine_id: str) -> Shelf:
        """What the machine offers.

        Raises:
            NoPageError: there is no such machine.
        """
        try:
            async with self.database.read() as db_session:
                return await shelf(db_session, machine_id)
        except NoSuchMachineError as error:
            raise NoPageError(machine_id[:40], self.language) from error

    def check(self, what: str) -> str:
        """Whether a form may be taken: empty, or the refusal in the customer's language.

        Raises:
            ProblemError: another site's page sent it.
        """
        if not is_same_origin(self.request):
            raise ProblemError(403, "wrong_origin", "Another site's page must not do this.")
        is_allowed = self.counter.allows(what, self.caller, self.now_ms)
        return "" if is_allowed else TEXTS.text(self.language, "refused.rate")

    async def visit(self, machine_id: str) -> Visit:
        """The customer's conversation at this machine."""
        return await self.chat.come(self.caller.customer_id, machine_id, self.language)


PhoneDep = Annotated[Phone, Depends()]


async def missing(request: Request, error: Exception) -> Response:
    """Say that there is no such machine."""
    assert isinstance(error, NoPageError)  # noqa: S101 - registered for this class only
    context = {"t": partial(TEXTS.text, error.language), "language": error.language, "machine_id": error.machine_id}
    return templates.TemplateResponse(request, "missing.html", context, status_code=404)


@router.get("/{machine_id}")
async def page(machine_id: str, phone: PhoneDep) -> Response:
    """The page."""
    return await _show(phone, machine_id)


@router.get("/{machine_id}/shelf")
async def shelf_part(machine_id: str, phone: PhoneDep) -> Response:
    """The part of the page that changes."""
    found = await phone.shelf(machine_id)
    context = shelf_view(found, phone.language, phone.now_ms) | {"t": partial(TEXTS.text, phone.language)}
    return templates.TemplateResponse(phone.request, "shelf.html", context, headers={"Cache-Control": "no-store"})


@router.post("/{machine_id}/say")
async def say(
    machine_id: str,
    phone: PhoneDep,
    words: Annotated[str, Form(max_length=10_000)] = "",
    ask: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """A message to the clerk, without the script."""
    await phone.shelf(machine_id)
    said = (ask or words).strip()
    if refused := phone.check("say") or _unsayable(said, phone.language):
        return await _show(phone, machine_id, refused={"say": refused}, form={"words": words})
    try:
        await phone.chat.say(await phone.visit(machine_id), said)
    except (BusyError, ConversationError, OperationalError) as error:
        return await _show(phone, machine_id, refused={"say": why_not(error, phone.language)}, form={"words": words})
    return await _show(phone, machine_id)


def _unsayable(words: str, language: Language) -> str:
    if not words:
        return TEXTS.text(language, "refused.empty")
    return TEXTS.text(language, "refused.long", most=MOST_CHARS) if len(words) > MOST_CHARS else ""


def why_not(error: Exception, language: Language) -> str:
    """Why the clerk does not answer, for the customer."""
    return TEXTS.text(language, "refused.busy" if isinstance(error, BusyError) else "refused.failed")


class ReportForm(BaseModel):
    """A complaint, as typed: what cannot be read is said beside the form."""

    kind: reports.Kind
    form_id: Annotated[str, Field(max_length=32)] = ""
    slot: Annotated[str, Field(max_length=4)] = ""
    minutes_ago: Annotated[str, Field(max_length=6)] = ""
    code: Annotated[str, Field(max_length=20)] = ""
    details: Annotated[str, Field(max_length=10_000)] = ""


@router.post("/{machine_id}/report")
async def report(machine_id: str, phone: PhoneDep, form: Annotated[ReportForm, Form()]) -> Response:
    """A complaint."""
    found = await phone.shelf(machine_id)
    typed = form.model_dump(exclude={"form_id"})
    refused = phone.check("report") or _unreportable(form, found, phone.language)
    if refused:
        return await _show(phone, machine_id, refused={"report": refused}, form=typed)
    arguments: dict[str, Any] = {"kind": form.kind, "slot": form.slot, "code": code_in(form.code)}
    arguments["details"] = form.details
    if form.minutes_ago.strip():
        arguments["minutes_ago"] = int(form.minutes_ago)
    text = await reports.report(phone.chat, await phone.visit(machine_id), _named(form.form_id), arguments)
    return await _show(phone, machine_id, answer={"report": text})


def _unreportable(form: ReportForm, found: Shelf, language: Language) -> str:
    if form.slot and found.at(form.slot) is None:
        return TEXTS.text(language, "refused.slot")
    if form.code.strip() and not code_in(form.code):
        return TEXTS.text(language, "claim.invalid")
    minutes = form.minutes_ago.strip()
    if minutes and not (minutes.isascii() and minutes.isdigit() and int(minutes) <= reports.MOST_MINUTES):
        return TEXTS.text(language, "refused.minutes", most=reports.MOST_MINUTES)
    if len(form.details) > MOST_CHARS:
        return TEXTS.text(language, "refused.long", most=MOST_CHARS)
    return ""


def _named(form_id: str) -> str:
    """A form carried out once has a name of its own; without one each time is the first."""
    return form_id if _FORM_ID.match(form_id) else secrets.token_hex(16)


@router.post("/{machine_id}/claim")
async def claim(machine_id: str, phone: PhoneDep, code: Annotated[str, Form(max_length=20)] = "") -> Response:
    """What became of the money behind a number."""
    await phone.shelf(machine_id)
    read = code_in(code)
    refused = phone.check("claim") or ("" if read else TEXTS.text(phone.language, "claim.invalid"))
    if refused:
        return await _show(phone, machine_id, refused={"claim": refused}, form={"claim": code})
    text = await reports.claim(phone.chat, await phone.visit(machine_id), secrets.token_hex(16), read)
    return await _show(phone, machine_id, answer={"claim": text}, form={"claim": read})


_WANTED: Final = re.compile(r"^([A-Z0-9]{1,4}):([0-9]{1,7}):([a-z0-9][a-z0-9-]{0,63})$")
"""What the form names: slot, price, product, as they were shown."""


@router.post("/{machine_id}/credit")
async def buy_with_credit(
    machine_id: str,
    phone: PhoneDep,
    wanted: Annotated[str, Form(max_length=80)] = "",
    form_id: Annotated[str, Form(max_length=32)] = "",
) -> Response:
    """A unit for the customer's own credit. The same form again changes nothing."""
    found = await phone.shelf(machine_id)
    refused = phone.check("credit")
    read = _WANTED.match(wanted)
    good = found.at(read[1]) if read else None
    if not refused and (read is None or good is None or phone.caller.is_new):
        refused = TEXTS.text(phone.language, "refused.credit_goods")
    if refused or read is None or good is None:
        return await _show(phone, machine_id, refused={"credit": refused})
    try:
        async with phone.database.write() as db_session:
            unit = credit.Wanted(read[1], read[3], int(read[2]))
            who, now_ms = phone.caller.customer_id, phone.now_ms
            await credit.buy(db_session, who, machine_id, unit, _named(form_id), now_ms)
    except PaymentUsedError:
        pass  # the button was pressed twice
    except tuple(_NOT_BOUGHT) as error:
        return await _show(phone, machine_id, refused={"credit": TEXTS.text(phone.language, _NOT_BOUGHT[type(error)])})
    text = TEXTS.text(phone.language, "credit.sent", name=good.name(phone.language))
    return await _show(phone, machine_id, answer={"credit": text})


_NOT_BOUGHT: Final[dict[type[Exception], str]] = {
    credit.CreditShortError: "refused.credit",
    CannotOrderError: "refused.credit_goods",
    MachineOfflineError: "refused.credit_offline",
}


async def _show(
    phone: Phone,
    machine_id: str,
    *,
    refused: dict[str, str] | None = None,
    answer: dict[str, str] | None = None,
    form: dict[str, str] | None = None,
) -> Response:
    """The whole page; what was refused stands beside its form, which keeps what was typed."""
    found = await phone.shelf(machine_id)
    said = [] if phone.caller.is_new else await phone.chat.said(phone.caller.customer_id, machine_id)
    language = phone.language
    async with phone.database.read() as db_session:
        own = await credit.credit(db_session, "" if phone.caller.is_new else phone.caller.customer_id, phone.now_ms)
    view = shelf_view(found, language, phone.now_ms)
    context = view | {
        "credit": own,
        "affordable": [row for row in view["goods"] if row["state"] == "available" and row["price"] <= own.free],
        "t": partial(TEXTS.text, language),
        "language": language,
        "other": "en" if language == "ja" else "ja",
        "machine_id": machine_id,
        "name": found.machine.name,
        "place": found.machine.place,
        "lines": [{"who": _who(row), "text": row.content} for row in said],
        "suggested": FIRST,
        "kinds": reports.KINDS,
        "most": MOST_CHARS,
        "form_id": secrets.token_hex(16),
        "refused": refused or {},
        "answer": answer or {},
        "form": form or {},
        "script_texts": script_texts(language),
    }
    status = 422 if refused else 200
    headers = {"Cache-Control": "no-store", "Content-Language": language}
    response: HTMLResponse = templates.TemplateResponse(
        phone.request, "phone.html", context, status_code=status, headers=headers
    )
    remember(phone.request, response, phone.caller)
    return response


def _who(row: Message) -> str:
    return "you" if row.role == "user" else "clerk"
