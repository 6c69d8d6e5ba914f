"""What may be done with papers."""

from apps.documents.services.issuing import issue_delivery_note, issue_proof_of_delivery

__all__ = ["issue_delivery_note", "issue_proof_of_delivery"]
