"""A state looks the same wherever it is shown, and one that nobody drew is still said."""

import pytest
from django.template.loader import render_to_string

from apps.appointments.states import State
from apps.core.state_looks import state_icon, state_word


@pytest.mark.parametrize("state", [each.value for each in State])
def test_every_state_of_an_appointment_has_an_icon_and_a_word(state: str) -> None:
    assert state_icon(state) != "circle-dashed"
    assert state_word(state) != state


def test_a_badge_says_the_page_s_word_or_the_state_s_own() -> None:
    badge = "components/status_badge.html"

    assert "<span>On the way</span>" in render_to_string(badge, {"state": "departed"})
    assert "<span>Left at 8</span>" in render_to_string(badge, {"state": "departed", "label": "Left at 8"})
    unknown = render_to_string(badge, {"state": "<odd>"})
    assert "<span>&lt;odd&gt;</span>" in unknown
    assert unknown.count("<svg") == 1
