"""What may be done with papers."""

from apps.documents.services.branding import remove_logo, set_logo
from apps.documents.services.issuing import (
    issue_consignment_note,
    issue_delivery_note,
    issue_proof_of_delivery,
    one_at_a_time,
)
from apps.documents.services.receiving import receive_document, scan_document, waive_document

__all__ = [
    "issue_consignment_note",
    "issue_delivery_note",
    "issue_proof_of_delivery",
    "one_at_a_time",
    "receive_document",
    "remove_logo",
    "scan_document",
    "set_logo",
    "waive_document",
]
