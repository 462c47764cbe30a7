"""A conversation with the clerk: one run per message, stored as it goes, and an answer in any case.

What the clerk says is a call like any other: the guard looks at it before the customer does. When the model is slow,
gone or rambling, the loop's rules answer; when even they cannot, the customer is told so and can still buy.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError

from cloud.agents.agent import Agent, Occasion
from cloud.agents.customer import words as say
from cloud.agents.customer.insights import Insights, insights
from cloud.agents.customer.tools import say_tool
from cloud.agents.customer.understanding import Language, language_of, understand
from cloud.agents.decisions import service as decisions
from cloud.agents.decisions.desk import Run
from cloud.agents.guard.limits import Limits
from cloud.agents.guard.screening import screen
from cloud.agents.mind import Hears, Reply, Told, Turn
from cloud.agents.tools import Answer, AnyTool, Call
from cloud.conversations.schemas import InsightsBody, Message, SessionHead
from cloud.conversations.service import ConversationError, Conversations
from cloud.db.database import Database
from cloud.kit.clock import Clock
from cloud.phone.speaker import Speaker

log = structlog.get_logger()

MOST_CHARS: Final = 500
"""Of one message of a customer."""
REMEMBERED: Final = 12
"""Messages of this conversation that the clerk reads again."""
RESUMED: Final = timedelta(hours=2)
"""So long after its beginning a conversation goes on when the customer comes back."""


class Finished(Protocol):
    """What a run came to, as far as a chat needs it."""

    @property
    def run_id(self) -> str:
        """Of the run."""

    @property
    def text(self) -> str:
        """What it said last."""

    @property
    def outcome(self) -> str:
        """done, failed or cancelled."""

    @property
    def mind(self) -> str:
        """Who ended it."""

    @property
    def fell_back(self) -> bool:
        """The rules took over."""


class Runs(Protocol):
    """The loop."""

    async def run(
        self,
        agent: Agent,
        occasion: Occasion,
        words: str = "",
        hears: Hears | None = None,
        earlier: Sequence[Turn] = (),
    ) -> Finished:
        """See `cloud/agents/loop`."""


class CarriesOut(Protocol):
    """The desk."""

    limits: Limits

    async def carry_out(self, run: Run, call: Call, tools: Sequence[AnyTool], *, outside_seen: bool) -> Answer:
        """See `cloud/agents/decisions/desk.py`."""


class BusyError(Exception):
    """The clerk has not answered the message before."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A customer at a machine, in one conversation."""

    customer_id: str
    machine_id: str
    session_id: str
    language: Language = "ja"


@dataclass(frozen=True, slots=True)
class Spoken:
    """The clerk's answer."""

    content: str
    insights: Insights
    is_safe_default: bool
    """Nobody could answer in time; `content` says so."""

    def to_json(self) -> dict[str, Any]:
        """As it goes over the wire."""
        return {"content": self.content, "insights": self.insights.to_json()} | {
            "suggested_actions": list(self.insights.suggested),
            "is_safe_default": self.is_safe_default,
        }


