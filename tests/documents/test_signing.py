"""Signed papers: valid, still PDF/A-3b by structure, and any change shows."""

import io
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pikepdf
import pytest
from asn1crypto import keys as asn1_keys
from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.pdf_utils.generic import NumberObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from apps.documents import rendering, signing, signing_keys
from apps.documents.signing_keys import PaperKey, PaperKeyInvalid

pytestmark = pytest.mark.papers

MOMENT = datetime(2026, 3, 2, 6, tzinfo=UTC)
PAGE = (
    '<html lang="en"><head><title>Proof</title>'
    '<meta name="dcterms.created" content="2026-03-02T06:00:00Z">'
    '<meta name="dcterms.modified" content="2026-03-02T06:00:00Z"></head>'
    '<body data-page="Page" data-of="of"><p>Northern received three pallets.</p></body></html>'
)
FILES = (
    rendering.Attachment("epcis.jsonld", b"{}", "The same as EPCIS 2.0"),
    rendering.Attachment("checkpoint.note", b"log\n1\nroot\n", "Signed head of the log", "Supplement"),
)


@pytest.fixture(scope="module")
def keys() -> tuple[PaperKey, PaperKey]:
    """Keys of a shipper and a recipient; a new one takes a second."""
    made = (
        signing_keys._parsed(signing_keys.new_pem(name, now=MOMENT), name) for name in ("Acme", "Northern")
    )
    return tuple(made)


@pytest.fixture(scope="module")
def paper() -> bytes:
    return rendering.html_to_pdf(PAGE, "paper.css", attachments=FILES, at=MOMENT)


def _status(signed: bytes, key: PaperKey, place: int = 0, trusted: tuple[asn1_x509.Certificate, ...] = ()):
    signature = PdfFileReader(io.BytesIO(signed)).embedded_signatures[place]
    roots = [asn1_x509.Certificate.load(key.certificate), *trusted]
    return validate_pdf_signature(signature, ValidationContext(trust_roots=roots, allow_fetching=False))


def assert_is_pdf_a_3b(data: bytes, attached: set[str] | None = None) -> None:
    """What of ISO 19005-3 level B can be told from the structure; fonts and colours are the renderer's."""
    with pikepdf.open(io.BytesIO(data)) as document:
        root = document.Root
        metadata = bytes(root.Metadata.read_bytes())
        assert b'pdfaid:part="3"' in metadata
        assert b'pdfaid:conformance="B"' in metadata
        assert "/Filter" not in root.Metadata.stream_dict or root.Metadata.Filter != "/Crypt"
        assert (document.pdf_version, "/Version" in root, document.is_encrypted) == ("1.7", False, False)
        assert root.OutputIntents[0].S == "/GTS_PDFA1"
        assert "/ID" in document.trailer
        assert not {"/OpenAction", "/AA", "/JavaScript"} & set(root.keys())
        named = list(root.get("/AF", []))
        assert len({each.objgen for each in named}) == len(named)
        if attached is not None:
            assert {str(each.UF) for each in named} == attached == set(document.attachments)
        for each in named:
            assert each.AFRelationship in {"/Source", "/Data", "/Alternative", "/Supplement", "/Unspecified"}
            assert "/Subtype" in each.EF.F.stream_dict
        for page in document.pages:
            for annotation in page.get("/Annots", []):
                assert int(annotation.F) & 0b100  # printed
                assert not int(annotation.F) & 0b100011  # neither invisible, hidden nor without view
        for object_ in document.objects:
            if isinstance(object_, pikepdf.Dictionary) and object_.get("/Type") == "/FontDescriptor":
                assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(object_.keys())


def test_a_paper_with_attachments_names_each_once_and_has_equal_bytes(paper):
    again = rendering.html_to_pdf(PAGE, "paper.css", attachments=FILES, at=MOMENT)

    assert_is_pdf_a_3b(paper, {"epcis.jsonld", "checkpoint.note"})
    assert paper == again


