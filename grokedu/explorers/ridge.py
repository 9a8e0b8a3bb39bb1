"""The ridge explorer: one random ridge problem, its exact curves and its gradient descent."""

import math
import time
import warnings
from functools import lru_cache
from typing import ClassVar

import numpy as np
import traitlets as t

from grokedu import predictions, theory
from grokedu.exact import exact_grokking_times, exact_ridge
from grokedu.explorers.base import (
    HERE,
    RULE,
    THRESHOLDS,
    Explorer,
    Still,
    cannot_run,
    in_one_line,
    outcome,
    settings_of,
    some,
    step_in_words,
)
from grokedu.explorers.settings import SEED, Setting, traits
from grokedu.grokking import grokking_times
from grokedu.ridge import gaussian_problem
from grokedu.training import train_ridge

_MAX_STEPS = 5_000_000
_UNSTABLE_STEPS = 5_000
# Multiply-adds of a draw that a constructor may make at once (0.1 s), and of a first run that the
# cell which shows it may take (a few seconds).
_QUICK_DRAW = 3e8
SHORT_WORK = 5e9
_CURVE_POINTS = 300
_STILL_POINTS = 160

LAYERS = ("sharp", "theorem", "gaussian")

# The defaults are those of the paper.
SETTINGS = (
    Setting("weight_decay", "λ", "weight decay λ", 1e-4, 1e-7, 1.0, zero=True),
    Setting("init_variance", "ν²", "initial variance ν²", 1.0, 1e-6, 1e3),
    Setting("n_samples", "n", "samples n", 100, 5, 500, whole=True, scale="linear", step=5),
    Setting("n_features", "m", "features m", 1000, 10, 10_000, whole=True),
    Setting("learning_rate", "η", "learning rate η", 1.0, 1e-2, 1e3),
    Setting("teacher_norm", "‖θ*‖", "teacher norm ‖θ*‖", 1.0, 0, 5, scale="linear", step=0.1),
    SEED,
    Setting("train_threshold", "ε", "train threshold ε", 0.01, 1e-6, 10),
    Setting("test_threshold", "c", "test threshold c", 0.01, 1e-6, 10),
)


class DescentExplorer(Explorer):
    """An explorer of ridge problems: their exact run, and gradient descent laid over it.

    A kind gives the problem of a state as `problem_of`.
    """

    # What a problem depends on beside settings: names of traits.
    GIVEN: ClassVar[tuple] = ()

    @classmethod
    def still(cls, state):
        """The picture of a saved state, for pages without scripts.

        Parameters
        ----------
        state : dict
            Settings and `layers` by name, as the widget's saved state holds them.

        Returns
        -------
        Still
        """
        settings = settings_of(state, cls.SETTINGS)
        problem, rule = cls.problem_of({**state, **settings}), some(settings, RULE)
        words = in_one_line(settings, cls.SETTINGS)
        try:
            times = exact_grokking_times(problem, **some(settings, RULE + THRESHOLDS))
        except ValueError as error:  # these settings cannot run, and the message says why
            return cannot_run(str(error).split(": pass")[0], words)
        horizon = _horizon(times, problem, rule)
        spaced = np.expm1(np.linspace(0, math.log1p(horizon), _STILL_POINTS))
        trajectory = exact_ridge(problem, **rule, steps=np.unique(spaced.round().astype(int)))
        rows = [("exact", step_in_words(times.overfit_step), step_in_words(times.generalize_step))]
        rows += cls._theory_rows(problem, settings, state.get("layers", ()))
        return Still(trajectory, times, horizon, tuple(rows), f"{outcome(times, settings)} {words}")

    @classmethod
    def problem_of(cls, state):
        """The problem of a state: of settings, and what is `GIVEN` beside them, by name."""
        raise NotImplementedError

    @classmethod
    def _theory_rows(cls, _problem, _settings, _layers):
        return []

    def _descend(self, problem, rule, n_steps, progress):
        """Gradient descent, and more to show of it than its losses."""
        run = {"n_steps": n_steps, "allow_unstable": True, "progress": progress}
        return train_ridge(problem, **rule, **run), {}

    def _run(self, settings, permit):
        """Draw the problem and run gradient descent on it, in the worker thread."""
        given = {name: getattr(self, name) for name in self.GIVEN}
        problem, rule = self.problem_of({**settings, **given}), some(settings, RULE)
        n_steps, complete = _steps_needed(problem, settings)
        # So that loading the compiled kernel is not in the time shown.
        train_ridge(problem, **rule, n_steps=1, allow_unstable=True)
        started = time.perf_counter()
        trajectory, more = self._descend(
            problem, rule, n_steps, lambda done: self._report(done, n_steps, started, permit)
        )
        if permit.superseded:
            return
        run = _thinned(trajectory) | more
        run["settings"] = settings
        run["seconds"] = time.perf_counter() - started
        run["stopped"] = len(trajectory) <= n_steps and not trajectory.diverged
        run["complete"] = complete
        self._trajectory = trajectory
        self.publish(run=run, run_times=self._reached(), progress={})

    def _on_threshold(self):
        if self._trajectory is None:
            return  # the run that is under way reads the thresholds when it ends
        times = self._reached()
        self.publish(run_times=times)
        if times["overfit"] is None or times["generalize"] is None:
            self._start_run()  # perhaps a longer run gets there

    def _reached(self):
        return self._times(grokking_times(self._trajectory, **some(self.settings, THRESHOLDS)))


