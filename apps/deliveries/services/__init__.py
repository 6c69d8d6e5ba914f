"""What others may ask of deliveries: from order to signed handover, each step with its custody event.

All of it runs in the shipper's schema. Somebody at the hub gets there by ``apps.deliveries.doorway``.
"""

from apps.deliveries.services.booking import (
    accept_offer,
    ask_for_slots,
    cancel_appointment,
    counter_offer,
    decline_offer,
    expire_offers,
)
from apps.deliveries.services.brought import bring_document, bring_logger, bring_photo, waive_document
from apps.deliveries.services.codes import confirm_code, request_code
from apps.deliveries.services.conditions import note_sensed, set_temperature_range
from apps.deliveries.services.day_papers import cancel_day_papers, open_day_papers, request_day_papers
from apps.deliveries.services.expecting import escalate_offers
from apps.deliveries.services.following import bring_again, not_taken, still_to_come
from apps.deliveries.services.formats import (
    announce_drop,
    choose_format,
    empty_drop,
)
from apps.deliveries.services.gate import call_to_dock, check_in, check_out, end_unloading, reach_door
from apps.deliveries.services.handing_out import hand_out_proof
from apps.deliveries.services.handover import hand_over, judged, photos_of
from apps.deliveries.services.intake import group_consignments, import_orders
from apps.deliveries.services.legs import on_the_vehicle, receive_leg, send_via, take_back
from apps.deliveries.services.papers import (
    issue_consignment_note,
    issue_delivery_note,
    issue_proof_of_delivery,
    request_consignment_note,
)
from apps.deliveries.services.pickups import hand_out, note_wrong_code, ready_to_collect, remind_of_pickup
from apps.deliveries.services.planned import record_planned, ship_from
from apps.deliveries.services.policy_answers import answer_by_policy
from apps.deliveries.services.priority import set_priority
from apps.deliveries.services.rebooking import move_now, propose_move, withdraw_move
from apps.deliveries.services.reminding import remind_of_papers
from apps.deliveries.services.returning import Decided, Decision, decide_returned, own_sites
from apps.deliveries.services.self_check_in import Reported, report_at_gate, standing_of
from apps.deliveries.services.series import run_series
from apps.deliveries.services.steps import (
    record_arrival,
    record_departure,
    record_failure,
    record_loading,
    reseal,
    start_unloading,
)
from apps.deliveries.services.waiting import offer_freed_slots, wait_for_slot
from apps.deliveries.services.yard import move_vehicle, record_no_show, record_walk_in, take_from_dock
from apps.deliveries.statement import Judged, Position, Statement, UnitFinding

__all__ = [
    "Decided",
    "Decision",
    "Judged",
    "Position",
    "Reported",
    "Statement",
    "UnitFinding",
    "accept_offer",
    "announce_drop",
    "answer_by_policy",
    "ask_for_slots",
    "bring_again",
    "bring_document",
    "bring_logger",
    "bring_photo",
    "call_to_dock",
    "cancel_appointment",
    "cancel_day_papers",
    "check_in",
    "check_out",
    "choose_format",
    "confirm_code",
    "counter_offer",
    "decide_returned",
    "decline_offer",
    "empty_drop",
    "end_unloading",
    "escalate_offers",
    "expire_offers",
    "group_consignments",
    "hand_out",
    "hand_out_proof",
    "hand_over",
    "import_orders",
    "issue_consignment_note",
    "issue_delivery_note",
    "issue_proof_of_delivery",
    "judged",
    "move_now",
    "move_vehicle",
    "not_taken",
    "note_sensed",
    "note_wrong_code",
    "offer_freed_slots",
    "on_the_vehicle",
    "open_day_papers",
    "own_sites",
    "photos_of",
    "propose_move",
    "reach_door",
    "ready_to_collect",
    "receive_leg",
    "record_arrival",
    "record_departure",
    "record_failure",
    "record_loading",
    "record_no_show",
    "record_planned",
    "record_walk_in",
    "remind_of_papers",
    "remind_of_pickup",
    "report_at_gate",
    "request_code",
    "request_consignment_note",
    "request_day_papers",
    "reseal",
    "run_series",
    "send_via",
    "set_priority",
    "set_temperature_range",
    "ship_from",
    "standing_of",
    "start_unloading",
    "still_to_come",
    "take_back",
    "take_from_dock",
    "wait_for_slot",
    "waive_document",
    "withdraw_move",
]
