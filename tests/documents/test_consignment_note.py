"""What a CMR consignment note says, read back from the PDF: article 6 of the convention, box by box."""

from dataclasses import replace

from apps.documents import rendering
from apps.documents.papers import Transport
from tests.documents import notes
from tests.documents.test_delivery_note import pages_of, text_of, unspaced
from tests.documents.test_signing import assert_is_pdf_a_3b
from tests.factories.cast import NOW


def rendered(note):
    return rendering.render_consignment_note(note, issued_at=NOW)


def test_it_says_what_the_convention_asks_for_on_one_page():
    pdf = rendered(notes.ordinary())

    text = unspaced(text_of(pdf))

    facts = [
        "subject, notwithstanding any clause to the contrary, to the Convention",
        "Acme Medical",
        "14 Brickfield Road",
        "Highveld Hauliers",
        "JKL 204 GP",
        "Northern Hospital",
        "Gate 3, Jubilee Road",
        "Certificate of analysis · CoA 88121",
        "(00) 360012340000000014",
        "3, 6.1",
        "1,650.0",
        "2,887.5",
        "Report at Gate 3",
    ]
    assert [fact for fact in facts if unspaced(fact) not in text] == []
    assert len(pages_of(pdf)) == 1
    assert_is_pdf_a_3b(pdf)


def test_the_same_facts_give_the_same_bytes():
    assert rendered(notes.small()) == rendered(notes.small())


def test_it_carries_the_sender_s_logo():
    note = notes.small()

    pdf = rendered(replace(note, shipper=replace(note.shipper, logo=notes.logo())))

    assert notes.pictures_on(pdf) == [(45, 12)]


def test_a_carrier_that_is_not_known_yet_leaves_room_to_write():
    pdf = rendered(replace(notes.small(), transport=Transport()))

    assert "Highveld" not in text_of(pdf)
    assert "Vehicle …" in text_of(pdf)


def test_a_long_load_ends_with_the_three_signatures():
    pages = pages_of(rendered(notes.long()))

    assert len(pages) > 3
    assert "Goods received" in " ".join(pages[-1].split())
