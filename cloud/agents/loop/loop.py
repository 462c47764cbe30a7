"""One run of an agent: the situation, then replies and answers in turn, until the mind has no more to say.

Not responsible for what may be done (the desk and the guard) nor for when agents run (`cloud/jobs`). When the model
does not do its work, the rules do it, in a new run from the situation of that moment; nothing done is done again,
because effects are bound to run and call, and what is done is seen in the new situation.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from uuid import uuid4

import structlog

from cloud.agents.agent import Agent, Occasion
from cloud.agents.decisions import service as decisions
from cloud.agents.decisions.desk import Run
from cloud.agents.loop import repository, rules, transcript
from cloud.agents.loop.rules import Rest, Spent, Terms, Watch
from cloud.agents.mind import Hears, Mind, MindError, Reply, Told, Turn, Usage
from cloud.agents.tools import Answer, AnyTool, Call
from cloud.db.database import Database
from cloud.kit.clock import Clock, day_start_ms, system_clock
from cloud.kit.secrecy import Secrecy

log = structlog.get_logger()


class StoppedByPersonError(Exception):
    """Somebody wants the run to end; it ends before its next reply or call."""


class CarriesOut(Protocol):
    """The desk, as the loop needs it."""

    async def carry_out(self, run: Run, call: Call, tools: Sequence[AnyTool], *, outside_seen: bool) -> Answer:
        """See `Desk.carry_out`."""


class Steps(Protocol):
    """Is told what a run does at each moment."""

    async def step(self, what: str, replies: int, most_replies: int) -> None:
        """The next thing begins.

        Raises:
            StoppedByPersonError: it must not.
        """


@dataclass(frozen=True, slots=True)
class Finished:
    """What became of an occasion; of the run that ended it, costs of all its runs together."""

    run_id: str
    text: str
    """What the mind said last."""
    outcome: str
    """done, failed or cancelled."""
    mind: str
    """Who ended it: the model's id, or `rules`."""
    fell_back: bool
    """The rules took over from the model. Words that were heard before are not taken back; `text` replaces them."""
    decisions: tuple[str, ...]
    """Ids in the decision log, those of a run that was given up too."""
    usage: Usage
    cost_yen: int
    """Rounded up."""
    why: str = ""
    """Why it fell back or failed, one word."""
    turns: tuple[Turn, ...] = ()
    """All turns, what was `earlier` too: hand them back as `earlier` when the conversation goes on."""


@dataclass(slots=True)
class _Drive:
    """The state of one run."""

    run: Run
    mind: Mind
    turns: list[Turn]
    text: str = ""
    outcome: str = "done"
    why: str = ""
    detail: str = ""
    kept: int = 0
    """Turns that are in the database."""
    replies: int = 0
    effects: int = 0
    calls: list[Call] = field(default_factory=list)
    beside: tuple[Call, ...] = ()
    """Those of the newest reply."""
    decisions: list[str] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)

    def end(self, outcome: str, why: str = "", detail: str = "") -> None:
        """It ends so."""
        self.outcome, self.why, self.detail = outcome, why, detail[:300]


