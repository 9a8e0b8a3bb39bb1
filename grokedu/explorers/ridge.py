"""The ridge explorer: one random ridge problem, its exact curves and its gradient descent."""

import math
import time
from functools import lru_cache, partial
from pathlib import Path

import ipywidgets as widgets
import numpy as np
import traitlets as t

from grokedu.exact import exact_grokking_times
from grokedu.explorers._fallback import fallback_html
from grokedu.explorers.base import (
    SEED,
    Explorer,
    ExplorerPlot,
    check_names,
    in_words,
    int_slider,
    log_slider,
)
from grokedu.grokking import grokking_times
from grokedu.ridge import gaussian_problem
from grokedu.training import train_ridge

_HERE = Path(__file__).parent
_MAX_STEPS = 5_000_000
_UNSTABLE_STEPS = 5_000
# Multiply-adds that a first run may take while the notebook cell waits for it: a few seconds.
_SHORT_WORK = 5e9
_CURVE_POINTS = 300

LAYERS = ("sharp", "theorem", "gaussian")

# Every setting: its initial value (the paper's defaults), its range and its control.
_DEFAULTS = {
    "weight_decay": 1e-4,
    "init_variance": 1.0,
    "n_samples": 100,
    "n_features": 1000,
    "learning_rate": 1.0,
    "teacher_norm": 1.0,
    "seed": 0,
    "train_threshold": 0.01,
    "test_threshold": 0.01,
}
_CONTROLS = {
    "weight_decay": log_slider("weight decay λ", -7, 0, ".1e"),
    "init_variance": log_slider("initial variance ν²", -6, 3, ".1e"),
    "n_samples": int_slider("samples n", 5, 500, step=5),
    "n_features": log_slider("features m", 1, 4, ",.0f"),
    "learning_rate": log_slider("learning rate η", -2, 3, ".3g"),
    "teacher_norm": {
        "range": (0.0, 5.0),
        "make": lambda value: widgets.FloatSlider(
            value=value, min=0, max=5, step=0.1, readout_format=".1f"
        ),
        "description": "teacher norm ‖θ*‖",
    },
    "seed": SEED,
    "train_threshold": log_slider("train threshold ε", -6, 1, ".1e"),
    "test_threshold": log_slider("test threshold c", -6, 1, ".1e"),
}
_SHOWN_BY_DEFAULT = (
    "weight_decay",
    "init_variance",
    "n_samples",
    "n_features",
    "learning_rate",
    "teacher_norm",
    "seed",
)


class RidgePlot(ExplorerPlot):
    """What the browser draws: the settings, the problem in its eigenbasis, and the last run."""

    _esm = _HERE / "ridge.bundle.js"
    _css = _HERE / "js" / "explorer.css"
    defaults = _DEFAULTS

    weight_decay = t.Float(_DEFAULTS["weight_decay"]).tag(sync=True)
    init_variance = t.Float(_DEFAULTS["init_variance"]).tag(sync=True)
    n_samples = t.Int(_DEFAULTS["n_samples"]).tag(sync=True)
    # A logarithmic slider gives numbers between whole ones; `settings` rounds.
    n_features = t.Float(_DEFAULTS["n_features"]).tag(sync=True)
    learning_rate = t.Float(_DEFAULTS["learning_rate"]).tag(sync=True)
    teacher_norm = t.Float(_DEFAULTS["teacher_norm"]).tag(sync=True)
    seed = t.Int(_DEFAULTS["seed"]).tag(sync=True)
    train_threshold = t.Float(_DEFAULTS["train_threshold"]).tag(sync=True)
    test_threshold = t.Float(_DEFAULTS["test_threshold"]).tag(sync=True)
    layers = t.List(t.Unicode(), help="theory drawn over the run").tag(sync=True)
    modes = t.Dict(help="the drawn problem in its eigenbasis, at ν² = 1 and ‖θ*‖ = 1").tag(
        sync=True
    )


