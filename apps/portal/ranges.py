"""A file as a download that can be taken up where it broke off: byte ranges of RFC 9110, section 14."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

CHUNK = 1 << 16
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class RangeUnsatisfiable(ValueError):
    """The file ends before what was asked for begins."""


def ranged_download(
    request: HttpRequest, file: BinaryIO, *, size: int, etag: str, filename: str, content_type: str
) -> HttpResponseBase:
    """The file, or the part that ``Range`` asks for, for whoever asks alone; closes it when it was sent.

    Without ``If-Range``, or with this very ``etag`` there, the part is given, else the whole file: nobody
    puts the parts of two files together. Several ranges at once get the whole file.
    """
    try:
        start, end = _asked(request, size, etag)
    except RangeUnsatisfiable:
        file.close()
        refused = HttpResponse(status=416)
        refused["Content-Range"] = f"bytes */{size}"
        return _private(refused, etag)
    file.seek(start)
    response = StreamingHttpResponse(_part(file, end - start), content_type=content_type)
    response["Content-Length"] = str(end - start)
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    if end - start < size:
        response.status_code = 206
        response["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return _private(response, etag)


def _private(response: HttpResponseBase, etag: str) -> HttpResponseBase:
    response["ETag"] = etag
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _asked(request: HttpRequest, size: int, etag: str) -> tuple[int, int]:
    """Where to begin and before which byte to end; the whole file where no one range is asked for."""
    asked = _RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    if not asked or asked[0] == "bytes=-" or request.headers.get("If-Range", etag) != etag:
        return 0, size
    first, last = asked.groups()
    if not first:  # the last so many bytes
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return 0, size  # no range at all, to be ignored
    if start >= size or start >= end:
        raise RangeUnsatisfiable(asked[0])
    return start, end


def _part(file: BinaryIO, left: int) -> Iterator[bytes]:
    with file:
        while left and (chunk := file.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk
