"""Run it: `python -m tools.fake_claude curious --port 8899`, then ANTHROPIC_BASE_URL=http://127.0.0.1:8899."""

import argparse
import asyncio
import contextlib

from tools.fake_claude.behaviours import BEHAVIOURS
from tools.fake_claude.server import FakeClaude


async def serve(behaviour: str, port: int) -> None:
    """Answer until it is stopped."""
    async with FakeClaude(BEHAVIOURS[behaviour], port=port) as fake:
        print(f"a {behaviour} model at {fake.url}", flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m tools.fake_claude", description=__doc__)
    parser.add_argument("behaviour", choices=sorted(BEHAVIOURS), nargs="?", default="curious")
    parser.add_argument("--port", type=int, default=8899)
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(options.behaviour, options.port))


if __name__ == "__main__":
    main()
