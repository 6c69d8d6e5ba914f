"""Labels are read by a scanner as GS1-128 with the unit's SSCC; equal facts print equal bytes."""

from dataclasses import replace

import pypdfium2
import pytest
import zxingcpp

from apps.consignments.sscc import check_digit
from apps.documents.papers import Goods, Labels
from apps.documents.printing import MOST_LABELS, NothingToPrint, print_labels, print_packing_list
from tests.documents import notes

FOUR_INCH_SCANNER = 203 / 72  # dots per point of a common label printer


def labels(note):
    return Labels(
        number=note.number, shipper=note.shipper, recipient=note.recipient, site=note.site, goods=note.goods
    )


def scanned(pdf):
    """What a scanner reads off each page, and that it knows it as GS1."""
    read = []
    for page in pypdfium2.PdfDocument(pdf):
        (code,) = zxingcpp.read_barcodes(
            page.render(scale=FOUR_INCH_SCANNER).to_pil(), formats=zxingcpp.BarcodeFormat.Code128
        )
        read.append((code.bytes.decode(), code.content_type))
    return read


def test_every_label_scans_at_the_resolution_of_a_label_printer():
    note = notes.small()

    assert scanned(print_labels(labels(note))) == [
        (f"00{unit.sscc}", zxingcpp.ContentType.GS1) for unit in note.units
    ]


def test_a_label_says_for_people_what_it_says_for_scanners():
    note = notes.small()

    page = pypdfium2.PdfDocument(print_labels(labels(note)))[0]
    text = page.get_textpage().get_text_bounded()

    assert f"(00) {note.units[0].sscc}" in text
    assert [round(side / 72 * 25.4) for side in page.get_size()] == [105, 148]
    assert "Northern Hospital stores" in text


def test_labels_and_packing_list_carry_the_shipper_s_logo_and_still_scan():
    note = notes.small()
    party = replace(note.shipper, logo=notes.logo())
    named = replace(note, shipper=party)

    sheets = [print_labels(labels(named)), print_packing_list(labels(named))]

    assert [notes.pictures_on(sheet) for sheet in sheets] == [[(30, 8)] * len(note.units), [(45, 12)]]
    assert scanned(sheets[0]) == scanned(print_labels(labels(note)))


def test_the_bars_are_as_wide_and_high_as_gs1_wants_them():
    page = pypdfium2.PdfDocument(print_labels(labels(notes.small())))[0]
    scale = 600 / 72
    (code,) = zxingcpp.read_barcodes(
        page.render(scale=scale).to_pil(), formats=zxingcpp.BarcodeFormat.Code128
    )
    width = (code.position.top_right.x - code.position.top_left.x) / scale / 72 * 25.4
    # start + FNC1 + 10 pairs + check of 11 modules, stop of 13
    assert width / (13 * 11 + 13) >= 0.495


def test_names_in_other_scripts_and_many_units_keep_their_page():
    note = notes.scripts()

    assert len(pypdfium2.PdfDocument(print_labels(labels(note)))) == len(note.units)


def test_more_labels_than_one_print_holds_go_on_in_the_next():
    unit = notes.small().units[0]
    goods = Goods(number="C-1", items=(), units=(unit,) * (MOST_LABELS + 2))
    many = Labels(**{**vars(labels(notes.small())), "goods": (goods,)})

    rest = pypdfium2.PdfDocument(print_labels(many, first=MOST_LABELS + 1))

    assert len(rest) == 2
    assert f"{MOST_LABELS + 2} / {MOST_LABELS + 2}" in rest[1].get_textpage().get_text_bounded()


def test_nothing_to_label_is_said():
    empty = Labels(**{**vars(labels(notes.small())), "goods": ()})

    with pytest.raises(NothingToPrint):
        print_labels(empty)


def test_equal_facts_print_equal_bytes():
    for paper in (print_labels, print_packing_list):
        assert paper(labels(notes.small())) == paper(labels(notes.small()))


def test_the_packing_list_names_every_line_and_unit():
    note = notes.small()
    text = "".join(
        page.get_textpage().get_text_bounded()
        for page in pypdfium2.PdfDocument(print_packing_list(labels(note)))
    )

    for goods in note.goods:
        assert all(item.article.split(",")[0] in text for item in goods.items)
        assert all(unit.sscc in text for unit in goods.units)


def test_the_samples_have_right_check_digits():
    assert all(check_digit(unit.sscc[:-1]) == int(unit.sscc[-1]) for unit in notes.small().units)
