"""Structured logs to standard error: lines for people, or JSON for machines. Secrets are masked on the way out."""

import logging
import sys
from typing import Any, Literal

import structlog

from protocol.masking import mask


class MaskSecrets:
    """The processor before the renderer: nothing after it sees a secret."""

    def __init__(self, secrets: list[str]) -> None:
        self._secrets = secrets

    def __call__(self, _logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        """Return a masked copy of the log event."""
        masked: structlog.typing.EventDict = mask(dict(event), self._secrets)
        return masked


def setup_logging(
    secrets: list[str],
    *,
    log_format: Literal["console", "json"] = "console",
    debug: bool = False,
    also: structlog.typing.Processor | None = None,
) -> None:
    """Send structlog and the standard library's logging through one masked chain.

    Args:
        secrets: configured values to hide wherever they occur.
        log_format: `console` for people, `json` for one object per line.
        debug: lower the level from INFO to DEBUG.
        also: sees every event as well, masked.
    """
    level = logging.DEBUG if debug else logging.INFO
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        MaskSecrets(secrets),
        *([also] if also is not None else []),
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for noisy in ("aiosqlite", "uvicorn.access", "uvicorn.error", "amqtt", "transitions", "alembic", "websockets"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
