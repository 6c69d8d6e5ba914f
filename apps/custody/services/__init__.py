"""What others may ask of custody: put an event on record, keep the log in order, hand out what proves it.

`record` belongs in the transaction of the change that it tells of. Workers sequence and export.
"""

from apps.custody.errors import LogDamaged, LogKeyMissing, RecordRefused
from apps.custody.facts import Personal
from apps.custody.services.recording import record, site_fact
from apps.custody.services.sequencing import sequence

__all__ = [
    "LogDamaged",
    "LogKeyMissing",
    "Personal",
    "RecordRefused",
    "record",
    "sequence",
    "site_fact",
]
