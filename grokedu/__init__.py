"""Grokking in ridge regression: gradient descent, exact dynamics, theorems and pictures.

A map of the modules, in the order of their imports:

==============  ============================================================================
`checks`        bad input in words
`ridge`         what is learned: data, teacher, initial weights, population covariance
`random_features`  ridge regression on random ReLU and Fourier features
`networks`      ReLU networks with their data, and their exact population loss
`progress`      how a long run tells how far it is
`trajectory`    what a run leaves behind: the two losses at each recorded step
`training`      gradient descent on ridge problems, step by step, in numba kernels
`network_training`  the same on networks
`crossings`     sums of decaying exponentials, and the exact steps at which they cross a level
`exact`         the same runs in closed form, for any number of steps
`grokking`      t1, t2 and their delay, read off a trajectory
`theory`        the theorems of Xu, Vardi and Safran (2026), with their constants and conditions
`predictions`   sharp predictions from random matrix theory
`sweeps`        grids of parameters times random draws, as a tidy table
`figures`       the house style and the plots
`explorers`     the interactive widgets
==============  ============================================================================

Names are loaded when first used, so ``import grokedu`` costs nothing and a closed-form curve
does not wait for numba, pandas or matplotlib.
"""

from importlib import import_module

__version__ = "0.1.0"

_HOME = {
    "RidgeProblem": "ridge",
    "gaussian_problem": "ridge",
    "realizable_problem": "ridge",
    "NetworkProblem": "networks",
    "relu_network_problem": "networks",
    "relu_feature_problem": "random_features",
    "fourier_feature_problem": "random_features",
    "Trajectory": "trajectory",
    "train_ridge": "training",
    "train_network": "network_training",
    "exact_ridge": "exact",
    "exact_grokking_times": "exact",
    "ridge_solution": "exact",
    "GrokkingTimes": "grokking",
    "Reason": "grokking",
    "Why": "grokking",
    "grokking_times": "grokking",
    "gaussian_accuracy": "grokking",
    "sweep": "sweeps",
}
_MODULES = {
    "checks",
    "ridge",
    "networks",
    "random_features",
    "trajectory",
    "training",
    "network_training",
    "crossings",
    "exact",
    "grokking",
    "theory",
    "predictions",
    "sweeps",
    "figures",
    "explorers",
}

__all__ = sorted([*_HOME, *_MODULES])


def __getattr__(name):
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *__all__])
