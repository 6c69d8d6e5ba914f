"""The Celery application: one task delivers outbox rows, beat sweeps what was left behind."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("dockside")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def refuse_to_serve_unguarded(sender: Any = None, **_: Any) -> None:
    """A worker of ours works for nobody where the custody records can be changed."""
    if getattr(sender, "app", app) is not app:  # the signal is every application's
        return
    import django

    django.setup()
    from apps.custody.hostile import require_guarded

    try:
        require_guarded()
    except Exception as error:  # Celery only logs what is no exit
        raise SystemExit(f"The worker does not start: {error}") from error
