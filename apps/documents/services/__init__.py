"""What may be done with papers."""

from apps.documents.services.issuing import issue_delivery_note

__all__ = ["issue_delivery_note"]
