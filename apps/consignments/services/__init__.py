"""What others may ask of consignments."""

from apps.consignments.services.importing import FileRefused, import_consignments
from apps.consignments.services.numbering import take_numbers
from apps.consignments.services.packing import (
    AlreadyPacked,
    NoCompanyPrefix,
    SeriesExhausted,
    pack,
    pallets_for,
)

__all__ = [
    "AlreadyPacked",
    "FileRefused",
    "NoCompanyPrefix",
    "SeriesExhausted",
    "import_consignments",
    "pack",
    "pallets_for",
    "take_numbers",
]
