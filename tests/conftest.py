"""What several folders of tests share: the real processes, running."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tools.stack import Ports, Stack

settings.register_profile("same-every-time", derandomize=True, deadline=None)
settings.load_profile("same-every-time")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    running = Stack(tmp_path_factory.mktemp("stack"), Ports.free())
    try:
        running.start_all()
        yield running
    finally:
        running.stop()
