"""What others may ask of tendering: begin with a plan, ask again, answer, call off, end what ran out."""

from apps.tendering.services.answering import accept_by_link, accept_tender, decline_by_link, decline_tender
from apps.tendering.services.asking import remind_link
from apps.tendering.services.ending import call_off, expire_tenders, give_back
from apps.tendering.services.starting import begin_for_plan, start_tendering

__all__ = [
    "accept_by_link",
    "accept_tender",
    "begin_for_plan",
    "call_off",
    "decline_by_link",
    "decline_tender",
    "expire_tenders",
    "give_back",
    "remind_link",
    "start_tendering",
]
