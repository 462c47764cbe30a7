"""What planogram a machine refused, and why: it is not sent again until it changes.

Going back forgets the refusal; the machine gets the planogram once more and says it again.
"""
# ruff: noqa: INP001 - Alembic loads these files by path

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two columns of the machines' conditions."""
    op.add_column(
        "machine_conditions", sa.Column("refused_planogram", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column("machine_conditions", sa.Column("refused_why", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    """Without them."""
    for name in ("refused_why", "refused_planogram"):
        op.drop_column("machine_conditions", name)
