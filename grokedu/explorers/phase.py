"""The phase explorer: a map of the predicted delay over two settings, and the run at its cursor."""

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import traitlets as t

from grokedu import predictions
from grokedu.explorers import ridge
from grokedu.explorers.base import HERE, Still, check_names, settings_of
from grokedu.explorers.settings import Checked, traits

COLUMNS, ROWS = 61, 31
_DELTA = 0.05  # the bound holds with probability 1 − δ

# A map shows the whole range of a setting, which is chosen so that round values are in its cells.
_RANGES = {
    "weight_decay": {"low": 1e-6, "high": 1.0, "zero": False},
    "init_variance": {"low": 1e-3, "high": 1e3},
    "n_samples": {"low": 20, "high": 500},
    "n_features": {"low": 50},
    "learning_rate": {"low": 1e-2, "high": 1e3},
    "train_threshold": {"low": 1e-4, "high": 1.0},
    "test_threshold": {"low": 1e-4, "high": 1.0},
}
SETTINGS = tuple(replace(each, **_RANGES.get(each.name, {})) for each in ridge.SETTINGS)
AXES = tuple(name for name in _RANGES if name != "n_features")
QUANTITIES = {
    "delay": "delay t₂ − t₁ (steps)",
    "t2": "t₂ (steps)",
    "ratio": "t₂ / t₁",
}


def _check_axes(axes):
    axes = check_names("axes", axes, AXES)
    if len(axes) != 2 or len(set(axes)) != 2:
        raise ValueError(f"axes={axes!r}: pass two different ones of {', '.join(AXES)}")
    return axes


def _check_quantity(quantity):
    if not isinstance(quantity, str) or quantity not in QUANTITIES:
        raise ValueError(f"quantity={quantity!r}: pass one of {', '.join(QUANTITIES)}")
    return quantity


_VIEWS = {
    "axes": (("weight_decay", "init_variance"), _check_axes),
    "quantity": ("delay", _check_quantity),
}


@dataclass(frozen=True, eq=False)
class PhaseMap:
    """The predicted times over two settings, for typical draws.

    Attributes
    ----------
    axes : tuple of Setting
        Of the columns and of the rows.
    x : (k,) float64
        The values along the columns.
    y : (l,) float64
        Those along the rows.
    overfit_step : (l, k) float64
        t1, as `predictions.phase_diagram` gives it.
    generalize_step : (l, k) float64
        t2 likewise.
    certified : (l, k) bool
        Where Eq. (8) of the paper promises that t2 is later than t1.
    untypical : (l, k) bool
        Where a typical run is not the mean that is predicted.
    """

    axes: tuple
    x: np.ndarray
    y: np.ndarray
    overfit_step: np.ndarray
    generalize_step: np.ndarray
    certified: np.ndarray
    untypical: np.ndarray

    @property
    def groks(self):
        """Where both times exist, the later one later."""
        ends = np.isfinite(self.overfit_step) & np.isfinite(self.generalize_step)
        return ends & (self.generalize_step > self.overfit_step)

    def values(self, quantity):
        """The "delay", "t2" or "ratio" t2/t1; NaN where nothing groks."""
        first, second = self.overfit_step, self.generalize_step
        with np.errstate(invalid="ignore", divide="ignore"):
            shown = {"delay": second - first, "t2": second, "ratio": second / first}[quantity]
        return np.where(self.groks, shown, np.nan)


def map_of(settings, axes):
    """The `PhaseMap` of these settings over two of them.

    Parameters
    ----------
    settings : dict
        All settings of a `PhaseExplorer` by name.
    axes : pair of str
    """
    across, along = (next(s for s in SETTINGS if s.name == name) for name in axes)
    x, y = _cells(across, COLUMNS), _cells(along, ROWS)
    given = {s.name: settings[s.name] for s in SETTINGS if s.name != "seed"}
    given |= {across.name: x[None, :], along.name: y[:, None]}
    *times, spread = predictions.phase_diagram(**given, return_spread=True)
    certified = certifies_a_delay(**given) & ~np.isnan(times[0])  # there is no delay without a t1
    untypical = spread > predictions.TYPICAL_SPREAD
    return PhaseMap((across, along), x, y, *times, certified, untypical)


