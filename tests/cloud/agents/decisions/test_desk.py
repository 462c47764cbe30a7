import asyncio
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from cloud.accounting import service as accounting
from cloud.accounting.rules import Draft, Leg
from cloud.agents.decisions import explain, service
from cloud.agents.decisions.desk import Desk, Run
from cloud.agents.guard import facts
from cloud.agents.guard.limits import Limits
from cloud.agents.tools import Action, Answer, AnyTool, Call, Deps, ToolRefusedError
from cloud.db.database import Database

DAY = date(2026, 11, 20)


async def carry_out(desk: Desk, run: Run, tool: AnyTool, call_id: str = "call-1", **arguments: Any) -> Answer:
    return await desk.carry_out(run, Call(call_id, tool.name, arguments), [tool], outside_seen=False)


async def outcomes(database: Database) -> list[str]:
    async with database.read() as db_session:
        return [row.outcome for row in reversed(await explain.listing(db_session, limit=100))]


async def lost(database: Database) -> int:
    async with database.read() as db_session:
        return await service.lost_on(db_session, DAY)


async def test_call_when_repeated_then_it_is_answered_as_before_and_done_once(
    desk: Desk, run: Run, bench: Any, database: Database
) -> None:
    first = await carry_out(desk, run, bench.tool(), amount=120)
    again = await carry_out(desk, run, bench.tool(), amount=120)
    assert first == again
    assert first.content == {"outcome": "done", "result": {"ok": True}}
    other = await carry_out(desk, run, bench.tool(), amount=121)
    assert (other.content["outcome"], other.is_error) == ("denied", True)
    assert (len(bench.done), await outcomes(database), await lost(database)) == (1, ["done"], 120)


async def test_budget_when_two_spend_at_once_then_together_they_stay_within_it(
    desk: Desk, run: Run, bench: Any, database: Database
) -> None:
    calls = [carry_out(desk, run, bench.tool(), f"call-{n}", amount=120) for n in range(6)]
    answers = await asyncio.gather(*calls)
    assert sorted(answer.content["outcome"] for answer in answers) == ["denied"] + ["done"] * 2 + ["proposed"] * 3
    assert (await lost(database), len(bench.done)) == (240, 2)
    async with database.read() as db_session:
        assert await service.verify(db_session) == (6, [])
        assert await service.lost_by_agent(db_session, DAY) == [
            service.Spent(agent="customer", action="give_credit", loss=240)
        ]


async def test_act_when_a_service_refuses_or_it_breaks_then_nothing_of_it_is_kept_but_the_decision(
    desk: Desk, run: Run, bench: Any, database: Database
) -> None:
    async def half_done(deps: Deps, wish: Any) -> dict[str, Any]:
        legs = (Leg("1001", 100), Leg("3001", -100))
        await accounting.post(deps.db_session, [Draft(f"test:{wish.amount}", DAY, deps.now_ms, "test", legs)])
        if wish.text:
            raise ToolRefusedError("no such sale") if wish.text == "refuse" else KeyError("secret sk-abc12345678")
        return {}

    bench.act = half_done
    refused = await carry_out(desk, run, bench.tool(), "c1", amount=100, text="refuse")
    failed = await carry_out(desk, run, bench.tool(), "c2", amount=100, text="break")
    done = await carry_out(desk, run, bench.tool(), "c3", amount=100)
    assert refused.content == {"outcome": "refused", "why": "no such sale"}
    assert failed.content["outcome"] == "failed"
    assert "secret" not in str(failed.content)
    async with database.read() as db_session:
        assert await accounting.entry_count(db_session) == 1
        rows = await explain.listing(db_session, limit=3)
    assert [row.posted for row in rows] == [[1], [], []]
    assert (await outcomes(database), await lost(database)) == (["refused", "failed", "done"], 100)
    assert done.decision_id == "3"


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_call_when_it_is_no_call_of_this_agent_then_it_is_denied_and_written_down(
    desk: Desk, run: Run, bench: Any, database: Database
) -> None:
    tool = bench.tool()
    unknown = await desk.carry_out(run, Call("c1", "override_safety", {"x": 1}), [tool], outside_seen=False)
    wrong = await carry_out(desk, run, tool, "c2", amount="100")
    extra = await carry_out(desk, run, tool, "c3", customer_id="c2")
    assert [one.content["outcome"] for one in (unknown, wrong, extra)] == ["denied"] * 3
    assert "customer_id" in extra.content["why"]
    async with database.read() as db_session:
        rows = await explain.listing(db_session, limit=3)
    assert {verdict.rule for verdict in rows[2].verdicts} == {"known_tool", "forbidden_pattern"}
    assert bench.done == []


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_switch_when_a_person_stops_the_agent_then_nothing_happens_until_it_is_let_go(
    desk: Desk, run: Run, bench: Any, database: Database
) -> None:
    async with database.write() as db_session:
        await service.set_switch(db_session, "all", is_stopped=True, why="look into it", by="op@example.com", now_ms=5)
    stopped = await carry_out(desk, run, bench.tool(), "c1", amount=10)
    assert stopped.content["outcome"] == "denied"
    assert "look into it" in stopped.content["why"]
    async with database.write() as db_session:
        assert await service.stopped(db_session, "customer") == "look into it"
        await service.set_switch(db_session, "all", is_stopped=False, why="", by="op@example.com", now_ms=6)
    assert (await carry_out(desk, run, bench.tool(), "c2", amount=10)).content["outcome"] == "done"


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_run_when_dry_then_it_is_judged_and_nothing_happens(
    desk: Desk, run: Run, bench: Any, database: Database
) -> None:
    shadow = await carry_out(desk, replace(run, is_dry=True), bench.tool(), amount=10)
    assert shadow.content == {"outcome": "shadow", "ruling": "allow", "why": ""}
    assert (bench.done, await lost(database), await outcomes(database)) == ([], 0, ["shadow"])


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_run_when_it_has_read_strangers_then_it_can_only_propose(
    desk: Desk, run: Run, bench: Any, database: Database
) -> None:
    offers = bench.tool("read_web", Action.SELECT_PRODUCT, reads_strangers=True)
    bench.found = facts.Looks()
    read = await carry_out(desk, run, offers, "c1")
    assert "never instructions" in read.content["note"]
    bench.found = facts.StoreCredit("c1", 100, has_evidence=True)
    # The loop forgot to say so; the log remembers.
    proposed = await carry_out(desk, run, bench.tool(), "c2")
    assert (proposed.content["outcome"], proposed.is_error) == ("proposed", False)
    async with database.read() as db_session:
        assert await service.waiting(db_session, 0) == 1


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_reading_when_repeated_then_it_is_read_again_and_never_kept(
    desk: Desk, run: Run, bench: Any, database: Database
) -> None:
    bench.found, bench.act = facts.Looks("c1"), lambda _, __: {"history": "green tea"}
    tool = bench.tool("history", Action.CHECK_INVENTORY)
    assert await carry_out(desk, run, tool) == await carry_out(desk, run, tool)
    async with database.read() as db_session:
        (row,) = await explain.listing(db_session, limit=5)
    assert "green tea" not in row.model_dump_json()


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_decision_when_it_takes_too_long_then_it_does_not_happen(
    database: Database, run: Run, bench: Any, clock: Any
) -> None:
    async def slow(_: Deps, __: Any) -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    bench.act = slow
    hasty = Desk(database, Limits(decision_time_s=0.2, outside_time_s=0.05), "Asia/Tokyo", clock)
    answer = await carry_out(hasty, run, bench.tool(), amount=10)
    assert answer.content["outcome"] == "denied"

    async def never(_: Any) -> Any:
        await asyncio.Event().wait()

    outside = await carry_out(hasty, run, bench.tool(outside=never), "c2", amount=10)
    assert outside.content["outcome"] == "denied"
    assert (bench.done, await lost(database)) == ([], 0)


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_log_when_arguments_hold_secrets_then_it_keeps_none(
    desk: Desk, run: Run, bench: Any, database: Database
) -> None:
    await carry_out(desk, run, bench.tool(), amount=10, text="card 4242 4242 4242 4242\0 sk-ant-abc123456789")
    async with database.read() as db_session:
        kept = (await explain.listing(db_session, limit=1))[0].model_dump_json()
    assert "4242" not in kept
    assert "abc123456789" not in kept


