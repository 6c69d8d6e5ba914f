"""The database backend: django-tenants' search path plus the role that may act in that schema."""
