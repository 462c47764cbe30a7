"""All queries of machines, their links, their present condition and their planograms."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from cloud.db.statements import slices, upsert
from cloud.machines.models import (
    Machine,
    MachineCondition,
    MachineDocument,
    MachineFault,
    MachineLink,
    PlanogramRevision,
    Stream,
)

CONDITION: Final = ("is_door_open", "applied_planogram", "refused_planogram", "refused_why", "last_event_at_ms")
"""Columns of a machine's condition, its name apart."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a machine said of a settings document."""

    machine_id: str
    name: str
    rev: int
    ok: bool
    why: str
    at_ms: int


FaultKey = tuple[str, str, str]
"""Machine id, code, where."""


async def machine(db_session: AsyncSession, machine_id: str) -> Machine | None:
    """One machine, or None."""
    return await db_session.get(Machine, machine_id)


async def machines(db_session: AsyncSession) -> list[Machine]:
    """Every machine, by id."""
    return list((await db_session.scalars(select(Machine).order_by(Machine.id))).all())


def add_machine(db_session: AsyncSession, row: Machine) -> None:
    """Add a machine."""
    db_session.add(row)


async def timezones(db_session: AsyncSession) -> dict[str, str]:
    """Machine id to time zone."""
    return {row.id: row.timezone for row in await db_session.execute(select(Machine.id, Machine.timezone))}


async def links(db_session: AsyncSession, machine_ids: Collection[str] | None = None) -> dict[str, MachineLink]:
    """Links by machine id; all of them when None."""
    query = select(MachineLink)
    if machine_ids is not None:
        query = query.where(MachineLink.machine_id.in_(machine_ids))
    return {row.machine_id: row for row in await db_session.scalars(query)}


async def save_birth(db_session: AsyncSession, row: dict[str, Any]) -> None:
    """Write what a birth said."""
    statement = upsert(db_session, MachineLink.__table__)
    changed = {name: statement.excluded[name] for name in row if name != "machine_id"}
    statement = statement.on_conflict_do_update(index_elements=["machine_id"], set_=changed)
    await db_session.execute(statement, row)


async def save_will(db_session: AsyncSession, machine_id: str, conn: str, now_ms: int) -> None:
    """Mark a machine offline, unless a newer connection has been born since."""
    await db_session.execute(
        update(MachineLink)
        .where(MachineLink.machine_id == machine_id, MachineLink.conn == conn)
        .values(is_online=False, changed_at_ms=now_ms)
    )


async def all_offline(db_session: AsyncSession, now_ms: int) -> None:
    """Forget who was online: births that are still true will be heard again."""
    await db_session.execute(
        update(MachineLink).where(MachineLink.is_online).values(is_online=False, changed_at_ms=now_ms)
    )


async def conditions(
    db_session: AsyncSession, machine_ids: Collection[str] | None = None
) -> dict[str, MachineCondition]:
    """Conditions by machine id; all of them when None."""
    query = select(MachineCondition)
    if machine_ids is not None:
        query = query.where(MachineCondition.machine_id.in_(machine_ids))
    return {row.machine_id: row for row in await db_session.scalars(query)}


