"""What a delivery note shows, read back from the finished PDF."""

import io
import os
import re
import subprocess
import sys
import unicodedata
from dataclasses import replace
from pathlib import Path

import pypdf
import pypdfium2
import pytest
import zxingcpp
from django.conf import settings

from apps.documents import rendering
from apps.documents.papers import Goods, Party, Transport
from tests.documents import notes
from tests.factories.cast import NOW

pytestmark = pytest.mark.papers


def rendered(note):
    return rendering.render_delivery_note(note, issued_at=NOW)


def pages_of(pdf):
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]


def text_of(pdf):
    return "\n".join(pages_of(pdf))


def unspaced(text):
    """Where a line breaks depends on the fonts; what it says does not."""
    return "".join(text.split())


def characters_of(pdf):
    """What pdfium reads off the pages, in one normal form, with spaces and direction marks left out."""
    document = pypdfium2.PdfDocument(pdf)
    text = "".join(page.get_textpage().get_text_range() for page in document)
    return {
        letter
        for letter in unicodedata.normalize("NFKC", text)
        if unicodedata.category(letter)[0] not in "ZC"
    }


def codes_of(pdf):
    """What a scanner reads off the QR codes of the first page."""
    picture = pypdfium2.PdfDocument(pdf)[0].render(scale=3).to_pil()
    return [code.text for code in zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)]


def test_it_names_the_parties_the_slot_the_vehicle_and_every_unit():
    note = notes.ordinary()

    text = unspaced(text_of(rendered(note)))

    facts = [
        "Delivery note",
        note.number,
        "Issued Mon 2 Mar 2026, 08:00 SAST (UTC+02:00)",
        "Acme Medical",
        "Northern Hospital stores",
        "Gate 3, Jubilee Road",
        "Tue 3 Mar 2026, 09:00–10:30",
        "08:30–09:30",
        "Dock 1",
        "K7QM-4TXP",
        "Highveld Hauliers",
        "JKL 204 GP",
        "Thabo Mokoena",
        "High-visibility vest, safety shoes",
        "Chilled, 2–8 °C",
        "ADR 3, 6.1",
        "2,887.5 kg",
        "CoA 88121",
        "Temperature log Open",
        "Page 1 of",
        *(f"(00) {unit.sscc}" for unit in note.units),
        *(item.batch for goods in note.goods for item in goods.items),
    ]
    assert [fact for fact in facts if unspaced(fact) not in text] == []


def test_a_delivery_of_few_lines_is_one_page():
    note = replace(notes.small(), site=replace(notes.SITE, gate_instructions="", protective_equipment=""))

    assert len(pages_of(rendered(note))) == 1


def test_300_lines_repeat_the_tables_head_on_every_page_and_are_summed_up_once():
    note = notes.long()

    pages = pages_of(rendered(note))

    goods_pages = [page for page in pages if "GTIN" in page]
    unit_pages = [page for page in pages if "(00) " in page]
    text = " ".join("\n".join(pages).split())
    assert len(goods_pages) > 10
    assert all("Line" in page and "Batch" in page and "Quantity" in page for page in goods_pages)
    assert all("SSCC" in page for page in unit_pages)
    assert (text.count("Gross weight"), text.count("26,400 kg"), text.count("Released by")) == (1, 1, 1)
    assert text.count("GTIN 0600") == 300
    assert sum(f"(00) {unit.sscc}" in text for unit in note.units) == 64
    assert all(f"Page {number} of {len(pages)}" in page for number, page in enumerate(pages, 1))


def test_no_line_is_split_between_two_pages():
    pages = pages_of(rendered(notes.long()))

    per_page = [
        (page.count("GTIN"), sum(page.count(f"B{2600 + line}-A") for line in range(1, 181))) for page in pages
    ]
    assert all(gtins == batches for gtins, batches in per_page)


@pytest.mark.parametrize("script", sorted(notes.NAMES))
def test_names_are_written_in_their_own_script(script, empty_boxes):
    name = notes.NAMES[script]
    note = replace(notes.small(), recipient=Party(name=name), transport=Transport(driver=name))

    pdf = rendered(note)

    if missing := scripts_without_font(name):
        pytest.skip(f"no font on this machine has {missing}; fonts-noto-core has")
    assert {letter for letter in unicodedata.normalize("NFKC", name) if letter.isalpha()} - characters_of(
        pdf
    ) == set()
    assert empty_boxes() == []


def test_a_name_without_a_font_still_makes_a_paper():
    note = replace(notes.small(), recipient=Party(name="\U00012000\U0001f9ff\ue000"))

    assert rendered(note).startswith(b"%PDF-1.7")


def test_a_right_to_left_paper_with_texts_as_long_as_they_get_stays_whole():
    pdf = rendered(notes.crowded())

    text = text_of(pdf)
    assert (text.count("W") >= 300, "K7QM-4TXP" in text, "2026" in text) == (True, True, True)
    assert [code.split()[0] for code in codes_of(pdf)] == ["K7QM-4TXP"]


@pytest.mark.parametrize("scan_text", ["", "https://acme.example.com/d/0193f2a4?c=K7QM-4TXP"])
def test_the_code_scans_from_the_page(scan_text):
    note = replace(notes.ordinary(), scan_text=scan_text)

    assert codes_of(rendered(note)) == [scan_text or "K7QM-4TXP DN-2026-000482"]


def test_a_second_issue_says_which_one_it_replaces():
    pdf = rendering.render_delivery_note(notes.small(), issued_at=NOW, version=2)

    assert "Issue 2, replaces issue 1" in text_of(pdf)


