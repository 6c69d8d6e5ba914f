"""From a notice to the mail that is sent: who writes it, and how a calendar entry goes with it."""

from collections.abc import Callable
from dataclasses import dataclass

from django.core.mail import EmailMessage

from apps.notices.models import Notice
from apps.tenancy.addresses import desk_address, hub_address


@dataclass(frozen=True)
class Enclosure:
    """A file that goes along with a mail."""

    name: str
    content: bytes
    media_type: str


@dataclass(frozen=True)
class Mail:
    """A mail as its composer writes it; ``calendar`` is an iCalendar object, ``method`` what it asks."""

    subject: str
    body: str
    calendar: bytes = b""
    method: str = ""
    enclosures: tuple[Enclosure, ...] = ()


Composer = Callable[[Notice], Mail | None]
COMPOSERS: dict[str, Composer] = {}


def composes(name: str) -> Callable[[Composer], Composer]:
    """Register who writes the mails of notices made with ``composer=name``.

    It runs in the worker outside any transaction, in the schema of the notice's shipper or else in the
    network's. It may issue links. None means that there is nothing to say any more.
    """

    def register(composer: Composer) -> Composer:
        if name in COMPOSERS:
            raise ValueError(f"two composers for {name}")
        COMPOSERS[name] = composer
        return composer

    return register


def compose(notice: Notice) -> Mail | None:
    """The mail of a notice, written by its composer or plainly."""
    if notice.composer:
        return COMPOSERS[notice.composer](notice)
    return Mail(
        notice.title, "\n\n".join(part for part in (notice.body, page_address(notice)) if part) + "\n"
    )


def page_address(notice: Notice) -> str:
    """The whole address of the page that a notice is about; empty when it has none."""
    if not notice.path:
        return ""
    return desk_address(notice.shipper, notice.path) if notice.shipper else hub_address(notice.path)


def send(mail: Mail, address: str) -> None:
    """Send one mail to one address.

    Raises:
        OSError, smtplib.SMTPException: the server can't be reached or refuses; the caller tries again later.
    """
    message = EmailMessage(mail.subject, mail.body, None, [address])
    if mail.calendar:
        kind = f"text/calendar; method={mail.method}"
        message.attach("appointment.ics", mail.calendar.decode(), kind)
    for each in mail.enclosures:
        message.attach(each.name, each.content, each.media_type)
    message.send()
