"""What pages have in common: a refusal is answered with what it says, a browser is told its limits."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.core.errors import DomainError

#: What a page may ask a device for: the camera reads codes, a driver's phone says where it is; nothing else.
PERMISSIONS = "camera=(self), geolocation=(self), display-capture=(), microphone=(), payment=(), usb=()"


class PermissionsPolicyMiddleware:
    """No page, and nothing that it could be made to embed, reaches more of a device than Dockside uses."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        return response


class DomainErrorMiddleware:
    """Views handle the refusals they can show beside a form; what they let through becomes a page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, DomainError):
            return None
        return render(request, "refused.html", {"error": exception}, status=exception.status)
