"""Who manages the carriers of a shipper: whoever plans for it."""

import rules

from apps.accounts.permissions import is_planner, is_shipper_member

rules.add_rule("carriers.view", is_shipper_member)
rules.add_rule("carriers.manage", is_planner)