def test_the_same_facts_are_the_same_bytes_in_another_process():
    code = (
        "import django, hashlib; django.setup();"
        "from apps.documents.rendering import render_delivery_note as r; from tests.documents import notes;"
        "from tests.factories.cast import NOW;"
        "print(hashlib.sha256(r(notes.scripts(), issued_at=NOW)).hexdigest())"
    )

    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONHASHSEED": seed},
            cwd=settings.BASE_DIR,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(digests) == 1


def test_other_facts_are_another_file():
    note = notes.small()

    ids = {
        pypdf.PdfReader(io.BytesIO(rendered(each))).trailer["/ID"][0].original_bytes
        for each in (note, replace(note, number="DN-2026-000499"))
    }

    assert len(ids) == 2


def test_the_file_is_an_archive_pdf_that_says_what_it_is():
    reader = pypdf.PdfReader(io.BytesIO(rendered(notes.small())))

    catalog = reader.trailer["/Root"]
    assert (reader.metadata.title, reader.metadata.author) == ("Delivery note DN-2026-000481", "Acme Medical")
    assert reader.metadata.creation_date == reader.metadata.modification_date == NOW
    assert reader.xmp_metadata.stream.get_data().count(b"pdfaid") > 0
    assert ("/OutputIntents" in catalog, "/JavaScript" in str(catalog), "/Lang" in catalog) == (
        True,
        False,
        True,
    )


HOSTILE = (
    "<script>alert(1)</script>",
    '<img src="file:///etc/passwd">',
    "<img src=http://169.254.169.254/latest/meta-data>",
    '<link rel="attachment" href="file:///etc/passwd">',
    "<style>@import url(http://169.254.169.254/x.css);</style>",
    '"><svg><image href="file:///etc/passwd"/></svg>',
    "{% include 'base.html' %}{{ note.number }}",
)


def test_markup_in_names_is_text_and_fetches_nothing(monkeypatch):
    fetched = []
    monkeypatch.setattr("weasyprint.URLFetcher.fetch", recording(fetched))
    items = tuple(notes.item(line, article=text) for line, text in enumerate(HOSTILE, 1))
    note = replace(
        notes.small(),
        shipper=Party(name=HOSTILE[0], address=HOSTILE),
        site=replace(notes.SITE, name=HOSTILE[1], gate_instructions="\n".join(HOSTILE)),
        goods=(Goods(number="<b>1</b>", items=items),),
    )

    pdf = rendered(note)

    text = unspaced(text_of(pdf))
    assert [hostile for hostile in HOSTILE if unspaced(hostile) not in text] == []
    assert {url.split(":")[0] for url in fetched} == {"data"}
    assert "/EmbeddedFiles" not in str(pypdf.PdfReader(io.BytesIO(pdf)).trailer["/Root"])


@pytest.mark.parametrize(
    "markup",
    [
        '<img src="file:///etc/passwd">',
        '<img src="http://169.254.169.254/">',
        '<link rel="stylesheet" href="file:///etc/passwd">',
        '<style>@import "http://169.254.169.254/x.css";</style>',
        "<style>@font-face {font-family: x; src: url(http://169.254.169.254/x)} p {font: 1em x}</style><p>x",
        '<p style="background: url(file:///etc/passwd)">x</p>',
        '<img src="relative.png">',
    ],
)
def test_a_template_that_refers_outside_itself_is_refused_or_shows_nothing_of_it(markup, monkeypatch):
    opened = []
    monkeypatch.setattr(
        "urllib.request.OpenerDirector.open", lambda *arguments, **rest: opened.append(arguments)
    )

    try:
        rendering.html_to_pdf(markup)
        refused = False
    except rendering.UnsafePaper:
        refused = True

    assert opened == []
    assert refused or "relative" in markup


def test_a_machine_without_the_libraries_is_told_which_packages(monkeypatch):
    def missing(name, *rest, **more):
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return real(name, *rest, **more)

    real = __import__
    monkeypatch.setattr("builtins.__import__", missing)

    with pytest.raises(rendering.PdfUnavailable, match="apt-get install libpango"):
        rendering.html_to_pdf("<p>x</p>")


def recording(fetched):
    import weasyprint

    original = weasyprint.URLFetcher.fetch

    def fetch(self, url, headers=None):
        fetched.append(url)
        return original(self, url, headers)

    return fetch


def scripts_without_font(name):
    """The letters of ``name`` that no installed font has, as fontconfig knows."""
    listed = "".join(sorted(letter for letter in set(name) if letter.isalpha()))
    return [
        letter
        for letter in listed
        if not subprocess.run(
            ["fc-list", f":charset={ord(letter):x}", "family"], check=True, capture_output=True, text=True
        ).stdout
    ]


@pytest.fixture
def empty_boxes(caplog):
    """Called after a rendering: the letters that were drawn as an empty box, as WeasyPrint warns of them."""
    caplog.set_level("WARNING", logger="weasyprint")
    return lambda: [record.getMessage() for record in caplog.records if ".notdef" in record.getMessage()]


def test_the_check_for_empty_boxes_finds_them(empty_boxes):
    rendered(replace(notes.small(), recipient=Party(name="\U0010fffd")))

    assert len(empty_boxes()) > 0


def test_styles_name_no_address():
    styles = Path(settings.BASE_DIR, "templates/documents").glob("*.css")

    assert [
        style.name for style in styles if "url(" in style.read_text() or "@import" in style.read_text()
    ] == []


def test_styles_ask_for_no_font_features():
    """WeasyPrint 70 never gives back what it takes for them: a worker would grow with every paper."""
    styles = Path(settings.BASE_DIR, "templates", "documents").glob("*.css")

    assert [
        style.name for style in styles if re.search(r"font-(variant|feature|kerning)", style.read_text())
    ] == []
