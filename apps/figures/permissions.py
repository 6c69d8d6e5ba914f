"""Who says what deliveries went wrong by, and what failure costs."""

import rules

from apps.accounts.permissions import is_planner

rules.add_rule("figures.explain", is_planner)
rules.add_rule("figures.price", is_planner)
