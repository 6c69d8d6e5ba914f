"""A finished custody bundle on its way to whoever may have it: its digest, and the file or a part of it."""

import base64
import hashlib
import os
from typing import BinaryIO
from uuid import UUID

from django.core.cache import cache
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.core.models import Job
from apps.custody.services.export_jobs import KEPT_FOR, bundle_of
from apps.portal.ranges import ranged_download

CHUNK = 1 << 20


def bundle_response(request: HttpRequest, bundle: BinaryIO, job_id: UUID) -> HttpResponseBase:
    """The bundle as a download that can be resumed; its SHA-256 goes along (RFC 9530) and is its ETag."""
    digest = _digest(bundle, job_id)
    response = ranged_download(
        request,
        bundle,
        size=os.fstat(bundle.fileno()).st_size,
        etag=f'"{digest}"',
        filename=f"custody-{str(job_id)[-8:]}.zip",
        content_type="application/zip",
    )
    response["Repr-Digest"] = f"sha-256=:{base64.b64encode(bytes.fromhex(digest)).decode()}:"
    return response


def digest_of(job: Job) -> str:
    """The SHA-256 of a bundle that is still kept, to compare a download with; empty for one that is not."""
    bundle = bundle_of(job)
    if bundle is None:
        return ""
    with bundle:
        return _digest(bundle, job.pk)


def sha256_of(file: BinaryIO) -> str:
    """The digest of a file in hex, read through once and wound back."""
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK):
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _digest(bundle: BinaryIO, job_id: UUID) -> str:
    """A bundle never changes, so it is read for its digest once while it is kept."""
    key = f"export-sha256-{job_id}"
    digest: str | None = cache.get(key)
    if digest is None:
        digest = sha256_of(bundle)
        cache.set(key, digest, KEPT_FOR.total_seconds())
    return digest
