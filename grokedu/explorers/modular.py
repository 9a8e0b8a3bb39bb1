"""The explorer of modular addition: the task of the first grokking paper, trained in the page."""

import math
import time
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import traitlets as t

from grokedu.explorers.base import (
    HERE,
    LEVELS,
    RULE,
    Explorer,
    Still,
    cannot_run,
    erases,
    in_one_line,
    settings_of,
    some,
    step_in_words,
)
from grokedu.explorers.settings import SEED, Setting, traits
from grokedu.grokking import GrokkingTimes, Reason, Why
from grokedu.modular import modular_addition_problem
from grokedu.network_training import train_network

# Multiply-adds that a first run may take while the notebook cell waits for it: a few seconds.
_SHORT_WORK = 5e9
_RUN_POINTS = 60
_STRAIGHT = {"scale": "linear", "step": 0.01}

SETTINGS = (
    Setting("weight_decay", "λ", "weight decay λ", 1e-3, 1e-6, 1.0, zero=True),
    Setting("learning_rate", "η", "learning rate η", 1.5, 0.01, 10.0),
    Setting("init_scale", "α", "start scale α", 1.0, 0.01, 4.0, zero=True),
    Setting("train_fraction", "share", "share to train on", 0.7, 0.05, 1.0, **_STRAIGHT),
    Setting("width", "m", "neurons m", 64, 4, 256, whole=True, scale="linear", step=4),
    Setting("modulus", "p", "modulus p", 11, 5, 23, whole=True, scale="linear", step=1),
    Setting("n_steps", "steps", "steps", 6000, 100, 50_000, whole=True),
    SEED,
    Setting("train_level", "train level", "training accuracy", 1.0, 0.5, 1.0, **_STRAIGHT),
    Setting("test_level", "test level", "test accuracy", 0.95, 0.5, 1.0, **_STRAIGHT),
)


@dataclass(frozen=True)
class ModularStill(Still):
    """A picture that also holds the table of sums at one step.

    Attributes
    ----------
    step : int
    right : (p, p) bool array
        Whether (a + b) mod p is right, in row a and column b.
    trained : (p, p) bool array
        Whether the cell is trained on.
    """

    step: int
    right: np.ndarray
    trained: np.ndarray


class ModularExplorer(Explorer):
    """Watch a network grok modular addition: change anything, and it is trained again, in the page.

    The curves grow while it trains. Below them stand the table of all sums, right or wrong, and
    the frequencies that the neurons have found. In a notebook numba trains the same network, and
    its curve is laid over that of the page.

    Parameters
    ----------
    step : int, optional
        The step at which table and neurons are shown at first; the last one if not given.
    simple : bool
        Whether the neurons and the table of times stay hidden until the reader asks for more.
    **settings
        Initial values: `weight_decay`, `learning_rate`, `init_scale`, `train_fraction`, `width`,
        `modulus`, `n_steps`, `seed`, and the accuracies `train_level` and `test_level` at which
        t1 and t2 are read off. The other arguments are those of `Explorer`.

    Notes
    -----
    The problem is that of `modular_addition_problem` with ``rng=numpy.random.default_rng(seed)``;
    the page draws it with the same generator. t1 is the last step with training accuracy below
    `train_level`, t2 the first with test accuracy of at least `test_level`. Page and Python round
    differently; where η is so large that a run is barely stable, their curves may part.
    """

    SETTINGS: ClassVar[tuple] = SETTINGS
    CONTROLS = tuple(s.name for s in SETTINGS if s.name not in LEVELS)
    _esm = HERE / "modular.bundle.js"

    vars().update(traits(SETTINGS))
    kind = t.Unicode("modular", read_only=True).tag(sync=True)

    @staticmethod
    def problem_of(settings):
        """The problem that a seed draws."""
        what = some(settings, ("modulus", "width", "train_fraction", "init_scale"))
        return modular_addition_problem(**what, rng=np.random.default_rng(settings["seed"]))

    @classmethod
    def still(cls, state):
        """The picture of a saved state, for pages without scripts: this trains the network.

        Parameters
        ----------
        state : dict
            Settings by name, as the widget's saved state holds them.

        Returns
        -------
        ModularStill or Still
            With the table, unless the settings cannot run or the run diverged.
        """
        settings = settings_of(state, SETTINGS)
        words = in_one_line(settings, SETTINGS)
        if erases(settings):
            return cannot_run("one step would erase the weights", words)
        problem = cls.problem_of(settings)
        trajectory = _train(problem, settings)
        times = _times(trajectory, settings)
        row = ("trained", step_in_words(times.overfit_step), step_in_words(times.generalize_step))
        shown = trajectory.steps < len(trajectory) - trajectory.diverged
        still = Still(
            trajectory=_part(trajectory, shown),
            times=times,
            horizon=settings["n_steps"],
            rows=(row,),
            sentence=f"{_outcome(times, settings)} {words}",
        )
        if trajectory.diverged:
            return still
        step = min(int(state.get("step", -1)), settings["n_steps"])
        if 0 <= step < settings["n_steps"]:
            trajectory = _train(problem, {**settings, "n_steps": step}) if step else None
        weights = trajectory.weights if trajectory else None
        return ModularStill(
            **vars(still),
            step=step if step >= 0 else settings["n_steps"],
            right=_right(problem, weights),
            trained=_trained(problem),
        )

    def _run(self, settings, permit):
        """Draw the problem and train the network, in the worker thread."""
        problem, n_steps = self.problem_of(settings), settings["n_steps"]
        _train(problem, {**settings, "n_steps": 1})  # loads the compiled kernel
        started = time.perf_counter()
        trajectory = _train(
            problem, settings, lambda done: self._report(done, n_steps, started, permit)
        )
        if permit.superseded:
            return
        run = _curves(trajectory)
        run["settings"] = settings
        run["seconds"] = time.perf_counter() - started
        run["stopped"] = len(trajectory) <= n_steps and not trajectory.diverged
        self._trajectory = trajectory
        self.publish(run=run, run_times=self._reached(), progress={})

    def _on_threshold(self):
        if self._trajectory is not None:  # else the run reads the levels when it ends
            self.publish(run_times=self._reached())

    def _reached(self):
        return self._times(_times(self._trajectory, self.settings))

    def _is_short(self, settings):
        p, cells = settings["modulus"], settings["modulus"] ** 2
        work = settings["width"] * p * cells * (1 + 2 * settings["train_fraction"])
        return settings["n_steps"] * work <= _SHORT_WORK


