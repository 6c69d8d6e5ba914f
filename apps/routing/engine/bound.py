"""A cost that no plan of a problem can undercut, so that a plan can say how far from the best it may be at
most."""

from __future__ import annotations

import numpy as np

from apps.routing.engine.candidate import Candidate, RouteBook


def lower_bound(book: RouteBook) -> int:
    """Cents that any plan costs at least.

    A served visit costs at least its cheapest arrival, unloading, stop and pallets by some vehicle that can
    serve it alone; an unserved one costs its penalty. If anything is served, one route is paid for and comes
    home. Rounding is given away.
    """
    problem = book.problem
    arrivals = [_cheapest_arrival(book, visit) for visit in range(len(problem.visits))]
    penalties = [visit.penalty_cents for visit in problem.visits]
    served = sum(
        penalty if arrival is None else min(penalty, arrival)
        for arrival, penalty in zip(arrivals, penalties, strict=True)
    )
    overheads = [max(offer.tariff.fixed_cents, 0) for offer in problem.fleet if offer.vehicle_ids]
    return min(sum(penalties), served + min(overheads, default=0))


def _cheapest_arrival(book: RouteBook, visit: int) -> int | None:
    problem = book.problem
    costs = []
    for number, offer in enumerate(problem.fleet):
        if not isinstance(book.candidate((visit,), number), Candidate):
            continue
        tariff, one, place = offer.tariff, problem.visits[visit], problem.place(visit)
        arcs = problem.travel.metres[:, place] * (tariff.per_km_cents / 1000) + problem.travel.seconds[
            :, place
        ] * (tariff.per_hour_cents / 3600)
        others = np.arange(len(arcs)) != place
        at_stop = tariff.per_stop_cents + tariff.per_pallet_cents * one.load.pallets
        unloading = one.service_seconds * tariff.per_hour_cents / 3600
        costs.append(max(0, int(arcs[others].min() + unloading) + at_stop - 2))
    return min(costs, default=None)
