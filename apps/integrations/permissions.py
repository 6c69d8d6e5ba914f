"""Who may issue and revoke keys for other systems."""

import rules

from apps.accounts.permissions import is_shipper_admin

rules.add_rule("integrations.manage", is_shipper_admin)