class Loop:
    """Runs agents. One for all of them; any number of runs at a time."""

    def __init__(
        self,
        database: Database,
        desk: CarriesOut,
        secrecy: Secrecy,
        terms: Terms,
        *,
        timezone: str,
        mind: Mind | None = None,
        clock: Clock = system_clock,
    ) -> None:
        """Work on a database.

        Args:
            database: of the services.
            desk: carries calls out.
            secrecy: seals transcripts.
            terms: budgets, prices, times.
            timezone: whose days the budgets follow.
            mind: the model; without one the rules do everything.
            clock: now, ms since 1970 UTC.
        """
        self._database = database
        self._desk = desk
        self._secrecy = secrecy
        self.terms = terms
        self._timezone = timezone
        self.mind = mind
        self._clock = clock
        self._rest = Rest()

    async def run(
        self,
        agent: Agent,
        occasion: Occasion,
        words: str = "",
        hears: Hears | None = None,
        earlier: Sequence[Turn] = (),
        steps: Steps | None = None,
    ) -> Finished:
        """Let an agent work on an occasion, by the model when it can and by the rules when it cannot.

        Args:
            agent: who.
            occasion: why, where, for whom.
            words: what somebody says to it.
            hears: gets the words of its replies as they come.
            earlier: the turns of the conversation so far.
            steps: is told what it does, and may stop it.

        Raises:
            sqlalchemy.exc.OperationalError: the database is busy or gone; what was done stays done.
        """
        told = _Telling(words, tuple(earlier), hears, steps)
        if self.mind is None:
            return _finished([await self._drive(agent, agent.rules, occasion, told)], self.terms)
        day_ms = day_start_ms(self._clock(), self._timezone)
        async with self._database.read() as db_session:
            spent = Spent(*await repository.spent(db_session, agent.name, day_ms))
        if self.terms.is_spent(spent):
            log.warning("an agent's budget is spent, its rules go on", agent=agent.name)
            by_rules = await self._drive(agent, agent.rules, occasion, told, why="budget")
            return _finished([by_rules], self.terms, fell_back="budget")
        if not self._rest.is_over(self._clock()):
            by_rules = await self._drive(agent, agent.rules, occasion, told, why="resting")
            return _finished([by_rules], self.terms, fell_back="resting")
        shadow = await self._shadow(agent, occasion, told) if self.terms.is_shadowed else None
        by_model = await self._drive(agent, self.mind, occasion, told, spent=spent, shadow=shadow)
        self._rest.failed(by_model.why, self._clock())
        if by_model.outcome != "fell_back":
            return _finished([by_model], self.terms)
        log.warning("the model gives up, the rules go on", agent=agent.name, why=by_model.why, run=by_model.run.run_id)
        follows = by_model.run.run_id
        by_rules = await self._drive(agent, agent.rules, occasion, told, follows=follows, why=by_model.why)
        return _finished([by_model, by_rules], self.terms, fell_back=by_model.why)

    async def _shadow(self, agent: Agent, occasion: Occasion, told: "_Telling") -> _Drive:
        """What the rules would do: judged and written down, never carried out."""
        alone = replace(told, hears=None, steps=None)
        return await self._drive(agent, agent.rules, occasion, alone, why="shadow", is_dry=True)

    async def _drive(
        self,
        agent: Agent,
        mind: Mind,
        occasion: Occasion,
        told: "_Telling",
        **more: Any,
    ) -> _Drive:
        """One run from its first turn to its end."""
        drive = await self._begin(agent, mind, occasion, told, **more)
        watch = Watch(self.terms.most_repeats, self.terms.most_idle)
        spent: Spent | None = more.get("spent")
        try:
            while await self._next(agent, drive, occasion, told, watch):
                if spent is not None and self.terms.is_spent(_with(spent, drive, self.terms)):
                    drive.end("fell_back", "budget", "the day's budget of tokens or yen is used up")
                    break
        except StoppedByPersonError:
            drive.end("cancelled", "stopped", "a person stopped it")
        except MindError as error:
            drive.end("fell_back", error.why, str(error))
            if error.why in rules.LOST and mind is not agent.rules:
                drive.usage = rules.added(drive.usage, rules.lost(agent.prompt, drive.turns))
        if drive.outcome == "fell_back" and mind is agent.rules:
            drive.outcome = "failed"
        await self._end(agent, drive, more.get("shadow"))
        return drive

    async def _begin(self, agent: Agent, mind: Mind, occasion: Occasion, told: "_Telling", **more: Any) -> _Drive:
        async with self._database.read() as db_session:
            situation = await agent.situation(db_session, occasion)
        run = Run(
            run_id=uuid4().hex,
            agent=agent.name,
            channel=occasion.channel,
            machine_id=occasion.machine_id,
            customer_id=occasion.customer_id,
            conversation_id=occasion.conversation_id,
            model=mind.name,
            prompt_hash=rules.prompt_hash(agent.prompt),
            is_dry=bool(more.get("is_dry")),
        )
        drive = _Drive(run, mind, [*told.earlier, Told(situation, told.words)], kept=len(told.earlier))
        async with self._database.write() as db_session:
            await repository.add_run(
                db_session,
                id=run.run_id,
                agent=agent.name,
                channel=run.channel,
                machine_id=run.machine_id,
                customer_id=run.customer_id,
                conversation_id=run.conversation_id,
                task_id=occasion.task_id,
                mind=mind.name[:64],
                prompt_hash=run.prompt_hash,
                is_dry=run.is_dry,
                follows=more.get("follows", ""),
                why=more.get("why", "") if mind is agent.rules else "",
                started_at_ms=self._clock(),
                step="thinking",
            )
            await self._keep_turns(db_session, drive, told)
        return drive

    async def _next(self, agent: Agent, drive: _Drive, occasion: Occasion, told: "_Telling", watch: Watch) -> bool:
        """One reply and what follows from it; False when the run is over.

        Raises:
            MindError: the mind does not do its work.
            StoppedByPersonError: see there.
        """
        if drive.replies >= agent.max_replies:
            raise MindError("rambling", f"it did not end within {agent.max_replies} replies")
        await told.step("thinking", drive.replies, agent.max_replies)
        if drive.mind is not agent.rules:
            await self._check_switch(agent)
        reply = await self._reply(agent, drive, occasion, told.hears)
        drive.replies += 1
        drive.text = reply.text or drive.text
        drive.usage = rules.added(drive.usage, reply.usage)
        drive.turns.append(reply)
        if reply.stop == "tools":
            drive.calls += reply.calls
            drive.beside = reply.calls
            drive.effects += rules.effects(reply.calls, agent.prompt.tools)
        await self._keep(drive, told, step="deciding" if reply.calls else "")
        return await self._follow(agent, drive, reply, told, watch)

    async def _check_switch(self, agent: Agent) -> None:
        """No model is paid for while a person has stopped the agent; the desk would refuse whatever it wants."""
        async with self._database.read() as db_session:
            why = await decisions.stopped(db_session, agent.name)
        if why is not None:
            raise MindError("stopped", f"a person has stopped the agent: {why}")

    async def _reply(self, agent: Agent, drive: _Drive, occasion: Occasion, hears: Hears | None) -> Reply:
        limit_s = self.terms.reply_time_s(occasion)
        try:
            async with asyncio.timeout(limit_s):
                return await drive.mind.reply(agent.prompt, tuple(drive.turns), hears)
        except TimeoutError as error:
            raise MindError("slow", f"no reply within {limit_s:g} s") from error
        except MindError:
            raise
        except Exception as error:
            log.exception("a mind failed", agent=agent.name, mind=drive.mind.name)
            raise MindError("broken", f"the mind itself failed: {type(error).__name__}") from error

    async def _follow(self, agent: Agent, drive: _Drive, reply: Reply, told: "_Telling", watch: Watch) -> bool:
        match reply.stop:
            case "refused":
                raise MindError("refused", "the model refuses to go on")
            case "paused":
                return True
            case "cut_off" if not reply.calls:
                return False
            case "cut_off":
                answers = [_cut_off(call) for call in reply.calls]
            case "tools" if reply.calls:
                answers = [await self._carry_out(agent, drive, call, told) for call in reply.calls]
            case _:
                return False
        drive.turns.append(Told(answers=tuple(answers)))
        drive.decisions += [answer.decision_id for answer in answers if answer.decision_id]
        await self._keep(drive, told, step="thinking")
        # Rules always end, and may be refused all the way.
        if drive.mind is not agent.rules and (why := watch.see(reply.calls, answers)):
            raise MindError("rambling", why)
        return True

    async def _carry_out(self, agent: Agent, drive: _Drive, call: Call, told: "_Telling") -> Answer:
        await told.step(call.name, drive.replies, agent.max_replies)
        tools = agent.prompt.tools
        # A call beside one that reads strangers' text was made before reading it; it is judged as if after.
        is_beside = any(tool.reads_strangers and tool.name == other.name for tool in tools for other in drive.beside)
        seen = is_beside or rules.reads_strangers(drive.turns, tools)
        return await self._desk.carry_out(drive.run, call, tools, outside_seen=seen)

    async def _keep(self, drive: _Drive, told: "_Telling", step: str) -> None:
        """Write the new turns and where the run stands, before anything follows from them."""
        async with self._database.write() as db_session:
            await self._keep_turns(db_session, drive, told)
            await repository.change_run(db_session, drive.run.run_id, step=step, **self._figures(drive))

    async def _keep_turns(self, db_session: Any, drive: _Drive, told: "_Telling") -> None:
        first = len(told.earlier)
        for index in range(drive.kept, len(drive.turns)):
            turn, number = drive.turns[index], index - first + 1
            await repository.add_turn(
                db_session,
                run_id=drive.run.run_id,
                number=number,
                kind=transcript.kind_of(turn),
                at_ms=self._clock(),
                sealed=transcript.sealed(self._secrecy, drive.run.run_id, number, turn),
            )
        drive.kept = len(drive.turns)

    def _figures(self, drive: _Drive) -> dict[str, Any]:
        return {
            "replies": drive.replies,
            "calls": len(drive.calls),
            "effects": drive.effects,
            "input_tokens": drive.usage.input_tokens,
            "output_tokens": drive.usage.output_tokens,
            "cache_write_tokens": drive.usage.cache_write_tokens,
            "cache_read_tokens": drive.usage.cache_read_tokens,
            "microyen": self.terms.prices.microyen(drive.usage),
        }

    async def _end(self, agent: Agent, drive: _Drive, shadow: _Drive | None) -> None:
        values = self._figures(drive) | {
            "outcome": drive.outcome,
            "detail": drive.detail,
            "step": "",
            "ended_at_ms": self._clock(),
        }
        if drive.why:
            values["why"] = drive.why
        async with self._database.write() as db_session:
            if shadow is not None:
                values["difference"] = rules.difference(drive.calls, shadow.calls, agent.prompt.tools)
                await repository.change_run(db_session, shadow.run.run_id, follows=drive.run.run_id)
            await repository.change_run(db_session, drive.run.run_id, **values)


