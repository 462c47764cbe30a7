"""Tables of the analytics. Private to this capability."""

from datetime import date
from typing import Any

from sqlalchemy import JSON, Date, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cloud.db.base import Base, BigId, MachineRef, Millis, ProductRef


class Anomaly(Base):
    """One row is something odd, from when it was first seen until it was over."""

    __tablename__ = "anomalies"
    __table_args__ = (UniqueConstraint("key", "first_at_ms"), Index("ix_anomalies_state", "state", "last_at_ms"))

    id: Mapped[BigId]
    key: Mapped[str] = mapped_column(String(160))
    """What makes two sightings the same: detector and place."""
    detector: Mapped[str] = mapped_column(String(40))
    severity: Mapped[str] = mapped_column(String(8))
    """notice, warning or alarm."""
    machine_id: Mapped[MachineRef] = mapped_column(default="")
    slot: Mapped[str] = mapped_column(String(4), default="")
    product_id: Mapped[ProductRef] = mapped_column(default="")
    text: Mapped[str] = mapped_column(Text)
    """What it is, in Japanese, with its figures."""
    figures: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """The numbers it was judged by."""
    href: Mapped[str] = mapped_column(String(255), default="")
    """Page with the entries behind the figures."""
    first_at_ms: Mapped[Millis]
    last_at_ms: Mapped[Millis]
    """When it was last seen."""
    times: Mapped[int] = mapped_column(Integer, default=1)
    state: Mapped[str] = mapped_column(String(12))
    """open, acknowledged (a person looks after it) or over."""
    handled_by: Mapped[str] = mapped_column(String(254), default="")
    handled_at_ms: Mapped[Millis] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(Text, default="")
    revision: Mapped[int] = mapped_column(Integer, default=1)


class Report(Base):
    """One row is a report, as it was written. Never changed."""

    __tablename__ = "analytics_reports"
    __table_args__ = (Index("ix_analytics_reports_made", "made_at_ms"),)

    id: Mapped[BigId]
    kind: Mapped[str] = mapped_column(String(16))
    """business, vending or procurement."""
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    made_at_ms: Mapped[Millis]
    made_by: Mapped[str] = mapped_column(String(120))
    run_id: Mapped[str] = mapped_column(String(64), default="")
    """The agent's run that wrote it; empty for a person's."""
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    """In words, paragraphs separated by empty lines."""
    figures: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What it is about, as it was at that time; empty for one in words only."""
