"""Mails that hold what pages show: the week's figures as a PDF."""

from datetime import date

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from apps.documents.rendering import html_to_pdf
from apps.figures import blaming
from apps.figures.reading import Choice, Period, figures, lateness
from apps.figures.services.reporting import COMPOSER
from apps.notices.mailing import Enclosure, Mail, composes, page_address
from apps.notices.models import Notice
from apps.portal.presenters import causes
from apps.portal.presenters import figures as present
from apps.tenancy.doorway import current_shipper


@composes(COMPOSER)
def compose_week(notice: Notice) -> Mail:
    """The week's figures beside the week before, early and late arrivals, causes; written as it is sent."""
    period = Period(date.fromisoformat(notice.facts["first"]), date.fromisoformat(notice.facts["last"]))
    pdf = week_as_pdf(period)
    said = _("The figures of the week are attached; the page has the deliveries behind them.")
    body = f"{said}\n\n{page_address(notice)}\n"
    return Mail(
        notice.title,
        body,
        enclosures=(Enclosure(f"figures-{period.first}.pdf", pdf, "application/pdf"),),
    )


def week_as_pdf(period: Period) -> bytes:
    """A period's figures as PDF/A, A4; equal figures give equal bytes.

    Raises:
        PdfUnavailable: a system library is missing.
    """
    choice = Choice(period)
    rates = blaming.rates_on(period.last)
    spread, _chart = present.lateness(lateness(choice))
    tables = [
        *present.overview(figures(choice), figures(choice.over(period.before)), ""),
        spread,
        causes.causes(blaming.blamed(choice), rates, ""),
    ]
    context = {"shipper": current_shipper().name, "period": period, "tables": tables, "rates": rates}
    return html_to_pdf(
        render_to_string("documents/weekly_report.html", context), "paper.css", "weekly_report.css"
    )