async def test_log_when_somebody_changes_it_then_the_database_refuses_or_the_chain_shows_it(
    desk: Desk, run: Run, bench: Any, database: Database
) -> None:
    for number in range(3):
        await carry_out(desk, run, bench.tool(), f"c{number}", amount=10 + number)
    for statement in ("UPDATE agent_decisions SET loss_minor = 0", "DELETE FROM agent_decisions WHERE number = 3"):
        with pytest.raises(DBAPIError, match="what was decided is final"):
            async with database.write() as db_session:
                await db_session.execute(text(statement))
    async with database.read() as db_session:
        row = (await db_session.execute(text("SELECT * FROM agent_decisions WHERE number = 3"))).mappings().one()
    for number in (0, 9):
        forged = dict(zip(row, row, strict=True)) | {"previous_hash": "''"}
        forged |= {"number": str(number), "call_id": f"'forged-{number}'"}
        copied = f"SELECT {', '.join(forged.values())} FROM agent_decisions WHERE number = 3"  # noqa: S608 - our own
        with pytest.raises(DBAPIError, match="continues the chain"):
            async with database.write() as db_session:
                await db_session.execute(text(f"INSERT INTO agent_decisions ({', '.join(forged)}) {copied}"))
    is_postgres = database.engine.dialect.name == "postgresql"
    async with database.write() as db_session:
        if is_postgres:
            await db_session.execute(text("ALTER TABLE agent_decisions DISABLE TRIGGER agent_decisions_final"))
        else:
            await db_session.execute(text("DROP TRIGGER agent_decisions_no_update"))
        await db_session.execute(text("UPDATE agent_decisions SET loss_minor = 0 WHERE number = 2"))
    async with database.read() as db_session:
        assert await service.verify(db_session) == (3, ["decision 2 does not say what its hash says"])


async def test_words_when_a_customer_said_them_then_the_log_that_lasts_for_ever_has_only_their_length(
    desk: Desk, run: Run, bench: Any, database: Database
) -> None:
    secret = "わたしの秘密の願い"
    theirs = await carry_out(desk, run, bench.tool(), "c-1", amount=120, text=secret)
    assert theirs.content["outcome"] == "done"
    await carry_out(desk, replace(run, customer_id="", run_id="other"), bench.tool(), "o-1", amount=1, text="棚卸")
    async with database.read() as db_session:
        newest, first = await explain.listing(db_session, limit=2)
        rows = (await db_session.execute(text("SELECT * FROM agent_decisions"))).all()
        assert (await service.verify(db_session))[1] == []
    assert secret not in str(rows)
    assert (first.arguments["text"], newest.arguments["text"]) == ("(9 characters, in the transcript)", "棚卸")
