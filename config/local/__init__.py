"""What runs beside the web process on one machine: PostgreSQL, the broker, and the supervisor of it all.

Imports the standard library, psycopg and redis only, never Django or the applications, so that the Makefile
can use it before there are settings to read. ``python -m config.local --help`` is its command line.
"""
