"""``python -m benchmarks [NAME [OPTION=NUMBER …]]``; exit code 1: one fell short, 2: none could run."""

import sys

from benchmarks import harness
from config.local.errors import LocalServiceError


def main(arguments: list[str]) -> int:
    """Run what is asked for and give the exit code."""
    try:
        chosen = harness.choose(harness.discover(), arguments[0] if arguments else None)
        chosen = harness.with_options(chosen, arguments[1:])
        with harness.prepared():
            return 0 if harness.run_all(chosen, sys.stdout) else 1
    except (harness.NoSuchBenchmark, harness.NoSuchOption, LocalServiceError) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