@dataclass(frozen=True, slots=True)
class _Telling:
    """What all runs of one occasion have in common."""

    words: str
    earlier: tuple[Turn, ...]
    hears: Hears | None
    steps: Steps | None

    async def step(self, what: str, replies: int, most_replies: int) -> None:
        if self.steps is not None:
            await self.steps.step(what, replies, most_replies)


def _cut_off(call: Call) -> Answer:
    content = {"outcome": "failed", "why": "The call was cut off and not carried out. Make it again, shorter."}
    return Answer(call.id, content, is_error=True)


def _with(spent: Spent, drive: _Drive, terms: Terms) -> Spent:
    return spent.plus(drive.usage, terms.prices)


def _finished(drives: Sequence[_Drive], terms: Terms, fell_back: str = "") -> Finished:
    last = drives[-1]
    usage = Usage()
    for drive in drives:
        usage = rules.added(usage, drive.usage)
    return Finished(
        run_id=last.run.run_id,
        text=last.text,
        outcome=last.outcome,
        mind=last.mind.name,
        fell_back=bool(fell_back),
        decisions=tuple(one for drive in drives for one in drive.decisions),
        usage=usage,
        cost_yen=rules.in_yen(terms.prices.microyen(usage)),
        why=last.why or fell_back,
        turns=tuple(last.turns),
    )
