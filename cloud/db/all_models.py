"""Every table of the cloud, imported for its effect on `Base.metadata`. Only migrations and tests need this."""

from cloud.accounting import models as accounting
from cloud.agents.decisions import models as decisions
from cloud.agents.loop import models as agent_runs
from cloud.analytics import models as analytics
from cloud.assortment import models as assortment
from cloud.catalogue import models as catalogue
from cloud.commands import models as commands
from cloud.conversations import models as conversations
from cloud.crew import models as crew
from cloud.customers import models as customers
from cloud.db.base import Base
from cloud.identity import models as identity
from cloud.inventory import models as inventory
from cloud.jobs import models as jobs
from cloud.kit import models as kit
from cloud.machines import models as machines
from cloud.procurement import models as procurement
from cloud.sales import models as sales
from cloud.staff_tasks import models as staff_tasks
from cloud.visits import models as visits

__all__ = [
    "Base",
    "accounting",
    "agent_runs",
    "analytics",
    "assortment",
    "catalogue",
    "commands",
    "conversations",
    "crew",
    "customers",
    "decisions",
    "identity",
    "inventory",
    "jobs",
    "kit",
    "machines",
    "procurement",
    "sales",
    "staff_tasks",
    "visits",
]
