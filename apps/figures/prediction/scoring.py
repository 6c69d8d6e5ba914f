"""Telling a risk from weights: a weighted sum, calibrated, with the reasons that weigh most. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp
from typing import Any

from apps.figures.prediction.features import FEATURES, Case, Past, vector

REASONS = 3


@dataclass(frozen=True)
class Weights:
    """Log odds = ``slope`` × (``bias`` + Σ weight × (feature − mean) ÷ scale) + ``offset``.

    ``slope`` and ``offset`` are the calibration (Platt, 1999). ``past`` is what shares are read from.
    """

    bias: float
    weights: Sequence[float]
    means: Sequence[float]
    scales: Sequence[float]
    slope: float = 1.0
    offset: float = 0.0
    past: Past = field(default_factory=Past)

    def value(self) -> dict[str, Any]:
        """As JSON values, with the features' names so that weights never meet other features."""
        return {
            "features": list(FEATURES),
            "bias": self.bias,
            "weights": list(self.weights),
            "means": list(self.means),
            "scales": list(self.scales),
            "slope": self.slope,
            "offset": self.offset,
            "past": self.past.value(),
        }

    @classmethod
    def from_value(cls, value: dict[str, Any]) -> Weights:
        """What ``value`` gave.

        Raises:
            ValueError: they belong to other features than these; the model has to be trained again.
        """
        if tuple(value["features"]) != FEATURES:
            raise ValueError("the weights belong to other features")
        names = ("bias", "weights", "means", "scales", "slope", "offset")
        return cls(**{name: value[name] for name in names}, past=Past.from_value(value["past"]))


@dataclass(frozen=True)
class Reason:
    """One feature that weighs: by how much it moves the log odds, and what it was."""

    feature: str
    value: float
    weight: float


@dataclass(frozen=True)
class Told:
    """A probability from 0 to 1 and what raises it most, at most three; less where less raises it."""

    probability: float
    reasons: tuple[Reason, ...]


#: The rules of before there is history enough: what each adds to the log odds of 1 in 20. Our own judgement.
_RULES = {
    "papers": 2.0,
    "no_carrier": 2.5,
    "short_notice": 0.7,
    "many_rounds": 0.4,
    "no_plan": 0.5,
    "tight": 1.2,
}
RULES = Weights(
    bias=-2.94,
    weights=[_RULES.get(name, 0.0) for name in FEATURES],
    means=[0.0] * len(FEATURES),
    scales=[1.0] * len(FEATURES),
)


def tell(case: Case, weights: Weights) -> Told:
    """How likely the case goes wrong, and why."""
    row = vector(case, weights.past)
    parts = [
        weights.slope * weight * (number - mean) / scale
        for number, weight, mean, scale in zip(
            row, weights.weights, weights.means, weights.scales, strict=True
        )
    ]
    odds = weights.slope * weights.bias + sum(parts) + weights.offset
    ranked = sorted(zip(FEATURES, row, parts, strict=True), key=lambda part: -part[2])
    raising = [Reason(name, number, part) for name, number, part in ranked[:REASONS] if part > 0.05]
    return Told(sigmoid(odds), tuple(raising))


def sigmoid(odds: float) -> float:
    """Log odds as a probability; safe for large ones."""
    if odds >= 0:
        return 1 / (1 + exp(-odds))
    return exp(odds) / (1 + exp(odds))
