"""The command line of the local services: ``python -m config.local --help``."""

import argparse
import shutil
import sys
from collections.abc import Sequence

from config.local import places, processes, services
from config.local.errors import LocalServiceError


def main(arguments: Sequence[str] | None = None) -> int:
    """Do one action; its exit code. What cannot be done is said on stderr."""
    asked = _parser().parse_args(arguments)
    try:
        code: int = asked.do(asked)
    except LocalServiceError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m config.local", description="Dockside's services here.")
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    actions.add_parser("up", help="start PostgreSQL and the broker").set_defaults(do=_up)
    actions.add_parser("down", help="stop them").set_defaults(do=_down)
    actions.add_parser("status", help="which of them run (exit code 1: not all)").set_defaults(do=_status)
    actions.add_parser("url", help="print their addresses as variables").set_defaults(do=_url)
    actions.add_parser("clean", help="stop them and delete all they kept").set_defaults(do=_clean)
    serve = actions.add_parser("serve", help="run web, worker and beat on them until Ctrl-C")
    serve.set_defaults(do=_serve)
    run = actions.add_parser("run", help="run a command beside worker and beat: run [--serve] -- COMMAND …")
    run.add_argument("--serve", action="store_true", help="go on serving after the command succeeded")
    run.add_argument("command", nargs="+", metavar="COMMAND")
    run.set_defaults(do=_run)
    for action in (serve, run):
        action.add_argument("--migrate", action="store_true", help="bring every schema up to date first")
    return parser


def _up(_asked: argparse.Namespace) -> int:
    services.up()
    return _status(_asked)


def _down(_asked: argparse.Namespace) -> int:
    services.down()
    return 0


def _status(_asked: argparse.Namespace) -> int:
    report = services.status()
    for service, state in report.items():
        sys.stdout.write(f"{service}: {state}\n")
    return int("stopped" in report.values())


def _url(_asked: argparse.Namespace) -> int:
    for name, url in services.urls().items():
        sys.stdout.write(f"{name}={url}\n")
    return 0


def _clean(_asked: argparse.Namespace) -> int:
    services.destroy()
    shutil.rmtree(places.local_home(), ignore_errors=True)
    return 0


def _serve(asked: argparse.Namespace) -> int:
    return processes.serve(migrate=asked.migrate)


def _run(asked: argparse.Namespace) -> int:
    return processes.run(asked.command, keep_serving=asked.serve, migrate=asked.migrate)


if __name__ == "__main__":
    sys.exit(main())
