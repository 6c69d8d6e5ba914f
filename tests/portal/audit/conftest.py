"""The audit pages stand on the desk's fixtures."""

from tests.portal.desk.conftest import (
    asked,
    at_the_moment,
    auditors_desk,
    confirmed,
    delivery,
    desk,
    own_keys_and_store,
)

__all__ = ["asked", "at_the_moment", "auditors_desk", "confirmed", "delivery", "desk", "own_keys_and_store"]
