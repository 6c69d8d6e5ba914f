"""The planning itself, in the worker: gather, search outside any transaction, have it checked, store."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from apps.core.errors import DomainError
from apps.core.jobs import REPORT_EVERY, Reporter, fail, finish, lock_open, take_up
from apps.core.models import Job
from apps.core.turns import one_at_a_time
from apps.facilities.models import Site
from apps.routing import engine
from apps.routing.alternatives import alternatives
from apps.routing.models import RoutePlan
from apps.routing.problems import DayProblem, gather
from apps.routing.selectors import latest_plan, own_site, plan_by_id
from apps.routing.stored import Rows, read_back, write_down
from apps.routing.volumes import assumed
from apps.routing.wording import counted
from apps.tenancy.doorway import current_shipper

UNHARMED = "Nothing was changed; the plan in force stays."


def run_plan_job(
    *,
    job_id: UUID,
    site_id: UUID,
    day: date,
    seed: int,
    clock: Callable[[], datetime],
    asked_at: datetime | None = None,
    repairs: UUID | None = None,
) -> None:
    """Do one planning job to its end; a job that is over already is left alone, so this may run twice.

    ``repairs`` is the plan to change as little as possible; without it the day is planned anew. The day is
    planned as of ``asked_at``, so that a worker who begins again is asked the same. Whatever goes wrong is
    the job's message, and the plans there are stay as they are. ``clock`` is asked when the job begins and
    when it ends.
    """
    message = "Gathering deliveries, vehicles and tariffs."
    if take_up(job_id, message=message, now=clock(), unharmed=UNHARMED) is None:
        return
    try:
        site = own_site(site_id, shipper_id=current_shipper().pk)
        basis = plan_by_id(repairs) if repairs else latest_plan(site=site, day=day)
        now = asked_at or clock()
        asked = gather(
            site=site,
            day=day,
            seed=seed,
            now=now,
            basis=basis,
            repairs=repairs is not None,
        )
        asked = replace(asked, notes=(*asked.notes, *_assumed(asked)))
        watch = JobWatch(job_id, asked.problem)
        answer = engine.plan(
            asked.problem,
            progress=watch.hear,
            cancelled=watch.is_cancelled,
            alternatives=alternatives(asked, now),
        )
        _store(job_id, asked, answer, basis, repairs is not None, clock())
    except engine.InvalidProblem as error:
        fail(job_id, "This day can't be planned: " + " ".join(error.faults), now=clock())
    except engine.EngineFault as error:
        fail(job_id, f"The plan broke rules in its own check and was thrown away: {error}.", now=clock())
    except DomainError as error:
        fail(job_id, error.message, now=clock())
    except Exception:
        fail(job_id, "Planning ended with an internal error; nothing was changed. Ask again.", now=clock())
        raise


def _assumed(asked: DayProblem) -> list[str]:
    """What the day is expected to cost, said where promises to carriers hang on it."""
    problem = asked.problem
    names = [one.id for one in problem.carriers]
    return assumed(asked.site, asked.day.day, carriers=names, currency=problem.currency)


class JobWatch:
    """Between the engine and the job's row: tells how far the search is, hears that it shall stop."""

    def __init__(self, job_id: UUID, problem: engine.Problem, *, every: float = REPORT_EVERY) -> None:
        self._reporter, self._problem = Reporter(job_id, every=every), problem
        self._at_most = (problem.budget.iterations or 0) * engine.ROUNDS
        self._round = self._iterations = 0
        self._best: int | None = None

    def hear(self, progress: engine.Progress) -> None:
        """Take note of a better solution; the row is told at the next look."""
        self._round = progress.round
        if self._best is None or progress.best_cost < self._best:
            self._best = progress.best_cost

    def is_cancelled(self) -> bool:
        """Asked at every iteration; looks at the row now and then only."""
        self._iterations += 1
        if self._reporter.is_due:
            self._reporter.tell(
                self._iterations,
                self._at_most,
                f"Searching for cheaper routes, round {max(self._round, 1)} of at most {engine.ROUNDS}"
                f"{self._best_so_far()}.",
            )
        return self._reporter.is_stopped

    def _best_so_far(self) -> str:
        """The best cost; while deliveries are left out it is mostly penalties, so that is said instead.

        What can wait is worth little, so a plan without it is told by its cost, its price included.
        """
        if self._best is None:
            return ""
        worth = [visit.penalty_cents for visit in self._problem.visits]
        musts = [one for one in worth if one >= engine.DEFAULT_PENALTY_CENTS]
        if musts and self._best >= min(musts):
            return "; the best so far leaves deliveries out"
        priced_in = ", what can wait and is left out priced in" if len(musts) < len(worth) else ""
        return f"; the best so far costs {self._problem.currency} {self._best / 100:,.2f}{priced_in}"


@transaction.atomic
def _store(
    job_id: UUID,
    asked: DayProblem,
    answer: engine.Plan,
    basis: RoutePlan | None,
    repairs: bool,
    now: datetime,
) -> None:
    """Store the plan as the next version and end the job, both or neither.

    Raises:
        EngineFault: what would be stored breaks a rule of the problem.
    """
    job = lock_open(job_id)
    if job is None:
        return
    rows = write_down(
        asked,
        answer,
        job_id=job.pk,
        planned_by=job.asked_by_name,
        version=next_version(asked.site, asked.day.day),
        making=RoutePlan.Making.REPAIRED if repairs else RoutePlan.Making.PLANNED,
        basis=basis,
    )
    violations = engine.check(asked.problem, read_back(asked, rows))
    if violations:
        raise engine.EngineFault(violations)
    rows.save()
    job.done = job.total = max(answer.iterations, 1)
    finish(job, Job.State.DONE, in_words(rows), now=now)


def next_version(site: Site, day: date) -> int:
    """The number of the next version for that site and day; others wait until this transaction ends."""
    one_at_a_time(f"routing versions {site.pk} {day}")
    latest = RoutePlan.objects.filter(site=site, day=day).order_by("-version").first()
    return latest.version + 1 if latest else 1


def in_words(rows: Rows) -> str:
    """The outcome in a sentence or two: “Version 2: 3 routes with 14 stops, 212 km, ZAR 9,120.00. …”"""
    plan = rows.plan
    stops = sum(len(stops) for _, stops in rows.routes)
    if rows.routes:
        said = [
            f"Version {plan.version}: {counted(len(rows.routes), 'route')} with {counted(stops, 'stop')}, "
            f"{plan.distance_m / 1000:,.0f} km, {plan.currency} {plan.cost_cents / 100:,.2f}."
        ]
    else:
        said = [f"Version {plan.version} has no route.", *plan.notes[:1]]
    if rows.unassigned:
        said.append(f"Left out, with reasons: {counted(len(rows.unassigned), 'delivery', 'deliveries')}.")
    if not plan.is_finished:
        said.append("The search was ended early; this is the best found until then.")
    return " ".join(said)
