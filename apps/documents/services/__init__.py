"""What may be done with papers."""

from apps.documents.services.issuing import issue_delivery_note
from apps.documents.services.receiving import receive_document, scan_document, waive_document

__all__ = ["issue_delivery_note", "receive_document", "scan_document", "waive_document"]
