"""Write the message contract as JSON Schema from the models, or check that what is written is fresh.

Run: python -m tools.schema [--check]
"""

import json
import sys
from pathlib import Path
from typing import Final

from protocol.commands import ARGUMENTS, Command
from protocol.desired import DOCUMENTS
from protocol.envelope import Envelope
from protocol.events import EVENTS
from protocol.link import Ack, Hello, State, Want
from protocol.messages import Message

FOLDER: Final = Path(__file__).resolve().parent.parent / "protocol" / "schema"


def documents() -> dict[str, str]:
    """File name to its text."""
    models: dict[str, type[Message]] = {f"event.{kind}": model for kind, model in EVENTS.items()}
    models |= {f"command.{kind}": arguments for kind, arguments in ARGUMENTS.items()}
    models |= {"command": Command, "envelope": Envelope, **DOCUMENTS}
    models |= {f"link.{model.__name__.lower()}": model for model in (State, Hello, Ack, Want)}
    return {
        f"{name}.json": json.dumps(model.model_json_schema(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"
        for name, model in models.items()
    }


def main() -> int:
    """Write, or with `--check` compare; 1 when something is stale."""
    wanted = documents()
    found = {file.name: file.read_text("utf-8") for file in FOLDER.glob("*.json")}
    if "--check" in sys.argv[1:]:
        stale = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
        for name in stale:
            print(f"protocol/schema/{name} is stale; run: python -m tools.schema")
        return 1 if stale else 0
    FOLDER.mkdir(exist_ok=True)
    for name in found.keys() - wanted.keys():
        (FOLDER / name).unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, "utf-8")
    print(f"wrote {len(wanted)} schemas to protocol/schema")
    return 0


if __name__ == "__main__":
    sys.exit(main())
