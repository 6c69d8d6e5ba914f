"""Papers in other languages: every message of every paper has its words, compiled as they are written."""

import ast
import gettext
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.utils import translation
from django.utils.functional import Promise

from apps.appointments.board import Status
from apps.carriers.models import VehicleClass
from apps.consignments.models import HandlingUnit
from apps.deliveries.models import Discrepancy, Doubt, Handover
from apps.documents import rendering
from apps.documents.templatetags import papers as words
from apps.facilities.models import DocumentType, PaperLanguage, Step, TemperatureClass
from tests.documents import notes

AT = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
LOCALE = Path(settings.BASE_DIR, "apps", "documents", "locale")
TRANSLATED = sorted(set(PaperLanguage.values) - {"en"})
#: What is never laid out for a site: the auditor's and the manager's own papers.
OTHERS = {"dossier.html", "weekly_report.html"}
CHOICES = [
    TemperatureClass,
    DocumentType,
    Step,
    HandlingUnit.Kind,
    VehicleClass,
    Handover.Condition,
    Handover.Outcome,
    Discrepancy.Kind,
    Discrepancy.Reason,
    Doubt,
    Status,
]

#: A message as catalogues have it: its context (often empty), itself, and the plural's (often empty).
Message = tuple[str, str, str]


def written(language: str) -> dict[Message, list[str]]:
    """What the readable catalogue says."""
    text = (LOCALE / language / "LC_MESSAGES" / "django.po").read_text("utf-8")
    found = {}
    for block in text.split("\n\n"):
        fields: dict[str, str] = {}
        for line in block.splitlines():
            if told := re.fullmatch(r'(msg\w+(?:\[\d\])?) (".*")', line):
                fields[told[1]] = ast.literal_eval(told[2])
            else:
                assert line.startswith(("#", '"')), line
        key = (fields.get("msgctxt", ""), fields["msgid"], fields.get("msgid_plural", ""))
        found[key] = [value for name, value in fields.items() if name.startswith("msgstr")]
    return {key: value for key, value in found.items() if key[1]}


def compiled(language: str) -> dict[str, list[str]]:
    """What the catalogue says that is read at run time, by message with its context in front."""
    with (LOCALE / language / "LC_MESSAGES" / "django.mo").open("rb") as file:
        catalog: dict[object, str] = vars(gettext.GNUTranslations(file))["_catalog"]
    found: dict[str, list[str]] = {}
    for key, value in sorted(catalog.items(), key=str):
        found.setdefault(str(key[0] if isinstance(key, tuple) else key), []).append(value)
    return {key: value for key, value in found.items() if key}


def said_by_papers() -> set[Message]:
    """Every message that a paper of a site can hold."""
    found = {("", str_of(label), "") for choices in CHOICES for _, label in choices.choices}
    for table in (words.OUTCOMES, words.FINDINGS, words.STAGES):
        found |= {("", str_of(label), "") for label in table.values()}
    for path in Path(settings.BASE_DIR, "templates", "documents").glob("*.html"):
        if path.name not in OTHERS:
            found |= set(_in_template(f"documents/{path.name}"))
    return found


def str_of(label: object) -> str:
    with translation.override("en"):
        return str(label) if isinstance(label, Promise | str) else repr(label)


def _in_template(name: str) -> Iterator[Message]:
    nodes = get_template(name).template.nodelist  # type: ignore[attr-defined]  # Django's own engine
    for node in nodes.get_nodes_by_type(TranslateNode):
        context = node.message_context.var if node.message_context else ""
        yield str(context), str(node.filter_expression.var.literal), ""
    for node in nodes.get_nodes_by_type(BlockTranslateNode):
        singular, _ = node.render_token_list(node.singular)
        plural = node.render_token_list(node.plural)[0] if node.plural else ""
        yield "", singular, plural


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_message_of_every_paper_is_translated(language):
    there = written(language)

    assert len(said_by_papers()) > 150
    assert said_by_papers() - set(there) == set()
    assert [key for key, values in there.items() if not all(values)] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_placeholders_are_the_messages_own(language):
    """A form for one or two may say the number in a word."""
    for (_, message, plural), values in written(language).items():
        asked = set(re.findall(r"%\(\w+\)\w*?[sd]", plural or message))
        for value in values:
            used = set(re.findall(r"%\(\w+\)\w*?[sd]", value))
            assert used == asked or (plural and used < asked), (message, value)
        assert set(re.findall(r"%\(\w+\)\w*?[sd]", values[-1])) == asked


@pytest.mark.parametrize("language", TRANSLATED)
def test_what_is_compiled_is_what_is_written(language):
    said = {
        (f"{context}\x04{message}" if context else message): sorted(values)
        for (context, message, _), values in written(language).items()
    }

    assert {key: sorted(values) for key, values in compiled(language).items()} == said


def test_a_note_is_in_its_language_with_the_languages_dates_numbers_and_direction():
    html = {
        language: rendering.delivery_note_html(replace(notes.ordinary(), language=language), issued_at=AT)
        for language in ("de", "ar")
    }

    assert '<html lang="de" dir="ltr">' in html["de"]
    assert "<h1>Lieferschein</h1>" in html["de"]
    assert "Delivery note" not in html["de"]
    assert '<html lang="ar" dir="rtl">' in html["ar"]
    assert "<h1>إشعار التسليم</h1>" in html["ar"]
