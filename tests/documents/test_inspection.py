"""What comes in is what its content says, harmless, or refused with the reason."""

import io
import struct
import zipfile
import zlib
from contextlib import suppress

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from apps.documents.inspection import CSV, JPEG, MOST_BYTES, PDF, PNG, UploadRefused, UploadTooLarge, inspect
from apps.documents.rendering import html_to_pdf

CANARY = b"GPS-CANARY-26.1-28.0"


def photo(*, exif=True, size=(600, 400)):
    picture = Image.new("RGB", size, "navy")
    tags = Image.Exif()
    tags[0x010E] = CANARY.decode()
    tags[0x0112] = 6  # lies on its side
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=tags.tobytes() if exif else b"")
    return out.getvalue()


def pdf(change=None, **saving):
    with pikepdf.new() as made:
        made.add_blank_page()
        if change:
            change(made)
        out = io.BytesIO()
        made.save(out, **saving)
    return out.getvalue()


def test_a_photo_loses_what_is_hidden_in_it_and_stands_upright():
    found = inspect(photo() + b"PK\x03\x04 an archive behind it", "IMG 1.HEIC")

    assert (found.media_type, found.file_name) == (JPEG, "IMG 1.jpg")
    assert CANARY not in found.content
    assert b"an archive" not in found.content
    with Image.open(io.BytesIO(found.content)) as kept, Image.open(io.BytesIO(found.preview)) as preview:
        assert (kept.size, dict(kept.getexif())) == ((400, 600), {})
        assert max(preview.size) == 320


def test_a_drawing_with_transparency_stays_png():
    out = io.BytesIO()
    Image.new("RGBA", (40, 40), (0, 0, 0, 0)).save(out, "PNG")

    found = inspect(out.getvalue(), "stamp.jpg")

    assert (found.media_type, found.file_name) == (PNG, "stamp.png")


def test_a_quiet_pdf_stays_byte_for_byte():
    content = pdf()

    assert inspect(content, "../../CoA §7.exe").content == content
    assert inspect(content, "../../CoA §7.exe").file_name == "CoA -7.pdf"
    assert inspect(content, "x").media_type == PDF


def _script(made):
    made.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")


def _hidden_script(made):
    annotation = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot,
        Subtype=pikepdf.Name.Link,
        A=pikepdf.Dictionary(
            S=pikepdf.Name.GoTo, Next=pikepdf.Array([pikepdf.Dictionary(S=pikepdf.Name.Launch)])
        ),
    )
    made.pages[0].Annots = pikepdf.Array([annotation])


@pytest.mark.parametrize("change", [_script, _hidden_script])
@pytest.mark.parametrize("packed", [False, True])
def test_a_pdf_that_could_act_is_refused(change, packed):
    modes = pikepdf.ObjectStreamMode
    content = pdf(change, object_stream_mode=modes.generate if packed else modes.disable)

    with pytest.raises(UploadRefused, match="runs by itself"):
        inspect(content, "paper.pdf")


def test_an_encrypted_pdf_is_refused_with_what_to_do():
    content = pdf(encryption=pikepdf.Encryption(owner="o", user="u"))

    with pytest.raises(UploadRefused, match="without a password"):
        inspect(content, "paper.pdf")


def _svg():
    return b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def _archive():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"\0" * 1_000_000)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (_svg(), "picture.svg"),
        (_svg(), "picture.png"),
        (_archive(), "papers.zip"),
        (_archive(), "papers.pdf"),
        (b"<html><script>alert(1)</script>", "note.html"),
        (b"MZ\x90\x00" + b"\0" * 100, "coa.pdf"),
        (b"%PDF-1.7 and nothing behind it", "coa.pdf"),
        (photo()[:300], "half.jpg"),
        (b"", "empty.pdf"),
        ("Zeit;°C".encode("latin-1"), "log.csv"),
        (b"time,temp\n\x00\x01", "log.csv"),
    ],
)
def test_what_is_not_taken_is_refused_and_says_what_is(content, name):
    with pytest.raises(UploadRefused) as refusal:
        inspect(content, name)

    assert refusal.value.message


@pytest.mark.papers
def test_a_picture_that_breaks_off_stays_refused_after_papers_were_laid_out():
    html_to_pdf("<p>Any paper</p>")

    with pytest.raises(UploadRefused, match="damaged"):
        inspect(photo()[:-500], "half.jpg")


def test_a_picture_that_would_fill_the_memory_is_refused_before_it_is_decoded():
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0")), (b"IEND", b"")]
    bomb = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )

    with pytest.raises(UploadRefused):
        inspect(bomb, "bomb.png")


def test_a_file_that_is_too_large_says_how_large_it_may_be():
    with pytest.raises(UploadTooLarge, match="at most 20 MB"):
        inspect(b"%PDF" + b"\0" * MOST_BYTES, "large.pdf")


def test_a_table_is_kept_as_it_is():
    content = "\ufefftime,°C\n2026-03-02T06:00Z,-18.4\n".encode()

    found = inspect(content, "logger.csv")

    assert (found.content, found.media_type, found.file_name) == (content, CSV, "logger.csv")


@settings(max_examples=80, deadline=None)
@given(
    content=st.binary(max_size=400),
    start=st.sampled_from([b"", b"%PDF-1.4\n", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"]),
)
def test_whatever_bytes_come_they_are_taken_or_refused(content, start):
    found = None
    with suppress(UploadRefused):
        found = inspect(start + content, "x.csv")

    assert found is None or found.media_type in (PDF, JPEG, PNG, CSV)
