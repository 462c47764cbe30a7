"""What others ask about runs, on both databases."""

from typing import Any

from cloud.agents.loop import service
from tools.fake_claude.steps import Fail, Say


async def test_today_when_runs_were_made_then_each_agents_figures_and_last_error_are_told(bench: Any) -> None:
    async with bench.model([Say("はい。"), Fail(500)]) as (loop, _):
        await loop.run(bench.agent, bench.occasion())
        bench.clock.now_ms += 1000
        await loop.run(bench.agent, bench.occasion())
    async with bench.database.read() as db_session:
        days = {day.agent: day for day in await service.today(db_session, bench.clock(), "Asia/Tokyo")}
    mine = days["vending"]
    assert (mine.runs, mine.fell_back, mine.failed) == (3, 1, 0)
    assert mine.tokens > 0
    assert mine.last_error.why == "down"
    assert days["procurement"].runs == 0


async def test_erase_when_a_customers_data_goes_then_their_transcripts_go_and_others_stay(bench: Any) -> None:
    loop = bench.loop()
    theirs = await loop.run(bench.agent, bench.occasion(customer_id="c1", channel="customer"), "私の名前は…")
    others = await loop.run(bench.agent, bench.occasion(customer_id="c2", channel="customer"))
    async with bench.database.write() as db_session:
        assert await service.erase_customer(db_session, "c1") == 2
        assert await service.erase_customer(db_session, "") == 0
    async with bench.database.read() as db_session:
        assert await service.turns(db_session, bench.secrecy, theirs.run_id) == []
        assert len(await service.turns(db_session, bench.secrecy, others.run_id)) == 2


async def test_reply_time_when_runs_have_ended_then_it_is_their_mean_and_none_before(bench: Any) -> None:
    async with bench.database.read() as db_session:
        assert await service.reply_time_s(db_session, 0) is None
    await bench.loop().run(bench.agent, bench.occasion())
    async with bench.database.read() as db_session:
        assert await service.reply_time_s(db_session, 0) == 0.0
        assert await service.reply_time_s(db_session, bench.clock() + 1) is None
