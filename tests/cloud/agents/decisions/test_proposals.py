from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from cloud.agents.agent import Agent
from cloud.agents.decisions import proposals, service
from cloud.agents.decisions.asked import Approver
from cloud.agents.decisions.desk import Desk, Run
from cloud.agents.decisions.log_book import Moment
from cloud.agents.decisions.proposals import ProposalOverError, Tried
from cloud.agents.guard import facts
from cloud.agents.guard.limits import Limits
from cloud.agents.mind import Prompt
from cloud.agents.tools import Action, AnyTool, Call
from cloud.db.database import Database
from cloud.procurement import service as procurement
from cloud.procurement.supplier_schemas import SupplierBody

LIMITS = Limits(loss_budget_minor=300)
OWNER, OPERATOR = Approver("owner@example.com", may_exceed=True), Approver("op@example.com")
HOUR_MS = 3_600_000
NO_PROOF = facts.StoreCredit("c1", 200, has_evidence=False)


async def propose(desk: Desk, run: Run, tool: AnyTool, call_id: str = "call-1") -> int:
    answer = await desk.carry_out(run, Call(call_id, tool.name, {"text": "they say so"}), [tool], outside_seen=False)
    assert answer.content["outcome"] == "proposed"
    return int(answer.content["proposal"])


async def approve(database: Database, number: int, tool: AnyTool, by: Approver, now_ms: int) -> Tried:
    async with database.write() as db_session:
        asked = await proposals.prepare(db_session, number, [tool])
        return await proposals.approve(db_session, asked, by, limits=LIMITS, at=Moment(now_ms, "Asia/Tokyo"))


async def test_proposal_when_approved_twice_then_it_happens_once_in_the_approvers_name(
    desk: Desk, run: Run, bench: Any, database: Database, clock: Any
) -> None:
    bench.found, tool = NO_PROOF, bench.tool()
    number = await propose(desk, run, tool)
    assert bench.done == []
    first = await approve(database, number, tool, OPERATOR, clock())
    again = await approve(database, number, tool, OWNER, clock())
    assert (first.outcome, again.proposal, len(bench.done)) == ("done", first.proposal, 1)
    assert (first.proposal.state, first.proposal.decided_by, first.proposal.result) == ("approved", OPERATOR.email, 2)
    assert first.proposal.arguments == {}
    assert bench.done[0].text == "they say so"
    async with database.read() as db_session:
        assert await service.verify(db_session) == (2, [])
        assert await service.waiting(db_session, clock()) == 0


async def test_proposal_when_the_facts_have_turned_then_what_is_denied_does_not_happen(
    desk: Desk, run: Run, bench: Any, database: Database, clock: Any
) -> None:
    bench.found, tool = NO_PROOF, bench.tool()
    number = await propose(desk, run, tool)
    bench.found = replace(NO_PROOF, customer_id="c2")
    denied = await approve(database, number, tool, OWNER, clock())
    assert (denied.outcome, denied.proposal.state, denied.proposal.tries) == ("denied", "waiting", 1)
    bench.found = NO_PROOF
    assert (await approve(database, number, tool, OPERATOR, clock())).outcome == "done"


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_proposal_when_it_is_beyond_the_budget_then_only_a_role_that_may_exceed_it_approves(
    desk: Desk, run: Run, bench: Any, database: Database, clock: Any
) -> None:
    bench.found, tool = NO_PROOF, bench.tool()
    first, second = await propose(desk, run, tool, "a"), await propose(desk, run, tool, "b")
    assert (await approve(database, first, tool, OPERATOR, clock())).outcome == "done"
    assert (await approve(database, second, tool, OPERATOR, clock())).outcome == "denied"
    assert (await approve(database, second, tool, OWNER, clock())).outcome == "done"


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_proposal_when_refused_or_too_old_then_it_is_over(
    desk: Desk, run: Run, bench: Any, database: Database, clock: Any
) -> None:
    bench.found, tool = NO_PROOF, bench.tool()
    refused, old = await propose(desk, run, tool, "a"), await propose(desk, run, tool, "b")
    async with database.write() as db_session:
        at = Moment(clock(), "Asia/Tokyo")
        assert (await proposals.refuse(db_session, refused, OPERATOR, at=at, note="no")).state == "refused"
        assert (await proposals.refuse(db_session, refused, OWNER, at=at)).decided_by == OPERATOR.email
    with pytest.raises(ProposalOverError, match="refused"):
        await approve(database, refused, tool, OPERATOR, clock())
    clock.now_ms += LIMITS.proposal_hours * HOUR_MS
    with pytest.raises(ProposalOverError, match="expired"):
        await approve(database, old, tool, OPERATOR, clock())
    async with database.read() as db_session:
        rows = await proposals.listing(db_session, now_ms=clock(), limit=9, state="expired")
    assert [row.id for row in rows] == [old]


