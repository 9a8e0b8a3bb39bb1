"""The network explorer: a small ReLU network trained on every change, and the law that follows."""

import math
import time
from dataclasses import replace
from functools import lru_cache, partial
from typing import ClassVar

import numpy as np
import traitlets as t

from grokedu.explorers.base import (
    HERE,
    RULE,
    THRESHOLDS,
    Explorer,
    Still,
    cannot_run,
    erases,
    in_one_line,
    outcome,
    settings_of,
    some,
    step_in_words,
)
from grokedu.explorers.settings import SEED, Setting, traits
from grokedu.grokking import grokking_times
from grokedu.network_training import train_network
from grokedu.networks import relu_network_problem

_MAX_STEPS = 20_000  # simulated; the law of the late stage goes on to _LAST_STEP
_LAST_STEP = 10**8
_FIT_TOLERANCE = 1e-5
# Multiply-adds that a first run may take while the notebook cell waits for it: a few seconds.
_SHORT_WORK = 5e9
_RUN_POINTS = 45

SETTINGS = (
    Setting("weight_decay", "λ", "weight decay λ", 0.01, 1e-4, 1.0, zero=True),
    Setting("init_variance", "ν²", "initial variance ν²", 1.0, 1e-3, 10),
    Setting("n_samples", "n", "samples n", 10, 2, 40, whole=True, scale="linear", step=1),
    Setting("input_dim", "d", "input dimension d", 20, 2, 40, whole=True, scale="linear", step=1),
    Setting("width", "m", "neurons m", 100, 10, 300, whole=True, scale="linear", step=10),
    Setting("learning_rate", "η", "learning rate η", 0.01, 1e-3, 1.0),
    SEED,
    Setting("train_threshold", "ε", "train threshold ε", 0.01, 1e-4, 10),
    Setting("test_threshold", "c", "test threshold c", 0.01, 1e-4, 10),
)
_HIDDEN_BY_DEFAULT = ("input_dim", *THRESHOLDS)


class NetworkExplorer(Explorer):
    """Watch a two-layer ReLU network grok: change anything, and it is trained again.

    The browser trains the network itself, by full-batch gradient descent on both layers, until
    the data are fitted, and continues by the law of the late stage. In a notebook Python draws the
    network and trains it as well, and lays its run over that of the browser.

    Parameters
    ----------
    **settings
        Initial values: `weight_decay`, `init_variance`, `n_samples`, `input_dim`, `width`,
        `learning_rate`, `seed`, `train_threshold`, `test_threshold`. The other arguments are those
        of `Explorer`.

    Notes
    -----
    The network is that of `relu_network_problem`, with the zero teacher. Beyond the step at which
    the training loss is at most 10⁻⁵, or 10⁻⁵ of where it started if that is less, both losses
    shrink by (1 − ηλ)⁴ a step.
    """

    SETTINGS: ClassVar[tuple] = SETTINGS
    CONTROLS = tuple(s.name for s in SETTINGS if s.name not in _HIDDEN_BY_DEFAULT)
    _esm = HERE / "network.bundle.js"

    vars().update(traits(SETTINGS))
    kind = t.Unicode("network", read_only=True).tag(sync=True)
    network = t.Dict(help="inputs and initial weights at ν² = 1").tag(sync=True)

    def _prepare(self):
        self.network = _network(self.settings)

    @staticmethod
    def still(state):
        """The picture of a saved state, for pages without scripts: this trains the network.

        Parameters
        ----------
        state : dict
            Settings by name, as the widget's saved state holds them.

        Returns
        -------
        Still
        """
        settings = settings_of(state, SETTINGS)
        words = in_one_line(settings, SETTINGS)
        if erases(settings):
            return cannot_run("one step would erase the weights", words)
        trajectory, _ = _train(settings)
        times = _reached(trajectory, settings)
        horizon = _horizon(trajectory, times)
        losses = trajectory.train_loss + trajectory.test_loss
        shown = (trajectory.steps <= horizon) & np.isfinite(losses)
        inside = replace(
            trajectory,
            steps=trajectory.steps[shown],
            train_loss=trajectory.train_loss[shown],
            test_loss=trajectory.test_loss[shown],
        )
        row = ("trained", step_in_words(times.overfit_step), step_in_words(times.generalize_step))
        return Still(inside, times, horizon, (row,), f"{outcome(times, settings)} {words}")

    def _announce(self, settings, permit):
        self.publish(network=_network(settings))

    def _run(self, settings, permit):
        """Train the network, in the worker thread."""
        train_network(_problem(settings), **some(settings, RULE), n_steps=1)  # loads the kernels
        started = time.perf_counter()
        report = partial(self._report, n_steps=_MAX_STEPS, started=started, permit=permit)
        trajectory, simulated = _train(settings, report)
        if permit.superseded:
            return
        times = _reached(trajectory, settings)
        run = _curves(trajectory, times, simulated)
        run["settings"] = settings
        run["seconds"] = time.perf_counter() - started
        run["stopped"] = permit.stopped
        run["complete"] = simulated < _MAX_STEPS
        self.publish(run=run, run_times=self._times(times), progress={})

    def _is_short(self, settings):
        size = settings["n_samples"] * settings["input_dim"] * settings["width"]
        return 2 * _MAX_STEPS * size <= _SHORT_WORK