def test_both_parties_signatures_hold_and_the_paper_stays_pdf_a(paper, keys):
    acme, northern = keys
    once = signing.sign(paper, acme, field="Shipper", reason="Released", first=True)
    twice = signing.sign(once, northern, field="Recipient", reason="Received", first=False)

    statuses = [_status(twice, acme), _status(twice, northern, 1)]
    assert [(status.bottom_line, status.md_algorithm) for status in statuses] == [(True, "sha256")] * 2
    assert_is_pdf_a_3b(twice, {"epcis.jsonld", "checkpoint.note"})
    with pikepdf.open(io.BytesIO(paper)) as before, pikepdf.open(io.BytesIO(twice)) as after:
        assert after.Root.Metadata.read_bytes() == before.Root.Metadata.read_bytes()
        fields = [str(field.V.SubFilter) for field in after.Root.AcroForm.Fields]
    assert fields == ["/ETSI.CAdES.detached"] * 2
    assert twice.startswith(once)


def test_a_changed_byte_and_a_turned_page_break_the_signature(paper, keys):
    acme, _ = keys
    signed = signing.sign(paper, acme, field="Shipper", reason="Released", first=True)
    changed = bytearray(signed)
    changed[len(paper) // 2] ^= 1
    turned = IncrementalPdfFileWriter(io.BytesIO(signed))
    page = turned.root["/Pages"]["/Kids"][0]
    page["/Rotate"] = NumberObject(90)
    turned.update_container(page)
    output = io.BytesIO()
    turned.write(output)

    assert not _status(bytes(changed), acme).bottom_line
    assert not _status(output.getvalue(), acme).bottom_line


def test_nobody_trusts_a_signature_of_a_key_that_was_not_pinned(paper, keys):
    acme, northern = keys
    signed = signing.sign(paper, acme, field="Shipper", reason="Released", first=True)

    assert not _status(signed, northern).bottom_line


@pytest.fixture
def tsa() -> Iterator[tuple[str, asn1_x509.Certificate]]:
    """A time-stamping service on this machine, and its certificate."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Local TSA")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .sign(key, hashes.SHA256())
    )
    told = asn1_x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))
    private = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    stamper = DummyTimeStamper(told, asn1_keys.PrivateKeyInfo.load(private))

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = tsp.TimeStampReq.load(self.rfile.read(int(self.headers["Content-Length"])))
            body = stamper.request_tsa_response(asked).dump()
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", told
    server.shutdown()
    server.server_close()


def test_with_a_configured_service_the_signature_is_time_stamped(paper, keys, tsa, settings):
    settings.TIMESTAMP_URL, certificate = tsa
    signed = signing.sign(paper, keys[0], field="Shipper", reason="Released", first=True)

    status = _status(signed, keys[0], trusted=(certificate,))
    assert status.bottom_line
    assert abs(status.timestamp_validity.timestamp - datetime.now(UTC)) < timedelta(minutes=1)
    assert_is_pdf_a_3b(signed)


def test_a_service_that_does_not_answer_leaves_nothing_signed_and_says_so(paper, keys, settings):
    settings.TIMESTAMP_URL = "http://127.0.0.1:9/"

    with pytest.raises(signing.SigningFailed, match=r"http://127\.0\.0\.1:9/"):
        signing.sign(paper, keys[0], field="Shipper", reason="Released", first=True)


def test_a_shippers_key_is_made_once_for_its_owner_alone(settings, tmp_path, db, acme, globex):
    settings.CUSTODY_KEY_DIR = tmp_path
    first, again = (signing_keys.key_of_shipper(acme, now=MOMENT) for _ in range(2))

    other = signing_keys.key_of_shipper(globex, now=MOMENT)
    files = sorted((tmp_path / "papers").iterdir())
    assert first == again != other
    assert [file.name for file in files] == ["shipper-t_acme.pem", "shipper-t_globex.pem"]
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_a_recipients_key_is_there_when_it_was_entrusted(settings, tmp_path, northern, southern):
    settings.CUSTODY_KEY_DIR = tmp_path
    signing_keys.entrust(northern, signing_keys.new_pem(northern.name, now=MOMENT))

    assert signing_keys.key_of_recipient(northern).name == "Northern Hospital"
    assert signing_keys.key_of_recipient(southern) is None
    with pytest.raises(PaperKeyInvalid):
        signing_keys.entrust(southern, b"-----BEGIN NOTHING-----")
