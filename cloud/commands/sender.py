"""Send what machines shall do, as long as it may be of use. Held by the intake; decides nothing about MQTT.

A command is marked as sent and committed before it is published, so that nothing leaves the cloud that its
database does not know. Whatever is lost on the way is sent again: the machine takes a number once.
"""

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from cloud.commands import progress, repository, rules
from cloud.commands.models import MachineCommand
from cloud.db.database import Database
from cloud.kit.clock import Clock, system_clock
from cloud.machines import service as machines
from cloud.machines.receiver import Outbound
from cloud.machines.service import Connection
from protocol.commands import Command
from protocol.topics import Channel, Topic


class CommandSender:
    """One owner calls it, a few times a second."""

    def __init__(self, database: Database, clock: Clock = system_clock) -> None:
        self._database = database
        self._clock = clock

    async def new_commands(self) -> list[Outbound]:
        """Let what is overdue end, and give out what is to be sent now.

        Returns:
            At most one command per machine that is online: the lowest that is not known to be taken.

        Raises:
            sqlalchemy.exc.OperationalError: the database is busy or gone; nothing was sent, call again.
        """
        now_ms = self._clock()
        async with self._database.read() as db_session:
            rows = await repository.in_states(db_session, rules.OPEN)
            if not rows:
                return []
            connections = await machines.connections(db_session)
            if not any(_ended(row, connections, now_ms) for row in rows) and not list(_due(rows, connections, now_ms)):
                return []
        async with self._database.write() as db_session:
            return await self._send(db_session, now_ms)

    async def _send(self, db_session: AsyncSession, now_ms: int) -> list[Outbound]:
        await repository.lock(db_session)
        rows = await repository.in_states(db_session, rules.OPEN, for_update=True)
        connections = await machines.connections(db_session)
        for row in rows:
            if end := _ended(row, connections, now_ms):
                happening, row.why = end
                await progress.move(db_session, row, happening, at_ms=now_ms, now_ms=now_ms)
        sent = []
        for row in list(_due(rows, connections, now_ms)):
            await progress.move(db_session, row, "sending", at_ms=now_ms, now_ms=now_ms)
            connection = connections[row.machine_id]
            row.conn, row.epoch, row.sent_at_ms = connection.conn, connection.epoch, now_ms
            sent.append(_outbound(row))
        await db_session.flush()
        return sent


def _ended(
    row: MachineCommand, connections: Mapping[str, Connection], now_ms: int
) -> tuple[rules.Happening, str] | None:
    """What waiting for this command has led to, and why; None while there is reason to wait."""
    connection = connections.get(row.machine_id)
    # A new store does not know which numbers the old one took: sent again, it could be carried out twice.
    if row.state == "sent" and connection is not None and connection.epoch != row.epoch:
        return "no_answer", "store_replaced"
    ends_at_ms = rules.runs_out_at_ms(row.issued_at_ms, row.ttl_ms)
    happening = rules.overdue(row.state, row.kind, ends_at_ms=ends_at_ms, taken_at_ms=row.taken_at_ms, now_ms=now_ms)
    return (happening, happening) if happening else None


def _due(
    rows: Sequence[MachineCommand], connections: Mapping[str, Connection], now_ms: int
) -> Iterator[MachineCommand]:
    """The first waiting command of each machine, if it is to be sent now. `rows` come by machine and number."""
    seen = set()
    for row in rows:
        if row.state not in rules.WAITING or row.machine_id in seen:
            continue
        seen.add(row.machine_id)
        connection = connections.get(row.machine_id)
        if connection is None or now_ms >= rules.runs_out_at_ms(row.issued_at_ms, row.ttl_ms):
            continue
        if rules.is_due(
            conn=connection.conn,
            born_at_ms=connection.since_ms,
            sent_with=row.conn,
            sent_at_ms=row.sent_at_ms,
            now_ms=now_ms,
        ):
            yield row


def _outbound(row: MachineCommand) -> Outbound:
    command = Command(
        id=row.id,
        n=row.n,
        conn=row.conn,
        kind=row.kind,
        args=row.args,
        issued_ms=row.issued_at_ms,
        ttl_ms=row.ttl_ms,
        by=row.issued_by,
    )
    return Outbound(str(Topic(row.machine_id, Channel.COMMAND)), command.to_bytes(), qos=1)
