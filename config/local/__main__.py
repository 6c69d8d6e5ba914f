"""The command line of the local services: ``python -m config.local up|down|status|url``."""

import argparse
import sys

from config.local import postgres


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m config.local", description="Dockside's local services.")
    parser.add_argument("action", choices=["up", "down", "status", "url"])
    action = parser.parse_args(arguments).action
    if action == "up":
        postgres.start()
    elif action == "down":
        postgres.stop()
    elif action == "url":
        print(postgres.url())
    return 0 if action != "status" or postgres.status() else 1


if __name__ == "__main__":
    sys.exit(main())