class RidgeExplorer(Explorer):
    """Watch ridge regression grok: change anything, and see the run, t1, t2 and the theory.

    In a notebook every change reruns gradient descent and lays it over the exact curves. In a
    page without a kernel the browser computes the exact curves by itself.

    Parameters
    ----------
    controls : sequence of str
        The settings that get a control, in this order. All others keep their initial value.
    layers : sequence of str
        Theory shown from the start: "sharp" (the random-matrix prediction), "theorem" (Eqs. (6)
        and (7)), "gaussian" (Eq. (8)). The reader can switch them.
    step : int, optional
        The step at which the spectrum is shown at first; t1 if not given.
    **settings
        Initial values: `weight_decay`, `init_variance`, `n_samples`, `n_features`,
        `learning_rate`, `teacher_norm`, `seed`, `train_threshold`, `test_threshold`. Those not
        given have the defaults of the paper.

    Attributes
    ----------
    plot : RidgePlot
        Holds the state as traits, so ``explorer.plot.weight_decay = 1e-5`` works too.
    controls : dict of str to widget

    Raises
    ------
    ValueError
        For unknown controls, layers or settings, and for values outside a control's range.
    """

    plot_class = RidgePlot
    specs = _CONTROLS

    def __init__(self, *, controls=_SHOWN_BY_DEFAULT, layers=(), step=None, **settings):
        check_names("layers", layers, LAYERS)
        super().__init__(controls, step, settings, layers=list(layers))

    def fallback_html(self):
        """The present state as a figure, a sentence and a table in HTML, without scripts."""
        settings = self.plot.settings
        unit, _ = _draw(settings["n_samples"], settings["n_features"], settings["seed"])
        problem = unit.rescaled(
            init_variance=settings["init_variance"], teacher_norm=settings["teacher_norm"]
        )
        return fallback_html(problem, settings, self.plot.layers)

    @in_words
    def _on_setting(self, change):
        if change.name in ("train_threshold", "test_threshold"):
            self._publish_times()
        else:
            self._start_run()

    @in_words
    def _run(self, settings, permit):
        """Draw the problem and run gradient descent on it, in the worker thread."""
        unit, modes = _draw(settings["n_samples"], settings["n_features"], settings["seed"])
        if permit.superseded:
            return
        self.plot.publish(modes=modes, problem="")
        self._trajectory = None
        if settings["learning_rate"] * settings["weight_decay"] >= 1:
            self.plot.publish(run={}, run_times={}, progress={})
            return
        problem = unit.rescaled(
            init_variance=settings["init_variance"], teacher_norm=settings["teacher_norm"]
        )
        n_steps, complete = _steps_needed(problem, settings)
        descend = partial(
            train_ridge,
            problem,
            weight_decay=settings["weight_decay"],
            learning_rate=settings["learning_rate"],
            allow_unstable=True,
        )
        descend(n_steps=1)  # so that loading the compiled kernel is not in the time shown
        started = time.perf_counter()
        trajectory = descend(
            n_steps=n_steps, progress=lambda done: self._report(done, n_steps, started, permit)
        )
        if permit.superseded:
            return
        run = _thinned(trajectory)
        run["settings"] = settings
        run["seconds"] = time.perf_counter() - started
        run["stopped"] = len(trajectory) <= n_steps and not trajectory.diverged
        run["complete"] = complete
        self._trajectory = trajectory
        self.plot.publish(run=run, run_times=self._reached(trajectory), progress={})

    def _publish_times(self):
        trajectory = self._trajectory
        if trajectory is None:
            return
        times = self._reached(trajectory)
        self.plot.publish(run_times=times)
        if times["overfit"] is None or times["generalize"] is None:
            self._start_run()  # perhaps a longer run gets there

    def _reached(self, trajectory):
        levels = self.plot.train_threshold, self.plot.test_threshold
        return self._times(
            grokking_times(trajectory, train_threshold=levels[0], test_threshold=levels[1])
        )

    def _is_short(self):
        settings = self.plot.settings
        n, m = settings["n_samples"], settings["n_features"]
        decay = settings["learning_rate"] * settings["weight_decay"]
        steps = min(_MAX_STEPS, 10 / decay)
        return steps * min(n * n, 2 * n * m) <= _SHORT_WORK


@lru_cache(maxsize=4)
def _draw(n_samples, n_features, seed):
    """A problem at ν² = 1 and ‖θ*‖ = 1, and what the browser needs to know of it."""
    problem = gaussian_problem(
        n_samples=n_samples, n_features=n_features, rng=np.random.default_rng(seed)
    )
    modes = problem.modes
    return problem, {
        "n": n_samples,
        "m": n_features,
        "seed": seed,
        "curvatures": modes.curvature.tolist(),
        "start": modes.start.tolist(),
        "teacher": modes.teacher.tolist(),
        "unseen_start": modes.unseen_start,
        "unseen_overlap": modes.unseen_overlap,
        "unseen_teacher": modes.unseen_teacher,
    }


def _steps_needed(problem, settings):
    """Steps that show the whole story, and whether it fits under the limit."""
    eta, lam = settings["learning_rate"], settings["weight_decay"]
    if eta * (lam + problem.max_curvature) >= 2:
        return _UNSTABLE_STEPS, True
    times = exact_grokking_times(
        problem,
        weight_decay=lam,
        learning_rate=eta,
        train_threshold=settings["train_threshold"],
        test_threshold=settings["test_threshold"],
    )
    ends = [step for step in (times.overfit_step, times.generalize_step) if step is not None]
    if times.generalize_step is None:
        ends.append(3 / (eta * lam))
    needed = 1.2 * max(ends) + 10
    return math.ceil(min(needed, _MAX_STEPS)), needed <= _MAX_STEPS


def _thinned(trajectory):
    """A few hundred steps of a run, evenly spaced in log(1 + t)."""
    last = len(trajectory) - 1
    spaced = np.expm1(np.linspace(0, math.log1p(last), _CURVE_POINTS))
    index = np.unique(np.minimum(np.round(spaced).astype(np.int64), last))
    finite = np.isfinite(trajectory.train_loss[index] + trajectory.test_loss[index])
    index = index[finite]
    return {
        "steps": trajectory.steps[index].tolist(),
        "train": trajectory.train_loss[index].tolist(),
        "test": trajectory.test_loss[index].tolist(),
        "n_steps": last,
        "diverged": trajectory.diverged,
    }
