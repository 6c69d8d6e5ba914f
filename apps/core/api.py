"""The REST edge's common ground: problem documents (RFC 9457) and cursor pages."""

from typing import Any

from django.http import Http404
from rest_framework import exceptions
from rest_framework.pagination import CursorPagination
from rest_framework.response import Response
from rest_framework.views import exception_handler

from apps.core.errors import DomainError

PROBLEM_TYPE = "application/problem+json"


class Cursor(CursorPagination):
    """Pages of 50, at most 200, newest first, by opaque cursor."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"
    ordering = "-id"


def problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """Translate a refusal or DRF error into a problem document; None for what nobody foresaw."""
    if isinstance(error, DomainError):
        return _document(error.status, error.code, error.message, **error.details)
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, exceptions.ValidationError):
        return _document(422, "invalid", "Some fields need another value.", errors=_pointers(error.detail))
    code = "not-found" if isinstance(error, Http404) else getattr(error, "default_code", "error")
    answer = _document(
        response.status_code, str(code).replace("_", "-"), str(getattr(error, "detail", error))
    )
    for name in {"WWW-Authenticate", "Retry-After"} & set(response.headers):
        answer.headers[name] = response.headers[name]
    return answer


def _document(status: int, code: str, detail: str, **members: Any) -> Response:
    body = {
        "type": f"urn:dockside:{code}",
        "title": code.replace("-", " "),
        "status": status,
        "detail": detail,
    }
    return Response({**body, **members}, status=status, content_type=PROBLEM_TYPE)


def _pointers(detail: Any, pointer: str = "") -> list[dict[str, str]]:
    if isinstance(detail, dict):
        return [entry for key, value in detail.items() for entry in _pointers(value, f"{pointer}/{key}")]
    if isinstance(detail, list):
        return [
            entry
            for index, value in enumerate(detail)
            for entry in (
                _pointers(value, f"{pointer}/{index}")
                if isinstance(value, dict | list)
                else [{"pointer": pointer or "/", "detail": str(value)}]
            )
        ]
    return [{"pointer": pointer or "/", "detail": str(detail)}]