def _horizon(trajectory, times):
    """A power of ten that shows t1, t2 and what follows."""
    reached = 4 * max(times.overfit_step or 0, times.generalize_step or 0)
    return 10 ** math.ceil(math.log10(max(50, reached or min(int(trajectory.steps[-1]), 1e5))))


@lru_cache(maxsize=4)
def _draw(n_samples, input_dim, width, seed):
    """A network at ν² = 1."""
    return relu_network_problem(
        n_samples=n_samples, input_dim=input_dim, width=width, rng=np.random.default_rng(seed)
    )


def _unit(settings):
    return _draw(*(settings[name] for name in ("n_samples", "input_dim", "width", "seed")))


def _problem(settings):
    """The same draws at another ν²."""
    unit = _unit(settings)
    hidden = math.sqrt(settings["init_variance"]) * unit.hidden_weights[0]
    return replace(unit, hidden_weights=hidden)


def _network(settings):
    """What the browser needs to train the same network."""
    unit = _unit(settings)
    return {
        "n": settings["n_samples"],
        "d": settings["input_dim"],
        "m": settings["width"],
        "seed": settings["seed"],
        "inputs": unit.inputs.ravel().tolist(),
        "hidden": unit.hidden_weights[0].ravel().tolist(),
        "output": unit.output_weights.tolist(),
    }


def _train(settings, report=None):
    """Train, and continue in closed form. Return the trajectory and the number of steps trained."""
    problem = _problem(settings)
    start = problem.train_loss(problem.hidden_weights, problem.output_weights)
    simulated = 0

    def progress(done):
        nonlocal simulated
        simulated = done
        return done < _MAX_STEPS and (report is None or report(done))

    trajectory = train_network(
        problem,
        **some(settings, RULE + THRESHOLDS),
        n_steps=_LAST_STEP,
        tail="closed form",
        fit_tolerance=_FIT_TOLERANCE * min(1.0, start),
        progress=progress,
    )
    return trajectory, simulated


def _reached(trajectory, settings):
    return grokking_times(trajectory, **some(settings, THRESHOLDS))


def _curves(trajectory, times, simulated):
    """A few dozen of the recorded steps that a picture shows, evenly spaced in log(1 + t)."""
    ends = (simulated, times.overfit_step or 0, times.generalize_step or 0)
    losses = trajectory.train_loss + trajectory.test_loss
    shown = np.flatnonzero(np.isfinite(losses) & (trajectory.steps <= 3 * max(ends)))
    places = np.log1p(trajectory.steps[shown])
    wanted = np.linspace(0, places[-1], _RUN_POINTS)
    shown = shown[np.unique(np.searchsorted(places, wanted - 1e-12))]
    return {
        "steps": trajectory.steps[shown].tolist(),
        "train": trajectory.train_loss[shown].tolist(),
        "test": trajectory.test_loss[shown].tolist(),
        "n_steps": simulated,
        "diverged": trajectory.diverged,
    }