def _cells(setting, number):
    """The values of a setting that a map shows, round ones, as the explorer's page has them."""
    places = np.arange(number) / (number - 1)
    low, high = setting.low, setting.high
    if setting.scale == "log":
        values = low * (high / low) ** places
        return np.array([float(f"{value:.3g}") for value in values])
    values = low + (high - low) * places
    return np.floor(values + 0.5) if setting.whole else values


def certifies_a_delay(
    *,
    n_samples,
    n_features,
    init_variance,
    teacher_norm,
    weight_decay,
    learning_rate,
    train_threshold,
    test_threshold,
):
    """Whether the Gaussian bound, Eq. (8) of the paper, promises a delay; for arrays of settings.

    It does where its conditions hold and its bound on t2 is later than that on t1, see
    `theory.gaussian_bounds` and `theory.conditions`. What these read off a draw is here what large
    draws have: eigenvalues between the Marchenko–Pastur edges, ‖θ(0)‖² = mν² and F = 1.
    """
    n, m, variance, norm = n_samples, n_features, init_variance, teacher_norm
    lam, eta, epsilon, c = weight_decay, learning_rate, train_threshold, test_threshold
    root = np.sqrt(np.divide(n, m))
    smallest, largest = (1 - root) ** 2 / n, (1 + root) ** 2 / n
    conditions = (
        (eta < 1 / (lam + largest))
        & (3 * lam * norm**2 <= 2 * epsilon)
        & (lam * norm * math.sqrt(6) <= np.sqrt(epsilon))
        & (norm**2 <= m * variance)
        & (m >= n + 32 * math.log(2 / _DELTA))
        & ((m - n) * variance >= 8 * norm**2)
        & ((m - n) * variance >= 8 * c * m)
        & (eta * lam <= 0.01)
        & (m * c >= norm**2)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        first = np.log(14 * m * variance / epsilon) / (2 * eta * smallest)
        second = np.log((m - n) * variance / (8 * m * c)) / (2.02 * eta * lam)
        return conditions & (second > np.maximum(first, 0.0))


@dataclass(frozen=True, eq=False)
class PhaseStill(Still):
    """A `Still` with the map.

    Attributes
    ----------
    map : PhaseMap
    quantity : str
    settings : dict
        Where the cursor is.
    """

    map: PhaseMap
    quantity: str
    settings: dict


class PhaseExplorer(ridge.RidgeExplorer):
    """A map of grokking: the predicted delay over two settings, and the run at any place of it.

    The map shows what `predictions.phase_diagram` predicts for typical draws, and where the
    Gaussian bound, Eq. (8) of the paper, certifies a delay. Its cursor is at the present settings,
    whose run is beside it, as in a `RidgeExplorer`: exact, and by gradient descent in a notebook.

    Parameters
    ----------
    axes : pair of str
        What the columns and the rows are: two of `weight_decay`, `init_variance`, `n_samples` (as
        n/m), `learning_rate`, `train_threshold`, `test_threshold`. The reader can change them.
    quantity : {"delay", "t2", "ratio"}
        What is shown: t2 − t1, t2, or t2/t1. The reader can change it.
    **settings
        As for `RidgeExplorer`, with the ranges that a map shows, and so are all other arguments.
        Presets set `axes` and `quantity` as well.
    """

    SETTINGS: ClassVar[tuple] = SETTINGS
    VIEWS: ClassVar[dict] = _VIEWS
    _esm = HERE / "phase.bundle.js"

    vars().update(traits(SETTINGS))
    kind = t.Unicode("phase", read_only=True).tag(sync=True)
    axes = Checked(lambda _, axes: _check_axes(axes), _VIEWS["axes"][0], "of the map")
    quantity = Checked(lambda _, name: _check_quantity(name), "delay", "what the map shows")

    def __init__(self, *, layers=("sharp",), **settings):
        super().__init__(layers=layers, **settings)

    @classmethod
    def still(cls, state):
        """The picture of a saved state, for pages without scripts.

        Parameters
        ----------
        state : dict
            Settings, `layers`, `axes` and `quantity` by name, as the widget's saved state holds
            them.

        Returns
        -------
        PhaseStill or Still
            With the map, unless the settings cannot run.
        """
        still = super().still(state)
        if still.trajectory is None:
            return still
        settings = settings_of(state, SETTINGS)
        axes, quantity = (state.get(name, at) for name, (at, _) in cls.VIEWS.items())
        shown = map_of(settings, axes)
        return PhaseStill(**vars(still), map=shown, quantity=quantity, settings=settings)
