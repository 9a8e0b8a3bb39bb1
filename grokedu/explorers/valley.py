"""The valley explorer: one sample, two weights, and gradient descent as a path in the plane."""

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import traitlets as t

from grokedu.exact import exact_outputs, ridge_solution
from grokedu.explorers.base import HERE, Still, settings_of
from grokedu.explorers.ridge import DescentExplorer
from grokedu.explorers.settings import Setting, traits
from grokedu.ridge import RidgeProblem, realizable_problem
from grokedu.training import train_ridge

FEATURE = (0.8, 0.6)
TEACHER = (0.9, 0.8)
LONGEST_START = 2
_DOTS = 40
_FAR = 100.0  # dots of a diverging run beyond are left out

# One sample of length 1, so that s = 1. The teacher is 1.2 along the sample and 0.1 across it: what
# the data say of it is nearly all, so that gradient descent really learns. The zero weights have
# test loss 0.725, the ridge solution 0.005.
SETTINGS = (
    Setting("weight_decay", "λ", "weight decay λ", 0.01, 1e-5, 1.0, zero=True),
    Setting("learning_rate", "η", "learning rate η", 0.1, 0.01, 3.0),
    Setting("start_length", "‖θ(0)‖", "start length ‖θ(0)‖", 1.5, 0, LONGEST_START, scale="linear"),
    Setting("start_angle", "∠θ(0)", "start angle ∠θ(0)", 270, 0, 360, scale="linear", step=5),
    Setting("train_threshold", "ε", "train threshold ε", 0.01, 1e-6, 10),
    Setting("test_threshold", "c", "test threshold c", 0.01, 1e-6, 10),
)
_JUMPS = 6  # from side to side of the valley, drawn one by one; then the path keeps to one side


@dataclass(frozen=True, eq=False)
class ValleyStill(Still):
    """A `Still` with the plane of the two weights.

    Attributes
    ----------
    problem : RidgeProblem
        The sample, the teacher and the start.
    path : (k, 2) float64
        The weights at some of the steps, from the start on.
    solution : (2,) float64
        What they tend to; without weight decay, what smaller and smaller ones let them tend to.
    weight_decay : float
    """

    problem: RidgeProblem
    path: np.ndarray
    solution: np.ndarray
    weight_decay: float


class ValleyExplorer(DescentExplorer):
    """See grokking as a path: one sample, two weights, a jump to a line and a slide along it.

    The plane of the two weights shows the valley of the regularized training loss, the line of
    weights that fit the sample, the teacher and the ridge solution. The reader drags the start.
    In a notebook every change reruns gradient descent and lays it over the exact path.

    Parameters
    ----------
    **settings
        Initial values: `weight_decay`, `learning_rate`, `start_length`, `start_angle` (in degrees),
        `train_threshold`, `test_threshold`. The start can be dragged whatever has a control. The
        other arguments are those of `Explorer`.

    Notes
    -----
    The sample is φ = (0.8, 0.6) with label ⟨θ*, φ⟩ = 1.2, the teacher θ* = (0.9, 0.8), and Σ = I/2,
    so that the test loss is ½‖θ − θ*‖².
    """

    SETTINGS: ClassVar[tuple] = SETTINGS
    CONTROLS = ("weight_decay", "learning_rate", "start_length")
    _esm = HERE / "valley.bundle.js"

    vars().update(traits(SETTINGS))
    kind = t.Unicode("valley", read_only=True).tag(sync=True)
    valley = t.Dict(
        {"feature": FEATURE, "teacher": TEACHER, "longest_start": LONGEST_START}, read_only=True
    ).tag(sync=True)

    @classmethod
    def problem_of(cls, state):
        """The sample and the teacher, with the start of the settings."""
        angle = math.radians(state["start_angle"])
        start = state["start_length"] * np.array([math.cos(angle), math.sin(angle)])
        return realizable_problem(np.array([FEATURE]), np.array(TEACHER), start, covariance=0.5)

    @classmethod
    def still(cls, state):
        """The picture of a saved state, for pages without scripts.

        Parameters
        ----------
        state : dict
            Settings by name, as the widget's saved state holds them.

        Returns
        -------
        ValleyStill or Still
            With the plane, unless the settings cannot run.
        """
        still = super().still(state)
        if still.trajectory is None:
            return still
        settings = settings_of(state, SETTINGS)
        problem, decay = cls.problem_of(settings), settings["weight_decay"]
        rate, steps = settings["learning_rate"], still.trajectory.steps
        if rate * (problem.max_curvature + decay) > 1:
            steps = np.unique(np.where(steps > _JUMPS, steps - steps % 2, steps))
        path = exact_outputs(
            problem, np.eye(2), weight_decay=decay, learning_rate=rate, steps=steps
        )
        solution = ridge_solution(problem, weight_decay=decay)
        return ValleyStill(
            **vars(still), problem=problem, path=path, solution=solution, weight_decay=decay
        )

    def _descend(self, problem, rule, n_steps, progress):
        """Gradient descent, with the weights at some of its steps, for the plane."""
        trajectory, _ = super()._descend(problem, rule, n_steps, progress)
        last = len(trajectory) - 1
        steps = np.expm1(np.linspace(0, math.log1p(last), _DOTS)).round().astype(int)
        weights = [problem.initial_weights]
        for pause in np.diff(np.unique(steps)):
            here = replace(problem, initial_weights=weights[-1])
            there = train_ridge(
                here, **rule, n_steps=int(pause), allow_unstable=True, progress=False
            ).weights
            if not np.abs(there).max() < _FAR:
                break
            weights.append(there)
        return trajectory, {"weights": np.array(weights).tolist()}

    def _is_short(self, _settings):
        return True
