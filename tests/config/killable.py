"""A Celery application whose worker a test kills: each task leaves its number in a file when it is done."""

import os
import time
from pathlib import Path

from celery import Celery

from config.local import broker

app = Celery("killable", broker=os.environ["BROKER_URL"])
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    task_ignore_result=True,
    broker_connection_retry_on_startup=True,
    broker_transport_options=broker.TRANSPORT_OPTIONS
    | {"visibility_timeout": 2, "unacked_restore_interval": 1},
)


@app.task
def leave(number: int) -> None:
    """Take a moment, then append ``number`` in one write."""
    time.sleep(0.15)
    with Path(os.environ["EFFECTS"]).open("a") as effects:
        effects.write(f"{number}\n")
