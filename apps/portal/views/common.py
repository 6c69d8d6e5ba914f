"""Pages that hub and desk share: theme, help, readiness."""

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.models import Person


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the chosen theme: with the person when signed in, in a cookie for the browser."""
    chosen = request.POST.get("theme", "")
    if chosen not in Person.Theme.values:
        chosen = Person.Theme.AUTO
    target = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        target = "/"
    response = redirect(target)
    response.set_cookie(
        "theme", chosen, max_age=365 * 86400, samesite="Lax", secure=settings.PRODUCTION, httponly=True
    )
    if request.user.is_authenticated:
        Person.objects.filter(pk=request.user.pk).update(theme=chosen)
    return response


@require_GET
def help_page(request: HttpRequest) -> HttpResponse:
    """What the words mean and whom to ask; the same address everywhere."""
    return render(request, "portal/help.html")


@require_GET
def ready(request: HttpRequest) -> HttpResponse:
    """Whether this process can serve: the database answers, has its tables, and lets this role read them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM appointments_appointment LIMIT 0")  # looks for no row that it may see
    return HttpResponse("ready\n", content_type="text/plain")
