"""What others may ask of custody: put an event on record, keep the log in order, hand out what proves it.

`record` belongs in the transaction of the change that it tells of. Workers sequence and export: they have the
log's key; what serves pages only asks for an export and hands over its result.
"""

from apps.custody.errors import ExportFailed, LogDamaged, LogKeyMissing, RecordRefused, UnknownExport
from apps.custody.facts import Personal
from apps.custody.services.erasing import erase
from apps.custody.services.export_jobs import cancel_export, open_export, request_export
from apps.custody.services.exporting import Export, ExportScope, export_bundle
from apps.custody.services.recording import record, site_fact
from apps.custody.services.sequencing import sequence

__all__ = [
    "Export",
    "ExportFailed",
    "ExportScope",
    "LogDamaged",
    "LogKeyMissing",
    "Personal",
    "RecordRefused",
    "UnknownExport",
    "cancel_export",
    "erase",
    "export_bundle",
    "open_export",
    "record",
    "request_export",
    "sequence",
    "site_fact",
]
