"""What others may ask of tracking: take what vehicles report, tell when they come, and let it be followed."""

from apps.tracking.services.arrivals import expect_arrivals, judge_arrivals
from apps.tracking.services.following import (
    Followed,
    end_links,
    followed,
    mail_link,
    make_link,
    open_links,
)
from apps.tracking.services.positions import Answer, Outcome, Said, forget_positions, take_positions
from apps.tracking.services.readings import Measured, settle_readings, take_readings

__all__ = [
    "Answer",
    "Followed",
    "Measured",
    "Outcome",
    "Said",
    "end_links",
    "expect_arrivals",
    "followed",
    "forget_positions",
    "judge_arrivals",
    "mail_link",
    "make_link",
    "open_links",
    "settle_readings",
    "take_positions",
    "take_readings",
]
