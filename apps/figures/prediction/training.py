"""Fitting weights to a shipper's history, calibrated on later days and tested on the latest.

A logistic regression (scikit-learn): its weights can be read, stored as numbers and calculated with anywhere.
The history is split by time and never shuffled: what is tested lies after everything that was learnt from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.figures.prediction.features import FEATURES, Case, in_time
from apps.figures.prediction.scoring import Weights

#: Below this history rules tell, and their reader is told so.
LEAST_CASES, LEAST_WRONG = 500, 40
#: Shares of the history, by time: learnt from, calibrated on, the rest tested on.
LEARNT, CALIBRATED = 0.6, 0.2
BINS = 10
#: Below this the model says too little to be used.
LEAST_AREA = 0.6

Rows = NDArray[np.float64]


@dataclass(frozen=True)
class Bin:
    """Some tested cases of like risk: what was told on the average, and the share that went wrong."""

    cases: int
    told: float
    happened: float


@dataclass(frozen=True)
class Test:
    """How weights did on the days held back.

    ``brier`` is the mean squared error of the probabilities, ``brier_usual`` that of always telling the usual
    share. ``area`` is under the ROC curve. ``lift`` is how many times the usual share went wrong in the tenth
    with the highest risk; ``error`` the mean distance of told and happened, over the bins.
    """

    cases: int
    wrong: int
    brier: float
    brier_usual: float
    area: float
    lift: float
    error: float
    bins: tuple[Bin, ...]

    def value(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class Trained:
    """Weights with their test; ``is_good`` says whether they may be used, ``why`` in words."""

    weights: Weights
    test: Test
    is_good: bool
    why: str


def train(cases: Sequence[Case]) -> Trained | None:
    """Fit, calibrate and test; None where the history is too short. Equal cases give equal weights."""
    if len(cases) < LEAST_CASES or sum(bool(case.went_wrong) for case in cases) < LEAST_WRONG:
        return None
    told, happened, past = in_time(cases)
    rows, wrong = np.array(told), np.array(happened, dtype=float)
    learnt = int(len(rows) * LEARNT)
    tested = int(len(rows) * (LEARNT + CALIBRATED))
    parts = [wrong[:learnt], wrong[learnt:tested], wrong[tested:]]
    if any(len(np.unique(part)) < 2 for part in parts):
        return None
    weights = _fit(rows[:learnt], wrong[:learnt])
    slope, offset = _calibrate(_odds(rows[learnt:tested], weights), wrong[learnt:tested])
    weights = Weights(
        weights.bias, weights.weights, weights.means, weights.scales, slope=slope, offset=offset, past=past
    )
    usual = float(wrong[:tested].mean())
    test = _test(_probabilities(rows[tested:], weights), wrong[tested:], usual)
    if test.area < LEAST_AREA:
        return Trained(weights, test, False, "It tells too little apart; the rules go on telling.")
    if test.brier >= test.brier_usual:
        return Trained(weights, test, False, "It is no better than the usual share; the rules go on telling.")
    return Trained(weights, test, True, "It did better on the days held back than the usual share.")


def _fit(rows: Rows, wrong: Rows) -> Weights:
    from sklearn.linear_model import LogisticRegression  # loads for a second: in the worker alone

    means, scales = rows.mean(axis=0), rows.std(axis=0)
    scales[scales < 1e-9] = 1.0
    model = LogisticRegression(C=0.5, max_iter=500).fit((rows - means) / scales, wrong)
    return Weights(float(model.intercept_[0]), model.coef_[0].tolist(), means.tolist(), scales.tolist())


def _calibrate(odds: Rows, wrong: Rows) -> tuple[float, float]:
    """Platt's two numbers, from days after those learnt from; never turning the order round."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1e3).fit(odds.reshape(-1, 1), wrong)
    slope = float(model.coef_[0][0])
    return (slope, float(model.intercept_[0])) if slope > 0 else (1.0, 0.0)


def _odds(rows: Rows, weights: Weights) -> Rows:
    scaled = (rows - np.array(weights.means)) / np.array(weights.scales)
    odds: Rows = weights.bias + scaled @ np.array(weights.weights)
    return odds


def _probabilities(rows: Rows, weights: Weights) -> Rows:
    told: Rows = 1 / (1 + np.exp(-(weights.slope * _odds(rows, weights) + weights.offset)))
    return told


def _test(told: Rows, wrong: Rows, usual: float) -> Test:
    from sklearn.metrics import brier_score_loss, roc_auc_score

    order = np.argsort(told, kind="stable")
    bins = tuple(
        Bin(len(part), float(told[part].mean()), float(wrong[part].mean()))
        for part in np.array_split(order, BINS)
        if len(part)
    )
    top = order[-max(1, len(order) // 10) :]
    return Test(
        cases=len(told),
        wrong=int(wrong.sum()),
        brier=float(brier_score_loss(wrong, told)),
        brier_usual=float(np.mean((wrong - usual) ** 2)),
        area=float(roc_auc_score(wrong, told)),
        lift=float(wrong[top].mean() / wrong.mean()),
        error=float(sum(each.cases * abs(each.told - each.happened) for each in bins) / len(told)),
        bins=bins,
    )


def weights_in_words(weights: Weights) -> list[tuple[str, float]]:
    """Each feature with its weight per standard deviation, the heaviest first."""
    told = zip(FEATURES, weights.weights, strict=True)
    return sorted(told, key=lambda each: -abs(each[1]))
