"""Official vectors and schemas that tests hold our files to, from ``STANDARDS_DIR``; absent, tests skip."""

import json
import os
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, FormatChecker
from lxml import etree

STANDARDS = Path(os.environ.get("STANDARDS_DIR", Path(__file__).parents[1] / "../shared/standards"))

_FORMATS = FormatChecker(formats=())
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+", re.ASCII)


@_FORMATS.checks("uri")
def _is_uri(value: object) -> bool:
    return not isinstance(value, str) or _URI.fullmatch(value) is not None


@_FORMATS.checks("date-time", raises=ValueError)
def _is_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def ubl_judge() -> Callable[[bytes], list[str]]:
    """What the official schema of its kind says against a UBL 2.1 document; none where it is valid."""
    schemas = STANDARDS / "ubl21" / "xsdrt" / "maindoc"
    if not schemas.is_dir():
        pytest.skip("no UBL schemas: STANDARDS_DIR names no folder with ubl21/xsdrt")

    def check(document: bytes) -> list[str]:
        root = etree.fromstring(document)
        name = etree.QName(root).localname
        schema = etree.XMLSchema(etree.parse(schemas / f"UBL-{name}-2.1.xsd"))
        return [] if schema.validate(root) else [str(error) for error in schema.error_log]

    return check


def epcis_judge() -> Callable[[Any], list[str]]:
    """What the official schema says against an EPCIS 2.0.1 document, formats included."""
    schema = STANDARDS / "epcis" / "schema" / "epcis-json-schema-2.0.1.json"
    if not schema.is_file():
        pytest.skip("no EPCIS schema: STANDARDS_DIR names no folder with epcis/schema")
    validator = Draft7Validator(json.loads(schema.read_text()), format_checker=_FORMATS)
    return lambda document: [
        f"{list(each.path)}: {each.message[:200]}" for each in validator.iter_errors(document)
    ]
