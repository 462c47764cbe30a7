"""Tables of the machines: who they are, what they sent, how far it is understood. Private to this capability."""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from cloud.db.base import Base, BigId, EpochRef, MachineRef, Millis, SeqRef


class Machine(Base):
    """One row is one machine the cloud has given a name and a secret."""

    __tablename__ = "machines"

    id: Mapped[MachineRef] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    """What operators call it."""
    place: Mapped[str] = mapped_column(String(120), default="")
    timezone: Mapped[str] = mapped_column(String(64), default="Asia/Tokyo")
    """Where its day begins and ends."""
    secret_sha256: Mapped[str] = mapped_column(String(64))
    """SHA-256 of its broker secret; enough for 256 random bits."""
    secret_mosquitto: Mapped[str] = mapped_column(String(255))
    """The same secret as mosquitto's password file wants it."""
    created_at_ms: Mapped[Millis]


class MachineLink(Base):
    """One row is what a machine's last birth or will said. Written by the intake."""

    __tablename__ = "machine_links"

    machine_id: Mapped[MachineRef] = mapped_column(primary_key=True)
    is_online: Mapped[bool] = mapped_column(Boolean)
    conn: Mapped[str] = mapped_column(String(16))
    """Nonce of the connection the row speaks of; a late will of an older one is ignored."""
    epoch: Mapped[EpochRef]
    boot: Mapped[int] = mapped_column(Integer)
    last_seq: Mapped[SeqRef]
    """Newest event in the machine's store, as it said at birth."""
    software: Mapped[str] = mapped_column(String(120), default="")
    applied: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Settings document name to the revision in force, at birth."""
    changed_at_ms: Mapped[Millis]


class MachineCondition(Base):
    """One row is what a machine's events say of its present. Written by the interpreter."""

    __tablename__ = "machine_conditions"

    machine_id: Mapped[MachineRef] = mapped_column(primary_key=True)
    is_door_open: Mapped[bool] = mapped_column(Boolean, default=False)
    applied_planogram: Mapped[int] = mapped_column(Integer, default=0)
    """Revision the machine last reported as applied; 0 for none."""
    refused_planogram: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    """Revision the machine refused since it last started, and has applied none after; 0 for none. Not sent again."""
    refused_why: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Why, in the machine's words."""
    last_event_at_ms: Mapped[Millis]
    """Corrected time of its newest understood event."""


class MachineFault(Base):
    """One row is a fault that was raised and not yet cleared."""

    __tablename__ = "machine_faults"

    machine_id: Mapped[MachineRef] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(64), primary_key=True)
    where: Mapped[str] = mapped_column(String(64), primary_key=True, default="")
    detail: Mapped[str] = mapped_column(Text, default="")
    since_ms: Mapped[Millis]


class Stream(Base):
    """One row is the events of one (machine, epoch), and how far they are stored and understood."""

    __tablename__ = "streams"
    __table_args__ = (UniqueConstraint("machine_id", "epoch"),)

    id: Mapped[BigId]
    machine_id: Mapped[MachineRef]
    epoch: Mapped[EpochRef]
    stored_upto: Mapped[SeqRef] = mapped_column(default=0)
    """Every event up to this seq is stored."""
    stored_max: Mapped[SeqRef] = mapped_column(default=0)
    """Highest seq stored; more than `stored_upto` means there is a gap."""
    duplicates: Mapped[int] = mapped_column(BigInteger, default=0)
    forks: Mapped[int] = mapped_column(BigInteger, default=0)
    received_at_ms: Mapped[Millis]
    """When something last arrived."""
    interpreted_upto: Mapped[SeqRef] = mapped_column(default=0)
    """The interpreter's cursor: every event up to this seq has had its effects."""
    interpreted_arrival_ms: Mapped[Millis] = mapped_column(default=0)
    """Latest arrival among the interpreted events; keeps the order of a replay."""
    interpreted_digest: Mapped[str] = mapped_column(String(64), default="")
    """Digest of the last interpreted event: what the next one must name."""
    clock_boot: Mapped[int] = mapped_column(Integer, default=0)
    """Boot the synchronisation below belongs to; 0 for none yet."""
    clock_wall_ms: Mapped[Millis] = mapped_column(default=0)
    clock_mono_ms: Mapped[Millis] = mapped_column(default=0)


class StoredEvent(Base):
    """One row is one event exactly as the machine sent it. Never changed."""

    __tablename__ = "machine_events"
    __table_args__ = (Index("ix_machine_events_received", "received_at_ms"), {"sqlite_with_rowid": False})

    stream_id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), ForeignKey("streams.id"), primary_key=True
    )
    seq: Mapped[SeqRef] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(64))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    received_at_ms: Mapped[Millis]
    """Arrival; rises strictly from one stored batch to the next."""


class QuarantinedMessage(Base):
    """One row is something that arrived and could not be taken at face value. Nothing is thrown away."""

    __tablename__ = "quarantine"
    __table_args__ = (UniqueConstraint("category", "source", "fingerprint"),)

    id: Mapped[BigId]
    category: Mapped[str] = mapped_column(String(24))
    """malformed, fork, unknown_kind, broken_body, broken_chain, unknown_product, unknown_command,
    odd_command, failed."""
    source: Mapped[str] = mapped_column(String(255))
    """Machine id where it is known, else the topic."""
    fingerprint: Mapped[str] = mapped_column(String(64))
    """What makes two rows the same: the digest of the bytes, or the unknown kind."""
    seq: Mapped[int | None] = mapped_column(BigInteger)
    why: Mapped[str] = mapped_column(Text)
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    """The first occurrence, as it came."""
    known_digest: Mapped[str] = mapped_column(String(64), default="")
    """For a fork: digest of the event that is already stored under this key."""
    times: Mapped[int] = mapped_column(Integer, default=1)
    first_at_ms: Mapped[Millis]
    last_at_ms: Mapped[Millis]


class PlanogramRevision(Base):
    """One row is one published planogram of a machine, whole. Never changed; a correction is the next revision."""

    __tablename__ = "planograms"

    machine_id: Mapped[MachineRef] = mapped_column(primary_key=True)
    rev: Mapped[int] = mapped_column(Integer, primary_key=True)
    doc: Mapped[dict[str, Any]] = mapped_column(JSON)
    """A `protocol.desired.Planogram`."""
    published_at_ms: Mapped[Millis]
    published_by: Mapped[str] = mapped_column(String(120), default="")


class MachineDocument(Base):
    """One row is the newest settings document of one name for one machine. Planograms have a table of their own."""

    __tablename__ = "machine_documents"

    machine_id: Mapped[MachineRef] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(24), primary_key=True)
    """`staff` or `restock`; one of `protocol.desired.DOCUMENTS`."""
    rev: Mapped[int] = mapped_column(Integer)
    doc: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Only the newest is kept: a staff list holds hashes of PINs."""
    published_at_ms: Mapped[Millis]
    published_by: Mapped[str] = mapped_column(String(254), default="")
    answered_rev: Mapped[int] = mapped_column(Integer, default=0)
    """Newest revision the machine applied or refused; 0 for none."""
    is_applied: Mapped[bool] = mapped_column(Boolean, default=False)
    """Whether it applied that one."""
    why: Mapped[str] = mapped_column(Text, default="")
    """Why not."""
    answered_at_ms: Mapped[Millis] = mapped_column(default=0)
