"""What others may ask of custody: put an event on record, keep the log in order, hand out what proves it.

`record` belongs in the transaction of the change that it tells of. Workers sequence and export: they have the
log's key; what serves pages only asks for an export and hands over its result.
"""

from apps.custody.errors import (
    DeviceForked,
    ExportFailed,
    ImpossibleStep,
    LogDamaged,
    LogKeyMissing,
    RecordRefused,
    UnknownExport,
)
from apps.custody.facts import Personal
from apps.custody.services.devices import Device
from apps.custody.services.erasing import erase
from apps.custody.services.export_jobs import (
    cancel_export,
    exports_of,
    open_export,
    request_export,
)
from apps.custody.services.exporting import Export, export_bundle
from apps.custody.services.recording import correct, note_fork, record, site_fact
from apps.custody.services.registering import close_days
from apps.custody.services.rotating import rotate_key
from apps.custody.services.scoping import ExportChoice, ExportScope
from apps.custody.services.sequencing import sequence
from apps.custody.services.viewing import note_access
from apps.custody.services.witnessing import ask_witnesses

__all__ = [
    "Device",
    "DeviceForked",
    "Export",
    "ExportChoice",
    "ExportFailed",
    "ExportScope",
    "ImpossibleStep",
    "LogDamaged",
    "LogKeyMissing",
    "Personal",
    "RecordRefused",
    "UnknownExport",
    "ask_witnesses",
    "cancel_export",
    "close_days",
    "correct",
    "erase",
    "export_bundle",
    "exports_of",
    "note_access",
    "note_fork",
    "open_export",
    "record",
    "request_export",
    "rotate_key",
    "sequence",
    "site_fact",
]
