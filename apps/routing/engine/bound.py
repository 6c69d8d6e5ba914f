"""A cost that no plan of a problem can undercut, so that a plan can say how far from the best it may be at
most."""

from __future__ import annotations

import numpy as np

from apps.routing.engine.candidate import Candidate, RouteBook


def lower_bound(book: RouteBook) -> int:
    """Cents that any plan costs at least.

    A served visit costs at least its cheapest arrival, unloading, stop and pallets by some vehicle that can
    serve it alone; an unserved one costs its penalty. If anything is served, one route is paid for and comes
    home. Rounding, and whatever has to stay as it is, is given away.
    """
    problem = book.problem
    stays = {one for stay in problem.stays for one in stay.visit_ids}
    free = [visit for visit, one in enumerate(problem.visits) if one.id not in stays]
    arrivals = [_cheapest_arrival(book, visit) for visit in free]
    penalties = [problem.visits[visit].penalty_cents for visit in free]
    served = sum(
        penalty if arrival is None else min(penalty, arrival)
        for arrival, penalty in zip(arrivals, penalties, strict=True)
    )
    if stays:
        return min(sum(penalties), served)
    overheads = [offer.tariff.fixed_cents for offer in problem.fleet if offer.vehicle_ids]
    return min(sum(penalties), served + min(overheads, default=0))


def _cheapest_arrival(book: RouteBook, visit: int) -> int | None:
    problem = book.problem
    costs = []
    for number, offer in enumerate(problem.fleet):
        after_others = book.kept(number) is not None and book.allowed(visit, number)
        if not after_others and not isinstance(book.candidate((visit,), number), Candidate):
            continue
        tariff, one, place = offer.tariff, problem.visits[visit], problem.place(visit)
        travel = problem.travel_of(offer)
        arcs = travel.metres[:, place] * (tariff.per_km_cents / 1000)
        arcs = arcs + travel.seconds[:, place] * (tariff.per_hour_cents / 3600)
        others = np.arange(len(arcs)) != place
        at_stop = tariff.per_stop_cents + tariff.per_pallet_cents * one.load.pallets
        unloading = one.service_seconds * tariff.per_hour_cents / 3600
        costs.append(max(0, int(arcs[others].min() + unloading) + at_stop - 2))
    return min(costs, default=None)
