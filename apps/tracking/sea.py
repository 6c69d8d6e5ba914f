"""Where on earth no lorry can be: the open sea, in cells of a quarter degree. Pure.

``open_sea.bin`` has one bit per cell, from 90° north and 180° west in rows to the east, compressed with zlib.
It is set where no land at all lies in the cell, by the GLOBE elevation model (NOAA, 30 arc seconds, public
domain); inland waters count as land there. A coast is therefore never sea for the first kilometres.
"""

import zlib
from functools import cache
from importlib.resources import files

CELLS_PER_DEGREE = 4
COLUMNS, ROWS = 360 * CELLS_PER_DEGREE, 180 * CELLS_PER_DEGREE


def is_open_sea(latitude: float, longitude: float) -> bool:
    """Whether nothing but sea lies around a place in degrees, WGS 84."""
    row = min(int((90 - latitude) * CELLS_PER_DEGREE), ROWS - 1)
    column = min(int((longitude + 180) * CELLS_PER_DEGREE), COLUMNS - 1)
    cell = row * COLUMNS + column
    return bool(_cells()[cell >> 3] >> (7 - (cell & 7)) & 1)


@cache
def _cells() -> bytes:
    return zlib.decompress(files("apps.tracking").joinpath("open_sea.bin").read_bytes())
