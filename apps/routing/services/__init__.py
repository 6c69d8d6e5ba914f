"""What others may ask of routing: plan a day, repair or change a plan, put it in force, watch over it."""

from apps.routing.services.inserting import SlotPrice, price_slots, route_costs
from apps.routing.services.locking import lock_route, lock_stop
from apps.routing.services.moving import Choices, Weighed, move_choices, move_delivery, weigh_move
from apps.routing.services.planning import cancel_plan_job, request_plan, request_repair
from apps.routing.services.proposing import propose_slots, slots_to_propose
from apps.routing.services.publishing import publish_plan
from apps.routing.services.running import run_plan_job
from apps.routing.services.scheduling import UnusableSchedule, run_schedules, set_schedule
from apps.routing.services.watching import (
    note_decline,
    report_breakdown,
    review_plan,
    settle_declines,
    watch_plans,
    withdraw_breakdown,
)

__all__ = [
    "Choices",
    "SlotPrice",
    "UnusableSchedule",
    "Weighed",
    "cancel_plan_job",
    "lock_route",
    "lock_stop",
    "move_choices",
    "move_delivery",
    "note_decline",
    "price_slots",
    "propose_slots",
    "publish_plan",
    "report_breakdown",
    "request_plan",
    "request_repair",
    "review_plan",
    "route_costs",
    "run_plan_job",
    "run_schedules",
    "set_schedule",
    "settle_declines",
    "slots_to_propose",
    "watch_plans",
    "weigh_move",
    "withdraw_breakdown",
]
