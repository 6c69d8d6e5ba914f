"""Work of the documents room in the background: letting the scanner decide about papers in quarantine."""

from uuid import UUID

from django.utils import timezone

from apps.documents import services
from apps.tenancy.outbox import handles


@handles("documents.scan", queue="documents")
def scan(document_id: str) -> None:
    """Ask the scanner; while it is away the work is put off and tried again."""
    services.scan_document(document_id=UUID(document_id), now=timezone.now())
