"""Who says what deliveries went wrong by, what failure costs, and which dates a project has."""

import rules

from apps.accounts.permissions import is_planner

rules.add_rule("figures.explain", is_planner)
rules.add_rule("figures.price", is_planner)
rules.add_rule("figures.promise", is_planner)
