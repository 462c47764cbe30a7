"""What a customer sends by a form instead of telling the clerk: a complaint, or the question about a number.

The same tools through the same desk: a form is no other way in.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal

from cloud.agents.customer import words as say
from cloud.agents.decisions.desk import Run
from cloud.agents.tools import Answer, Call
from cloud.phone.chat import Chat, Visit

Kind = Literal["not_delivered", "change", "card", "quality", "other"]
KINDS: Final[tuple[Kind, ...]] = ("not_delivered", "change", "card", "quality", "other")
MOST_MINUTES: Final = 20_160
"""Two weeks."""
_MAY_BE_REFUNDED: Final = {"not_delivered", "card"}


async def report(chat: Chat, visit: Visit, form_id: str, arguments: Mapping[str, Any]) -> str:
    """Take a complaint, and refund what the machine's records say is owed.

    Args:
        chat: has the desk and the tools.
        visit: who, where.
        form_id: the form's own number: sent twice, it is carried out once.
        arguments: as `ReportProblem` takes them.

    Returns:
        The answer in the customer's language.
    """
    told = await _ask(chat, visit, form_id, "report_problem", arguments)
    if told.content.get("outcome") != "done":
        return say.text(visit.language, "person.not")
    found = told.content.get("result") or {}
    care = say.text(visit.language, "complaint.safe") if arguments["kind"] == "quality" else ""
    if found.get("refundable_yen") and arguments["kind"] in _MAY_BE_REFUNDED:
        wanted = {name: arguments[name] for name in ("slot", "minutes_ago", "code") if arguments.get(name)}
        answer = await _ask(chat, visit, form_id, "refund_sale", wanted)
        outcome, result = str(answer.content.get("outcome")), answer.content.get("result") or {}
        return say.sentences(visit.language, [care, say.refund(visit.language, outcome, result)])
    return say.sentences(visit.language, [care, say.text(visit.language, "complaint.reported")])


async def claim(chat: Chat, visit: Visit, form_id: str, code: str) -> str:
    """What became of the money behind a code, in the customer's language."""
    answer = await _ask(chat, visit, form_id, "look_up_claim", {"code": code})
    outcome, result = str(answer.content.get("outcome")), answer.content.get("result") or {}
    return say.claim(visit.language, code, outcome, result)


async def _ask(chat: Chat, visit: Visit, form_id: str, tool: str, arguments: Mapping[str, Any]) -> Answer:
    run = Run(
        f"form-{form_id}",
        "customer",
        "customer",
        visit.machine_id,
        visit.customer_id,
        visit.session_id,
        "form",
    )
    call = Call(tool, tool, dict(arguments))
    return await chat.desk.carry_out(run, call, chat.clerk.prompt.tools, outside_seen=False)
