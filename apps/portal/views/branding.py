"""A shipper's logo: looked at, set and taken away by its administrators, shown to all of its people."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import ActingRequest
from apps.accounts.permissions import require
from apps.core.errors import DomainError, PermissionRefused
from apps.documents.logo import logo_content
from apps.documents.services import remove_logo, set_logo
from apps.portal.access import shipper_page
from apps.portal.forms_papers import LogoForm
from apps.portal.frame import desk_frame


@shipper_page
@require_http_methods(["GET", "POST"])
def branding(request: ActingRequest) -> HttpResponse:
    """The logo as it is, and a form to put another in its place."""
    require(request.actor, "documents.brand")
    form = LogoForm(request.POST or None, request.FILES or None)
    refused = None
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            set_logo(
                actor=request.actor, content=file.read(), file_name=file.name or "logo", now=timezone.now()
            )
        except PermissionRefused:
            raise
        except DomainError as error:
            refused = error
        else:
            messages.success(request, _("The logo is set; papers issued from now on carry it."))
            return redirect("desk:branding")
    context = {**desk_frame(request, section="branding"), "form": form, "refused": refused}
    status = refused.status if refused else 422 if form.errors else 200
    return render(request, "portal/desk/branding.html", context, status=status)


@shipper_page
@require_POST
def remove(request: ActingRequest) -> HttpResponse:
    """Papers and desk carry the name alone again."""
    remove_logo(actor=request.actor)
    messages.success(request, _("The logo is taken away; papers that were issued keep it."))
    return redirect("desk:branding")


@shipper_page
@require_GET
def picture(request: ActingRequest) -> HttpResponse:
    """The logo itself, for the shipper's people; its address changes with its content."""
    content = logo_content()
    if content is None:
        raise Http404
    answer = HttpResponse(content, content_type="image/png")
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, max-age=31536000, immutable" if request.GET.get("v") else "private"
    return answer
