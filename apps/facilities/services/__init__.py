"""What others may do with sites: each function is one use case in one transaction."""

from apps.facilities.services.changing import StaleSite, change_site, open_site
from apps.facilities.services.copying import PARTS, CopyRefused, copy_rules
from apps.facilities.services.holidays import Holiday, close_on, suggested_holidays

__all__ = [
    "PARTS",
    "CopyRefused",
    "Holiday",
    "StaleSite",
    "change_site",
    "close_on",
    "copy_rules",
    "open_site",
    "suggested_holidays",
]
