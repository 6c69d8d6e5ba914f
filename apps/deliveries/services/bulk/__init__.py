"""Slots for many deliveries at once: asked for, found in the background, reviewed, sent as offers."""

from apps.deliveries.services.bulk.asking import (
    FINDING,
    MOST_AT_ONCE,
    BulkInvalid,
    UnknownBulk,
    cancel_bulk_job,
    request_bulk,
    send_bulk,
)
from apps.deliveries.services.bulk.finding import run_bulk_search
from apps.deliveries.services.bulk.pricing import Pricing
from apps.deliveries.services.bulk.sending import run_bulk_sending

__all__ = [
    "FINDING",
    "MOST_AT_ONCE",
    "BulkInvalid",
    "Pricing",
    "UnknownBulk",
    "cancel_bulk_job",
    "request_bulk",
    "run_bulk_search",
    "run_bulk_sending",
    "send_bulk",
]
