"""The network explorer: a small ReLU network trained on every change, and the law that follows."""

import math
import time
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import traitlets as t

from grokedu.explorers._fallback import network_fallback_html, notice_html
from grokedu.explorers.base import (
    SEED,
    Explorer,
    ExplorerPlot,
    in_words,
    int_slider,
    log_slider,
)
from grokedu.grokking import grokking_times
from grokedu.network_training import train_network
from grokedu.networks import relu_network_problem

_HERE = Path(__file__).parent
_MAX_STEPS = 20_000  # simulated; the law of the late stage goes on to _LAST_STEP
_LAST_STEP = 10**8
_FIT_TOLERANCE = 1e-5
# Multiply-adds that a first run may take while the notebook cell waits for it: a few seconds.
_SHORT_WORK = 5e9
_RUN_POINTS = 45

# Every setting: its initial value, its range and its control.
_DEFAULTS = {
    "weight_decay": 0.01,
    "init_variance": 1.0,
    "n_samples": 10,
    "input_dim": 20,
    "width": 100,
    "learning_rate": 0.01,
    "seed": 0,
    "train_threshold": 0.01,
    "test_threshold": 0.01,
}
_CONTROLS = {
    "weight_decay": log_slider("weight decay λ", -4, 0, ".1e"),
    "init_variance": log_slider("initial variance ν²", -3, 1, ".1e"),
    "n_samples": int_slider("samples n", 2, 40),
    "input_dim": int_slider("input dimension d", 2, 40),
    "width": int_slider("neurons m", 10, 300, step=10),
    "learning_rate": log_slider("learning rate η", -3, 0, ".2g"),
    "seed": SEED,
    "train_threshold": log_slider("train threshold ε", -4, 1, ".1e"),
    "test_threshold": log_slider("test threshold c", -4, 1, ".1e"),
}
_SHOWN_BY_DEFAULT = (
    "weight_decay",
    "init_variance",
    "n_samples",
    "width",
    "learning_rate",
    "seed",
)


class NetworkPlot(ExplorerPlot):
    """What the browser trains and draws: the settings, the network, and the last run in Python."""

    _esm = _HERE / "network.bundle.js"
    _css = _HERE / "js" / "explorer.css"
    defaults = _DEFAULTS

    weight_decay = t.Float(_DEFAULTS["weight_decay"]).tag(sync=True)
    init_variance = t.Float(_DEFAULTS["init_variance"]).tag(sync=True)
    n_samples = t.Int(_DEFAULTS["n_samples"]).tag(sync=True)
    input_dim = t.Int(_DEFAULTS["input_dim"]).tag(sync=True)
    width = t.Int(_DEFAULTS["width"]).tag(sync=True)
    learning_rate = t.Float(_DEFAULTS["learning_rate"]).tag(sync=True)
    seed = t.Int(_DEFAULTS["seed"]).tag(sync=True)
    train_threshold = t.Float(_DEFAULTS["train_threshold"]).tag(sync=True)
    test_threshold = t.Float(_DEFAULTS["test_threshold"]).tag(sync=True)
    network = t.Dict(help="inputs and initial weights at ν² = 1").tag(sync=True)


class NetworkExplorer(Explorer):
    """Watch a two-layer ReLU network grok: change anything, and it is trained again.

    The browser trains the network itself, by full-batch gradient descent on both layers, until
    the data are fitted, and continues by the law of the late stage. In a notebook Python draws the
    network and trains it as well, and lays its run over that of the browser.

    Parameters
    ----------
    controls : sequence of str
        The settings that get a control, in this order. All others keep their initial value.
    step : int, optional
        The step at which the neurons are shown at first; t1 if not given.
    **settings
        Initial values: `weight_decay`, `init_variance`, `n_samples`, `input_dim`, `width`,
        `learning_rate`, `seed`, `train_threshold`, `test_threshold`.

    Attributes
    ----------
    plot : NetworkPlot
        Holds the state as traits, so ``explorer.plot.weight_decay = 1e-3`` works too.
    controls : dict of str to widget

    Notes
    -----
    The network is that of `relu_network_problem`, with the zero teacher. Beyond the step at which
    the training loss is at most 10⁻⁵, or 10⁻⁵ of where it started if that is less, both losses
    shrink by (1 − ηλ)⁴ a step.

    Raises
    ------
    ValueError
        For unknown controls or settings, and for values outside a control's range.
    """

    plot_class = NetworkPlot
    specs = _CONTROLS

    def __init__(self, *, controls=_SHOWN_BY_DEFAULT, step=None, **settings):
        super().__init__(controls, step, settings)

    def fallback_html(self):
        """The present state as a figure, a sentence and a table in HTML, without scripts."""
        settings = self.plot.settings
        if _erases(settings):
            return notice_html("These settings cannot run: one step would erase the weights")
        trajectory, _ = _train(settings)
        return network_fallback_html(trajectory, _reached(trajectory, settings), settings)

    @in_words
    def _on_setting(self, change):
        self._start_run()

    @in_words
    def _run(self, settings, permit):
        """Draw the network and train it, in the worker thread."""
        problem = _problem(settings)
        self.plot.publish(network=_network(settings), problem="")
        self._trajectory = None
        if _erases(settings):
            self.plot.publish(run={}, run_times={}, progress={})
            return
        train_network(problem, **_rule(settings), n_steps=1)  # loads the compiled kernels
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
        self._trajectory = trajectory
        self.plot.publish(run=run, run_times=self._times(times), progress={})

    def _is_short(self):
        settings = self.plot.settings
        size = settings["n_samples"] * settings["input_dim"] * settings["width"]
        return 2 * _MAX_STEPS * size <= _SHORT_WORK


def _erases(settings):
    return settings["learning_rate"] * settings["weight_decay"] >= 1


def _rule(settings):
    return {name: settings[name] for name in ("weight_decay", "learning_rate")}


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
        **_rule(settings),
        n_steps=_LAST_STEP,
        train_threshold=settings["train_threshold"],
        test_threshold=settings["test_threshold"],
        tail="closed form",
        fit_tolerance=_FIT_TOLERANCE * min(1.0, start),
        progress=progress,
    )
    return trajectory, simulated


def _reached(trajectory, settings):
    thresholds = {name: settings[name] for name in ("train_threshold", "test_threshold")}
    return grokking_times(trajectory, **thresholds)


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
