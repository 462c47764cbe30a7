"""Alembic's entry: runs on the connection it was handed, inside the caller's transaction."""
# ruff: noqa: INP001 - Alembic loads these files by path

from alembic import context

from cloud.db.all_models import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, transactional_ddl=False)
context.run_migrations()
