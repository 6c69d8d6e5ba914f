"""From domain values to what the components in ``templates/components`` take: pure functions, no queries."""
