"""The embedded broker's lock: who may connect, and which topics each may use. The default is no.

A machine (user name = machine id = client id) writes its own `up/#` and reads its own `down/#`; the cloud's user
reads every `up/#` and writes every `down/#`. Source: amqtt 0.12 plugin interface (authenticate, topic_filtering).
"""

import hmac
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from amqtt.contexts import Action
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin

from cloud.integrations.mqtt.access import Direction, may
from cloud.integrations.mqtt.credentials import BadCredentialsFileError, Credential, read_credentials

log = structlog.get_logger()


class Credentials:
    """The credentials file, read again whenever it was replaced."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._found: dict[str, Credential] = {}

    def get(self, username: str) -> Credential | None:
        """The credential of one machine, or None."""
        try:
            stat = self._path.stat()
            stamp = (stat.st_mtime_ns, stat.st_ino)
        except FileNotFoundError:
            return None
        if stamp != self._stamp:
            try:
                self._found = read_credentials(self._path)
            except BadCredentialsFileError as error:
                log.error("machines are refused until this is repaired", reason=str(error))  # noqa: TRY400
                self._found = {}
            self._stamp = stamp
        return self._found.get(username)


class MachineAuthPlugin(BaseAuthPlugin):  # type: ignore[misc]  # amqtt has no type hints
    """Lets the cloud and known machines in."""

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        self._credentials = Credentials(Path(self.config.credentials_file))

    async def authenticate(self, *, session: Any) -> bool:
        """Whether this session may connect."""
        username, password = session.username, session.password
        if not username or not password or session.client_id != username:
            log.warning("connection refused", username=username, client_id=session.client_id)
            return False
        if username == self.config.cloud_username:
            is_right = hmac.compare_digest(password.encode(), self.config.cloud_password.encode())
        else:
            credential = self._credentials.get(username)
            is_right = credential is not None and credential.accepts(password)
        if not is_right:
            log.warning("wrong password or unknown machine", username=username)
        return is_right

    @dataclass
    class Config:
        """What the broker process passes in."""

        credentials_file: str = ""
        cloud_username: str = ""
        cloud_password: str = ""


class TopicAccessPlugin(BaseTopicPlugin):  # type: ignore[misc]  # amqtt has no type hints
    """Keeps everyone on their own topics."""

    async def topic_filtering(self, *, session: Any = None, topic: Any = None, action: Any = None) -> bool:
        """Whether this session may use this topic or filter."""
        if session is None or not topic or not session.username:
            return False
        direction = Direction.WRITE if action == Action.PUBLISH else Direction.READ
        return may(session.username, str(topic), direction, cloud_username=self.config.cloud_username)

    @dataclass
    class Config:
        """What the broker process passes in."""

        cloud_username: str = ""