class RidgeExplorer(DescentExplorer):
    """Watch ridge regression grok: change anything, and see the run, t1, t2 and the theory.

    In a notebook every change reruns gradient descent and lays it over the exact curves. In a
    page without a kernel the browser computes the exact curves by itself.

    Parameters
    ----------
    layers : sequence of str
        Theory shown from the start: "sharp" (the sharp prediction), "theorem" (the bound of
        Theorem 4.2), "gaussian" (the Gaussian bound, Eq. (8) of the paper). The reader can
        switch them.
    **settings
        Initial values: `weight_decay`, `init_variance`, `n_samples`, `n_features`,
        `learning_rate`, `teacher_norm`, `seed`, `train_threshold`, `test_threshold`. Those not
        given have the defaults of the paper. The other arguments are those of `Explorer`.
    """

    SETTINGS: ClassVar[tuple] = SETTINGS
    CONTROLS = tuple(s.name for s in SETTINGS if s.name not in THRESHOLDS)
    LAYERS: ClassVar[tuple] = LAYERS
    _esm = HERE / "ridge.bundle.js"

    vars().update(traits(SETTINGS))
    kind = t.Unicode("ridge", read_only=True).tag(sync=True)
    modes = t.Dict(help="the drawn problem in its eigenbasis, at ν² = 1 and ‖θ*‖ = 1").tag(
        sync=True
    )

    def _prepare(self):
        if min(self.n_samples, self.n_features) * self.n_samples * self.n_features <= _QUICK_DRAW:
            self.modes = _drawn(self.settings)[1]

    @classmethod
    def problem_of(cls, state):
        """The drawn problem at the ν² and ‖θ*‖ of the settings."""
        return _drawn(state)[0].rescaled(
            init_variance=state["init_variance"], teacher_norm=state["teacher_norm"]
        )

    @classmethod
    def _theory_rows(cls, problem, settings, layers):
        """A row of the still table for each layer of theory."""
        rule, rows = some(settings, RULE + THRESHOLDS), []
        if "sharp" in layers:
            names = ("n_samples", "n_features", "init_variance", "teacher_norm")
            size = {name: settings[name] for name in names}
            try:
                with warnings.catch_warnings(record=True) as caught:
                    warnings.simplefilter("always", predictions.UntypicalWarning)
                    sharp = predictions.ridge_grokking_times(**size, **rule)
                steps = sharp.overfit_step, sharp.generalize_step
            except ValueError:  # a typical problem would diverge at this learning rate
                steps, caught = (None, None), []
            untypical = any(w.category is predictions.UntypicalWarning for w in caught)
            name = "sharp prediction, around which single runs scatter"
            rows.append((name if untypical else "sharp prediction", *map(step_in_words, steps)))
        for layer, name, bounds in (
            ("theorem", "bound of Theorem 4.2", theory.grokking_bounds),
            ("gaussian", "Gaussian bound, Eq. (8) of the paper", theory.gaussian_bounds),
        ):
            if layer in layers:
                bound = bounds(problem, **rule)
                late = bound.generalize_step_at_least
                at_least = f"≥ {step_in_words(late)}" if late > 0 else "says nothing"
                rows.append((name, f"≤ {step_in_words(bound.overfit_step_at_most)}", at_least))
        return rows

    def _announce(self, settings, permit):
        modes = _drawn(settings)[1]
        if not permit.superseded:
            self.publish(modes=modes)

    def _is_short(self, settings):
        n, m = settings["n_samples"], settings["n_features"]
        decay = settings["learning_rate"] * settings["weight_decay"]
        steps = min(_MAX_STEPS, 10 / decay) if decay else _MAX_STEPS
        return steps * min(n * n, 2 * n * m) <= SHORT_WORK


def _drawn(settings):
    return _draw(*(settings[name] for name in ("n_samples", "n_features", "seed")))


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


def _slowest_rate(problem, rule):
    """ηλ, or without weight decay η s_min, the decay of the flattest seen direction."""
    return rule["learning_rate"] * (rule["weight_decay"] or problem.modes.curvature[0])


def _horizon(times, problem, rule):
    ends = [50, 4 * (times.overfit_step or 0), 4 * (times.generalize_step or 0)]
    if times.generalize_step is None:
        ends.append(4 / _slowest_rate(problem, rule))
    return 10 ** math.ceil(math.log10(max(ends)))


def _steps_needed(problem, settings):
    """Steps that show the whole story, and whether it fits under the limit."""
    rule = some(settings, RULE)
    if rule["learning_rate"] * (rule["weight_decay"] + problem.max_curvature) >= 2:
        return _UNSTABLE_STEPS, True
    times = exact_grokking_times(problem, **rule, **some(settings, THRESHOLDS))
    ends = [step for step in (times.overfit_step, times.generalize_step) if step is not None]
    if times.generalize_step is None:
        ends.append(3 / _slowest_rate(problem, rule))
    needed = 1.2 * max(ends) + 10
    return math.ceil(min(needed, _MAX_STEPS)), bool(needed <= _MAX_STEPS)


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
