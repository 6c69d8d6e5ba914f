"""What others may ask of routing: plan a day in the background, stop that, put a plan in force."""

from apps.routing.services.planning import cancel_plan_job, request_plan
from apps.routing.services.publishing import publish_plan
from apps.routing.services.running import run_plan_job

__all__ = ["cancel_plan_job", "publish_plan", "request_plan", "run_plan_job"]
