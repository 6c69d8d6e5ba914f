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
from apps.consignments.services.stock import give_back_to_stock, put_back_to_stock, take_from_stock

__all__ = [
    "AlreadyPacked",
    "FileRefused",
    "NoCompanyPrefix",
    "SeriesExhausted",
    "give_back_to_stock",
    "import_consignments",
    "pack",
    "pallets_for",
    "put_back_to_stock",
    "take_from_stock",
    "take_numbers",
]