@pytest.fixture
async def waiting(app: FastAPI, seeded: Database, run: Run, bench: Any, clock: Any) -> int:
    """A credit somebody asked for, waiting for a person."""
    bench.found = replace(NO_PROOF, amount_minor=700)
    tool = bench.tool()
    desk = Desk(seeded, Limits(decision_time_s=60), "Asia/Tokyo", clock)
    agent = Agent("customer", Prompt("", (tool,)), None, None)  # type: ignore[arg-type]
    app.state.house = replace(app.state.house, agents={"customer": agent})
    return await propose(desk, run, tool)


async def test_page_when_a_proposal_waits_then_it_shows_why_and_approving_it_is_explained(
    client: AsyncClient, waiting: int, bench: Any
) -> None:
    page = (await client.get("/dashboard/proposals")).text
    assert "人が決めること 1 件" in page
    assert "700円、独断は 500円 まで" in page
    sent = await client.post(f"/dashboard/proposals/{waiting}/approve", data={"note": "確かめました"})
    assert (sent.status_code, len(bench.done)) == (303, 1)
    page = (await client.get("/dashboard/proposals")).text
    assert "人が決めること 0 件" in page
    assert "¥700" in page
    explained = (await client.get("/dashboard/decisions/2")).text
    assert "op@example.com" in explained
    assert "自社記録の証拠: いいえ" in explained
    listed = (await client.get("/dashboard/decisions", params={"costly": "1"})).text
    assert "#2" in listed
    assert "#1<" not in listed


async def test_page_when_an_order_is_proposed_then_its_supplier_is_named(
    client: AsyncClient, seeded: Database, bench: Any, clock: Any
) -> None:
    async with seeded.write() as db_session:
        supplier = await procurement.add_supplier(db_session, SupplierBody(name="みどり飲料", kana="ミドリ"), clock())
    bench.found = facts.Purchase(supplier, True, ("green-tea",), 40_000, (), 0, 0, 900_000, 0)
    desk = Desk(seeded, Limits(decision_time_s=60), "Asia/Tokyo", clock)
    run = Run("run-1", "procurement", "schedule", model="rules")
    await propose(desk, run, bench.tool("propose_order", Action.ORDER_GOODS))
    page = (await client.get("/dashboard/proposals")).text
    assert f'<td class="quiet"><a href="/dashboard/suppliers/{supplier}">みどり飲料</a></td>' in page
    assert "仕入先 みどり飲料 はオーナーの許可リストに: はい" in (await client.get("/dashboard/decisions/1")).text
    client.cookies.set("language", "en")
    english = (await client.get("/dashboard/decisions/1")).text
    assert "Supplier みどり飲料 on the owner&#39;s list: yes" in english
    assert "¥40,000" in english


async def test_api_when_a_person_decides_then_proposals_decisions_limits_and_switches_say_so(
    client: AsyncClient, waiting: int, bench: Any
) -> None:
    address = f"/api/v1/ai/proposals/{waiting}"
    proposal = (await client.get(address)).json()
    assert (proposal["state"], proposal["needs"], proposal["loss"]) == ("waiting", "sales.refund", 700)
    bench.found = facts.StoreCredit("c2", 700, has_evidence=False)
    denied = await client.post(f"{address}/approve", json={})
    assert (denied.status_code, denied.json()["code"]) == (409, "denied_now")
    assert (await client.post(f"{address}/refuse", json={"note": "no"})).json()["state"] == "refused"
    over = await client.post(f"{address}/approve", json={})
    assert (over.status_code, over.json()["code"]) == (409, "proposal_over")
    decisions = (await client.get("/api/v1/ai/decisions", params={"outcome": "denied"})).json()["items"]
    assert [row["approver"] for row in decisions] == ["op@example.com"]
    assert (await client.get("/api/v1/ai/decisions/verification")).json() == {"decisions": 2, "findings": []}
    assert (await client.get("/api/v1/ai/limits")).json()["left"] == 3000
    stop = await client.put("/api/v1/ai/switches/customer", json={"is_stopped": True, "why": "odd"})
    assert stop.json()["by"] == "op@example.com"
    assert (await client.put("/api/v1/ai/switches/boss", json={"is_stopped": True})).status_code == 404


async def test_action_when_every_one_is_looked_up_then_a_permission_stands_for_it() -> None:
    assert all(proposals.needed(action) for action in Action)
