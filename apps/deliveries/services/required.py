"""Papers gate the steps of a visit: what the site demands by a step has to be there before it."""

from apps.deliveries.errors import DocumentsMissing
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import day_of_visit, goods_of, visit_of
from apps.documents.selectors import missing_documents
from apps.facilities.models import Step


def require_documents(delivery: Delivery, step: Step) -> None:
    """Let ``step`` pass once every paper is there that it takes, valid on the day of the visit.

    Raises:
        DocumentsMissing: the site demands documents by ``step`` that are not; names them.
    """
    missing = missing_documents(
        requirements=delivery.site.document_requirements.all(),
        delivery_id=delivery.pk,
        goods=goods_of(delivery),
        step=step,
        on=day_of_visit(delivery, visit_of(delivery).appointment),
    )
    if missing:
        names = ", ".join(str(kind.label) for kind in missing)
        raise DocumentsMissing(
            f"{delivery.site.name} needs {names} first. Add it to {delivery.number} and try again.",
            missing=[kind.value for kind in missing],
        )