class Chat:
    """All conversations with the clerk."""

    def __init__(  # noqa: PLR0913 - what a conversation needs, each named
        self,
        database: Database,
        clerk: Agent,
        runs: Runs,
        desk: CarriesOut,
        conversations: Conversations,
        *,
        timezone: str,
        clock: Clock,
        answer_time_s: float = 20.0,
    ) -> None:
        """Put together.

        Args:
            database: says whether a person has stopped the clerk.
            clerk: the agent that answers.
            runs: lets it work.
            desk: judges what it says.
            conversations: keep what was said.
            timezone: of the house.
            clock: now, ms since 1970 UTC.
            answer_time_s: after that the customer is told that there is no answer now.
        """
        self._database = database
        self.clerk = clerk
        self.desk = desk
        self._runs = runs
        self._conversations = conversations
        self._timezone = timezone
        self._clock = clock
        self._answer_time_s = answer_time_s
        self._busy: set[str] = set()

    async def come(self, customer_id: str, machine_id: str, language: Language) -> Visit:
        """Go on with this customer's conversation at this machine, or begin one."""
        head = await self._going_on(customer_id, machine_id)
        if head is not None:
            return Visit(customer_id, machine_id, head.session_id, language)
        made = await self._conversations.begin(customer_id, machine_id, self._clock(), {"language": language})
        return Visit(customer_id, machine_id, made.session_id, language)

    async def said(self, customer_id: str, machine_id: str) -> list[Message]:
        """What was said in the conversation that `come` would go on with; nothing when it would begin one."""
        head = await self._going_on(customer_id, machine_id)
        if head is None:
            return []
        return (await self._conversations.session(head.session_id, customer_id, limit=REMEMBERED)).messages

    async def _going_on(self, customer_id: str, machine_id: str) -> SessionHead | None:
        """Their newest conversation, when it was begun at this machine, not long ago, and is not over."""
        for head in await self._conversations.history(customer_id, limit=1):
            age_ms = self._clock() - int(head.start_time.timestamp() * 1000)
            is_same = head.machine_id == machine_id and head.end_time is None
            if is_same and age_ms < RESUMED // timedelta(milliseconds=1):
                return head
        return None

    async def say(self, visit: Visit, words: str, hears: Hears | None = None) -> Spoken:
        """Answer one message.

        Args:
            visit: who, where, in which conversation.
            words: at most `MOST_CHARS`; empty lets the clerk begin.
            hears: gets the answer sentence by sentence; the answer itself is what holds.

        Raises:
            BusyError: it is still answering the one before.
            ConversationError: the conversation is full, or over.
        """
        if visit.session_id in self._busy:
            raise BusyError
        self._busy.add(visit.session_id)
        try:
            return await self._answer(visit, words, hears)
        finally:
            self._busy.discard(visit.session_id)

    async def _answer(self, visit: Visit, words: str, hears: Hears | None) -> Spoken:
        session = await self._conversations.session(visit.session_id, visit.customer_id, limit=REMEMBERED)
        if words:
            await self._keep(visit, words)
        language = language_of(words, visit.language)
        text, metadata = await self._in_time(visit, words, language, turns_of(session.messages), hears)
        told = insights(understand(words, ()).intent, 1 + sum(row.role == "user" for row in session.messages))
        await self._conversations.say(visit.session_id, "assistant", text, self._clock(), metadata)
        body = InsightsBody(ai_insights=told.to_json(), tags=[told.intent])
        await self._conversations.note(visit.session_id, body)
        return Spoken(text, told, is_safe_default=bool(metadata.get("is_safe_default")))

    async def _keep(self, visit: Visit, words: str) -> None:
        """Keep what the customer says; a conversation that is full ends, so that they can begin another one."""
        try:
            await self._conversations.say(visit.session_id, "user", words, self._clock())
        except ConversationError as error:
            if error.code == "too_many":
                await self._conversations.end(visit.session_id, self._clock())
            raise

    async def _in_time(
        self, visit: Visit, words: str, language: Language, earlier: Sequence[Turn], hears: Hears | None
    ) -> tuple[str, dict[str, Any]]:
        """The text for the customer, and where it came from."""
        try:
            async with asyncio.timeout(self._answer_time_s):
                return await self._run(visit, words, language, earlier, hears)
        except TimeoutError:
            log.warning("the clerk was too slow", conversation=visit.session_id)
        except SQLAlchemyError as error:
            log.warning("the clerk could not reach the database", reason=type(error).__name__)
        return say.text(language, "sorry.slow"), {"is_safe_default": True}

    async def _run(
        self, visit: Visit, words: str, language: Language, earlier: Sequence[Turn], hears: Hears | None
    ) -> tuple[str, dict[str, Any]]:
        occasion = Occasion(
            "customer",
            self._clock(),
            self._timezone,
            machine_id=visit.machine_id,
            customer_id=visit.customer_id,
            conversation_id=visit.session_id,
        )
        async with self._database.read() as db_session:
            if await decisions.stopped(db_session, "customer") is not None:
                return say.text(language, "sorry.slow"), {"is_safe_default": True, "stopped": True}
        speaker = Speaker(self._may_leave, hears) if hears else None
        finished = await self._runs.run(self.clerk, occasion, words, speaker, earlier)
        origin = {"run_id": finished.run_id, "mind": finished.mind, "fell_back": finished.fell_back}
        if finished.outcome != "done" or not finished.text.strip():
            return say.text(language, "sorry.slow"), origin | {"is_safe_default": True}
        run = Run(
            f"{finished.run_id}-say"[:64],
            "customer",
            "customer",
            visit.machine_id,
            visit.customer_id,
            visit.session_id,
            finished.mind,
        )
        call = Call("say", "say", {"text": finished.text.strip()[:4_000]})
        answer = await self.desk.carry_out(run, call, (say_tool(),), outside_seen=False)
        if answer.content.get("outcome") != "done":
            return say.text(language, "sorry.withheld"), origin | {"withheld": True}
        return finished.text.strip()[:4_000], origin

    def _may_leave(self, text: str) -> bool:
        limits = self.desk.limits
        return not screen(text, hosts=limits.payment_hosts, contacts=limits.public_contacts)


def turns_of(messages: Sequence[Message]) -> list[Turn]:
    """A conversation as turns of a run: it begins with the customer."""
    turns: list[Turn] = []
    for row in messages:
        if row.role == "user":
            turns.append(Told(words=row.content))
        elif row.role == "assistant" and turns:
            turns.append(Reply(row.content))
    return turns
