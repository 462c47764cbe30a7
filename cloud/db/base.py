"""The declarative base and the column types all tables share. No SQLite-only types: PostgreSQL must work as well."""

from typing import Annotated

from sqlalchemy import BigInteger, Integer, MetaData, String
from sqlalchemy.orm import DeclarativeBase, mapped_column

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of all tables."""

    metadata = MetaData(naming_convention=NAMES)


BigId = Annotated[
    int, mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
]
"""A row number the database allots."""

Millis = Annotated[int, mapped_column(BigInteger)]
"""An instant: ms since 1970 UTC."""

Minor = Annotated[int, mapped_column(BigInteger)]
"""Money: whole minor units (yen)."""

MachineRef = Annotated[str, mapped_column(String(40))]
ProductRef = Annotated[str, mapped_column(String(64))]
EpochRef = Annotated[str, mapped_column(String(32))]
SeqRef = Annotated[int, mapped_column(BigInteger)]
Tally = Annotated[int, mapped_column(BigInteger)]
"""A count that may become large."""
