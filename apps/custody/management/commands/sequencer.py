"""sequencer: bring committed events into the custody logs several times a second, until SIGTERM or Ctrl-C."""

import signal
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand

from apps.custody import sequencer


class Command(BaseCommand):
    help = "Bring committed events into the custody logs; run one, where the logs' keys are. A second waits."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        sequencer.run(stop)
