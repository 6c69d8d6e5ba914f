"""Who works on a shipper's exceptions."""

import rules

from apps.accounts.permissions import is_planner

rules.add_rule("insights.act", is_planner)
