"""Telling people: promised in the transaction of what happened, kept by the worker, mailed outside of any."""

from typing import Any
from uuid import UUID

from apps.notices.kinds import Kind
from apps.notices.services.audience import Audience
from apps.tenancy.outbox import enqueue

TELL, MAIL = "notices.tell", "notices.mail"


def notify(
    *,
    kind: Kind,
    audience: Audience,
    title: str,
    body: str = "",
    path: str = "",
    subject_id: UUID | None = None,
    composer: str = "",
    facts: dict[str, Any] | None = None,
) -> None:
    """Promise to tell an audience, in the caller's transaction and from whichever schema it is in.

    ``title`` is the line in the inbox and the mail's subject (cut at 200 characters), ``body`` plain text,
    ``path`` the page it is about at the audience's own host. Each person is told as they chose. No mail is
    written or sent here: the worker does both. A mail that holds what must not be kept (a link's token) or
    a calendar entry is written when it is sent, by the function registered as ``composer`` (see
    ``apps.notices.mailing.composes``), which gets ``facts``.
    """
    enqueue(
        TELL,
        kind=str(kind),
        audience=audience.payload(),
        title=title[:200],
        body=body,
        path=path,
        subject_id=str(subject_id) if subject_id else None,
        composer=composer,
        facts=facts or {},
    )
