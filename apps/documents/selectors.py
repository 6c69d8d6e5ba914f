"""Reads of a delivery's papers, and the papers gate: what a site demands by which step, and what is there."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from uuid import UUID

from django.db.models import QuerySet

from apps.documents.models import Document, Waiver
from apps.facilities.facts import GoodsKind
from apps.facilities.models import DocumentRequirement, DocumentType, Provider, Step

_ORDER = (Step.CONFIRM, Step.ARRIVAL, Step.HANDOVER)


class Standing(StrEnum):
    """How a demanded paper stands.

    ``expired`` has come but is not valid on the day it is needed, ``checking`` waits for the scanner, and
    ``waived`` is not there but the recipient lets the delivery pass without it.
    """

    THERE = "there"
    WAIVED = "waived"
    CHECKING = "checking"
    EXPIRED = "expired"
    MISSING = "missing"


#: Standings that bar no step.
SATISFIED = frozenset({Standing.THERE, Standing.WAIVED})


@dataclass(frozen=True)
class ChecklistLine:
    """One demanded type of paper: by which step, from whom, and the document that stands for it, if any."""

    document_type: DocumentType
    step: Step
    standing: Standing
    document: Document | None = None
    waiver: Waiver | None = None
    provider: Provider = Provider.SHIPPER


def documents_of(delivery_id: UUID) -> QuerySet[Document]:
    """Every paper of a delivery, the newest first, superseded issues included."""
    return Document.objects.filter(delivery_id=delivery_id).select_related("scan")


def waivers_of(delivery_id: UUID) -> list[Waiver]:
    """The demanded papers that the recipient lets a delivery pass without."""
    return list(Waiver.objects.filter(delivery_id=delivery_id))


def latest_issue(delivery_id: UUID, document_type: DocumentType) -> Document | None:
    """The issue in force of a paper that we render; None before the first."""
    issues = documents_of(delivery_id).filter(document_type=document_type).exclude(facts_sha256="")
    return issues.order_by("-version").first()


def checklist(
    *,
    requirements: Iterable[DocumentRequirement],
    documents: Iterable[Document],
    goods: GoodsKind,
    on: date,
    waivers: Iterable[Waiver] = (),
) -> list[ChecklistLine]:
    """What the site demands of such goods, each type once by its earliest step, ordered by step.

    ``documents`` come newest first, as from ``documents_of``. One counts when valid ``on`` that day: the
    slot's day at the site.
    """
    needed_by: dict[DocumentType, tuple[Step, Provider]] = {}
    for requirement in sorted(requirements, key=lambda each: _ORDER.index(Step(each.step))):
        if requirement.concerns(goods):
            wanted = (Step(requirement.step), Provider(requirement.provider))
            needed_by.setdefault(DocumentType(requirement.document_type), wanted)
    there = list(documents)
    waived = {waiver.document_type: waiver for waiver in waivers}
    lines = [
        replace(_line(kind, step, there, on, waived.get(kind)), provider=provider)
        for kind, (step, provider) in needed_by.items()
    ]
    return sorted(lines, key=lambda line: (_ORDER.index(line.step), line.document_type))


def missing_documents(
    *,
    requirements: Iterable[DocumentRequirement],
    delivery_id: UUID,
    goods: GoodsKind,
    step: Step,
    on: date,
) -> list[DocumentType]:
    """What bars ``step``: needed by it or an earlier one, not there or not valid ``on`` the slot's day."""
    lines = checklist(
        requirements=requirements,
        documents=documents_of(delivery_id),
        goods=goods,
        on=on,
        waivers=waivers_of(delivery_id),
    )
    due = _ORDER.index(step)
    return [
        line.document_type
        for line in lines
        if line.standing not in SATISFIED and _ORDER.index(line.step) <= due
    ]


def _line(
    kind: DocumentType, step: Step, documents: list[Document], on: date, waiver: Waiver | None
) -> ChecklistLine:
    brought = [document for document in documents if document.document_type == kind]
    released = [document for document in brought if document.is_released]
    valid = [document for document in released if document.valid_until is None or document.valid_until >= on]
    if valid:
        return ChecklistLine(kind, step, Standing.THERE, valid[0])
    if waiver is not None:
        return ChecklistLine(kind, step, Standing.WAIVED, next(iter(released), None), waiver)
    checking = [document for document in brought if document.is_in_quarantine]
    if checking:
        return ChecklistLine(kind, step, Standing.CHECKING, checking[0])
    if released:
        return ChecklistLine(kind, step, Standing.EXPIRED, released[0])
    return ChecklistLine(kind, step, Standing.MISSING)
