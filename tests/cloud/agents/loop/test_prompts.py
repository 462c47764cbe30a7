"""What every real agent is told and offered, as the model's API takes it."""

from collections.abc import Callable

import pytest

from cloud.agents.house import open_house
from cloud.agents.loop.rules import prompt_hash
from cloud.conversations.opening import open_conversations
from cloud.db.database import Database
from cloud.integrations.claude import wire
from cloud.settings import Settings
from tools.fake_claude import wire as api


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_prompts_when_sent_to_the_model_then_its_api_takes_them_and_they_never_vary(
    database: Database, new_settings: Callable[..., Settings]
) -> None:
    settings = new_settings()
    conversations = open_conversations(settings, database)
    once, again = (open_house(settings, database, conversations=conversations).agents for _ in range(2))
    assert {"vending", "procurement", "customer", "analytics"} <= set(once)
    for name, agent in once.items():
        prefix = wire.prefix_of(agent.prompt)
        messages = [{"role": "user", "content": "?"}]
        api.check({"model": "m", "max_tokens": 1, "messages": messages} | prefix, {"anthropic-version": api.VERSION})
        assert prefix == wire.prefix_of(again[name].prompt)
        assert prompt_hash(agent.prompt) == prompt_hash(again[name].prompt)
        assert len(agent.prompt.tools) <= 30
    await conversations.close()
