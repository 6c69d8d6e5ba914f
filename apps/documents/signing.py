"""Signing PDFs: PAdES B-B, and B-T where a time-stamping service is configured; PDF/A-3b stays what it is.

RSA with SHA-256, because pyHanko raises the file's PDF version for other keys, which PDF/A-3 forbids. The
XMP metadata stays as it was written: what pyHanko would rewrite there, PDF/A needs. A signature holds the
clock's time, so signed bytes differ each time; what was signed does not.
"""

from io import BytesIO

from asn1crypto import keys, x509
from django.conf import settings
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.timestamps import TimestampRequestError
from pyhanko.sign.timestamps.aiohttp_client import HTTPTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from apps.core.errors import DomainError
from apps.documents.signing_keys import PaperKey

TIMEOUT = 10  # seconds for the time-stamping service


class SigningFailed(DomainError):
    """The time-stamping service did not answer; nothing was signed, and trying again is harmless."""

    code = "signing-failed"
    status = 503


def sign(pdf: bytes, by: PaperKey, *, field: str, reason: str, first: bool) -> bytes:
    """``pdf`` with the signature of ``by`` in the field of that name; each party has a field of its own.

    The ``first`` signature certifies the paper: after it nothing but further signatures may be added.

    Raises:
        SigningFailed: the time-stamping service is configured and can't be reached.
    """
    certificate = x509.Certificate.load(by.certificate)
    store = SimpleCertificateStore()
    store.register(certificate)
    signer = signers.SimpleSigner(certificate, keys.PrivateKeyInfo.load(by.key), store)
    about = signers.PdfSignatureMetadata(
        field_name=field,
        md_algorithm="sha256",
        reason=reason,
        name=by.name,
        subfilter=fields.SigSeedSubFilter.PADES,
        certify=first,
        docmdp_permissions=fields.MDPPerm.FILL_FORMS,
    )
    try:
        signed: BytesIO = signers.sign_pdf(
            _KeepingMetadata(BytesIO(pdf)), about, signer=signer, timestamper=_timestamper()
        )
    except (TimestampRequestError, OSError) as error:
        raise SigningFailed(
            f"The time-stamping service {settings.TIMESTAMP_URL} gave no time: {error}. Try again later."
        ) from error
    return signed.getvalue()


class _KeepingMetadata(IncrementalPdfFileWriter):
    def _update_meta(self) -> None:
        """Leave the XMP alone."""


def _timestamper() -> HTTPTimeStamper | None:
    return HTTPTimeStamper(settings.TIMESTAMP_URL, timeout=TIMEOUT) if settings.TIMESTAMP_URL else None
