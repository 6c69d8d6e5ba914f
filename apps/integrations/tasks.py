"""Work of integrations in the background: trying what was captured."""

from uuid import UUID

from apps.integrations.services import run_capture
from apps.integrations.services.capturing import KIND
from apps.tenancy.outbox import handles


@handles(KIND)
def capture(capture_id: str) -> None:
    """Try the events of one capture."""
    run_capture(capture_id=UUID(capture_id))
