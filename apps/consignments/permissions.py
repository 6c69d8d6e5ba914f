"""Who may bring goods in, and who may look at them."""

import rules

from apps.accounts.permissions import is_planner, is_shipper_member, require

__all__ = ["require"]

rules.add_rule("consignments.import", is_planner)
rules.add_rule("consignments.view", is_shipper_member)