def _train(problem, settings, progress=False):
    return train_network(problem, **some(settings, (*RULE, "n_steps")), progress=progress)


def _times(trajectory, levels):
    """t1 and t2 by accuracy."""
    train_level, test_level = (levels[name] for name in LEVELS)
    overfit = generalize = None
    reasons, last = [], len(trajectory) - 1
    if trajectory.diverged:
        return GrokkingTimes(None, None, (Reason(Why.DIVERGED, value=last),))
    below = np.flatnonzero(trajectory.train_accuracy < train_level)
    if not below.size:
        reasons.append(Reason(Why.TRAIN_ACCURATE_FROM_THE_START, train_level))
    elif below[-1] == last:
        reasons.append(Reason(Why.TRAIN_ACCURACY_BELOW_AT_THE_END, train_level, last))
    else:
        overfit = int(below[-1])
    reached = np.flatnonzero(trajectory.test_accuracy >= test_level)
    if reached.size:
        generalize = int(reached[0])
    elif np.isnan(trajectory.test_accuracy).all():
        reasons.append(Reason(Why.TEST_EMPTY, test_level))
    else:
        reasons.append(Reason(Why.TEST_ACCURACY_NOT_WITHIN_THE_RUN, test_level, last))
    return GrokkingTimes(overfit, generalize, tuple(reasons))


def _outcome(times, settings):
    """When the levels were reached, or why not."""
    if times.delay is None:
        return f"{times.reason[:1].upper()}{times.reason[1:]}."
    return (
        f"{settings['train_level']:.0%} of the training cells are right after step "
        f"{times.overfit_step:,}; {settings['test_level']:.0%} of the other cells are right at "
        f"step {times.generalize_step:,}: a delay of {times.delay:,} steps."
    )


def _right(problem, weights):
    cells = np.indices((problem.modulus,) * 2).reshape(2, -1).T
    guesses = problem.outputs(cells, weights).argmax(axis=1)
    return (guesses == problem.answers(cells)).reshape((problem.modulus,) * 2)


def _trained(problem):
    trained = np.zeros((problem.modulus,) * 2, dtype=bool)
    trained[tuple(problem.train_pairs.T)] = True
    return trained


def _part(trajectory, shown):
    """Some of the recorded steps."""
    names = ("steps", "train_loss", "test_loss", "train_accuracy", "test_accuracy")
    return replace(trajectory, **{name: getattr(trajectory, name)[shown] for name in names})


def _curves(trajectory):
    """A few dozen of the recorded steps, evenly spaced in log(1 + t)."""
    last = len(trajectory) - 1 - trajectory.diverged
    spaced = np.expm1(np.linspace(0, math.log1p(last), _RUN_POINTS))
    shown = np.unique(spaced.round().astype(int))
    shown = _part(trajectory, shown[~np.isinf(trajectory.test_loss[shown])])
    has_test = not np.isnan(shown.test_loss).all()
    steps = shown.steps.tolist()
    return {
        "steps": steps,
        "train": shown.train_loss.tolist(),
        "test": shown.test_loss.tolist() if has_test else [],
        "accuracy": {
            "steps": steps,
            "train": shown.train_accuracy.tolist(),
            "test": shown.test_accuracy.tolist() if has_test else [],
        },
        "n_steps": last,
        "diverged": trajectory.diverged,
    }
