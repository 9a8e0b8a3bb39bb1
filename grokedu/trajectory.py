"""What a run leaves behind, whether it was iterated or computed in closed form."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, eq=False)
class Trajectory:
    """The losses of one run of gradient descent.

    Attributes
    ----------
    steps : (k,) int64
        Recorded steps, increasing. Step 0 is the initialization.
    train_loss : (k,) float64
        L_n(θ(t)) = (1/2n) Σ_i (⟨θ, φ(x_i)⟩ − y_i)², **with** the factor ½.
    test_loss : (k,) float64
        L(θ(t)) = E_x (⟨θ, φ(x)⟩ − N*(x))², **without** the factor ½. This is the exact
        population loss, not an average over test samples.
    weights : (m,) float64 or None
        The weights at the last recorded step; None for a prediction, which belongs to no problem.
    diverged : bool
        Whether the run stopped because a loss stopped being a finite number. The last entry of
        `steps` is then the step at which that happened.
    """

    steps: np.ndarray
    train_loss: np.ndarray
    test_loss: np.ndarray
    weights: np.ndarray | None = field(repr=False)
    diverged: bool = False

    def __post_init__(self):
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray):  # a view, since the caller's array stays writable
                view = value.view()
                view.flags.writeable = False
                object.__setattr__(self, name, view)

    def __len__(self):
        return len(self.steps)

    @property
    def divergence_step(self):
        """The step at which the run diverged, or None."""
        return int(self.steps[-1]) if self.diverged else None
