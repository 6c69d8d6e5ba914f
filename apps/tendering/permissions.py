"""Who tenders a shipper's routes and answers on a carrier's behalf, and who may look."""

import rules

from apps.accounts.permissions import is_planner, is_shipper_member
from apps.routing.permissions import is_here

rules.add_rule("tendering.manage", is_here & is_planner)
rules.add_rule("tendering.view", is_here & is_shipper_member)
