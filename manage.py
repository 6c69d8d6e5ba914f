#!/usr/bin/env python
"""Django's command line; commands that change the schema act as the database's owner."""

import os
import sys

OWNER_COMMANDS = frozenset({"check", "makemigrations", "migrate", "migrate_schemas", "provision_shipper"})


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if len(sys.argv) > 1 and sys.argv[1] in OWNER_COMMANDS:
        os.environ["DOCKSIDE_AS_OWNER"] = "1"
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