async def save_conditions(db_session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write conditions, whole."""
    if not rows:
        return
    statement = upsert(db_session, MachineCondition.__table__)
    statement = statement.on_conflict_do_update(
        index_elements=["machine_id"], set_={name: statement.excluded[name] for name in CONDITION}
    )
    await (await db_session.connection()).execute(statement, list(rows))


async def faults(db_session: AsyncSession, machine_id: str | None = None) -> list[MachineFault]:
    """Open faults, oldest first."""
    query = select(MachineFault).order_by(MachineFault.since_ms, MachineFault.code)
    if machine_id:
        query = query.where(MachineFault.machine_id == machine_id)
    return list((await db_session.scalars(query)).all())


async def save_faults(
    db_session: AsyncSession, cleared: Iterable[FaultKey], raised: Sequence[Mapping[str, Any]]
) -> None:
    """Close faults, then open others; a fault that is raised again keeps its first time, unless it was closed before.

    Args:
        db_session: a writing session.
        cleared: were over at some time; those that came back are in `raised` too.
        raised: columns of those that stand.
    """
    for machine_id, code, where in cleared:
        await db_session.execute(
            delete(MachineFault).where(
                MachineFault.machine_id == machine_id, MachineFault.code == code, MachineFault.where == where
            )
        )
    if raised:
        statement = upsert(db_session, MachineFault.__table__)
        statement = statement.on_conflict_do_update(
            index_elements=["machine_id", "code", "where"], set_={"detail": statement.excluded.detail}
        )
        await (await db_session.connection()).execute(statement, list(raised))


async def newest_revisions(db_session: AsyncSession) -> dict[str, int]:
    """Machine id to its newest planogram revision."""
    query = select(PlanogramRevision.machine_id, func.max(PlanogramRevision.rev)).group_by(PlanogramRevision.machine_id)
    return {machine_id: int(rev) for machine_id, rev in await db_session.execute(query)}


async def newest_planograms(
    db_session: AsyncSession, machine_ids: Collection[str] | None = None
) -> dict[str, PlanogramRevision]:
    """Machine id to its newest planogram."""
    newest = (
        select(PlanogramRevision.machine_id, func.max(PlanogramRevision.rev).label("rev"))
        .group_by(PlanogramRevision.machine_id)
        .subquery()
    )
    query = select(PlanogramRevision).join(
        newest, (newest.c.machine_id == PlanogramRevision.machine_id) & (newest.c.rev == PlanogramRevision.rev)
    )
    if machine_ids is None:
        return {row.machine_id: row for row in await db_session.scalars(query)}
    found = {}
    for part in slices(sorted(machine_ids)):
        rows = await db_session.scalars(query.where(PlanogramRevision.machine_id.in_(part)))
        found.update({row.machine_id: row for row in rows})
    return found


async def planogram(db_session: AsyncSession, machine_id: str, rev: int) -> PlanogramRevision | None:
    """One revision, or None."""
    return await db_session.get(PlanogramRevision, (machine_id, rev))


def add_planogram(db_session: AsyncSession, row: PlanogramRevision) -> None:
    """Publish a revision."""
    db_session.add(row)


async def documents(db_session: AsyncSession, machine_ids: Collection[str]) -> list[MachineDocument]:
    """Settings documents of these machines, those of planograms apart."""
    found: list[MachineDocument] = []
    for part in slices(sorted(machine_ids)):
        query = select(MachineDocument).where(MachineDocument.machine_id.in_(part))
        found += await db_session.scalars(query.order_by(MachineDocument.machine_id, MachineDocument.name))
    return found


async def unanswered_documents(db_session: AsyncSession) -> list[MachineDocument]:
    """Settings documents whose newest revision the machine neither applied nor refused."""
    query = select(MachineDocument).where(MachineDocument.answered_rev < MachineDocument.rev)
    return list(await db_session.scalars(query.order_by(MachineDocument.machine_id, MachineDocument.name)))


async def document(db_session: AsyncSession, machine_id: str, name: str) -> MachineDocument | None:
    """The newest document of a name, or None."""
    return await db_session.get(MachineDocument, (machine_id, name))


def add_document(db_session: AsyncSession, row: MachineDocument) -> None:
    """Publish the first one of its name."""
    db_session.add(row)


async def save_answers(db_session: AsyncSession, answers: Iterable[Answer]) -> None:
    """Note what machines said of the documents they were sent."""
    for row in answers:
        await db_session.execute(
            update(MachineDocument)
            .where(
                MachineDocument.machine_id == row.machine_id,
                MachineDocument.name == row.name,
                MachineDocument.answered_rev <= row.rev,
            )
            .values(answered_rev=row.rev, is_applied=row.ok, why=row.why, answered_at_ms=row.at_ms)
        )


async def change_token(db_session: AsyncSession) -> tuple[int, ...]:
    """Numbers that change whenever anything a dashboard shows has changed."""
    streams = (await db_session.execute(select(func.sum(Stream.interpreted_upto), func.sum(Stream.stored_max)))).one()
    links = (
        await db_session.execute(
            select(func.max(MachineLink.changed_at_ms), func.count().filter(MachineLink.is_online))
        )
    ).one()
    revisions = await db_session.scalar(select(func.count()).select_from(PlanogramRevision))
    return tuple(int(part or 0) for part in (*streams, *links, revisions))
