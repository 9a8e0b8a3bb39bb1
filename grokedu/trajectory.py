"""What a run leaves behind, whether it was iterated or computed in closed form."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

_FORMAT = 1  # of saved files


@dataclass(frozen=True, eq=False)
class Trajectory:
    """The losses of one run of gradient descent.

    Attributes
    ----------
    steps : (k,) int64
        Recorded steps, increasing. Step 0 is the initialization.
    train_loss : (k,) float64
        L_n(θ(t)) = (1/2n) Σ_i (⟨θ, φ(x_i)⟩ − y_i)², **with** the factor ½. Where another loss is
        trained, it is that one.
    test_loss : (k,) float64
        L(θ(t)) = E_x (⟨θ, φ(x)⟩ − N*(x))², **without** the factor ½. This is the exact
        population loss, except where test rows, test inputs or test cells stand for the
        population: there it is the mean over these. NaN where it is not known.
    weights : (m,) float64, tuple of arrays, or None
        The weights at the last recorded step, of a network layer by layer; None for a prediction,
        which belongs to no problem.
    diverged : bool
        Whether the run stopped because a loss stopped being a finite number. The last entry of
        `steps` is then the step at which that happened.
    parameters : dict
        λ and η of the run: "weight_decay" and "learning_rate", the latter "schedule" if it changed;
        and what was not the default: "optimizer", "momentum", "loss", "batch_size".
    train_accuracy : (k,) float64, or None
        The share of right answers, where a run counts them: for `modular_addition_problem`.
    test_accuracy : (k,) float64, or None
        The same in test cells.
    """

    steps: np.ndarray
    train_loss: np.ndarray
    test_loss: np.ndarray
    weights: np.ndarray | None = field(repr=False)
    diverged: bool = False
    parameters: dict = field(default_factory=dict)
    train_accuracy: np.ndarray | None = field(default=None, repr=False)
    test_accuracy: np.ndarray | None = field(default=None, repr=False)

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

    def to_frame(self):
        """A pandas DataFrame, one row per recorded step: `step`, `train_loss`, `test_loss`, and
        `train_accuracy` and `test_accuracy` where they are known.
        """
        import pandas as pd

        return pd.DataFrame({"step": self.steps, **self._recorded()})

    def _recorded(self):
        """The recorded arrays beside the steps, by name."""
        names = ("train_loss", "test_loss", "train_accuracy", "test_accuracy")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    def save(self, path):
        """Write the run to a file, which `load_trajectory` reads.

        It is an .npz of NumPy, with the losses, the weights, and as JSON the parameters of the run
        and the version of grokedu that wrote it. A file of that name is replaced once the new one
        is complete.
        """
        from grokedu import __version__

        layers = self.weights if isinstance(self.weights, tuple) else [self.weights]
        layers = [layer for layer in layers if layer is not None]
        about = {
            "format": _FORMAT,
            "grokedu": __version__,
            "diverged": bool(self.diverged),
            "weights": "tuple" if isinstance(self.weights, tuple) else "array",
            "parameters": self.parameters,
        }
        path = Path(path)
        unfinished = path.with_name(path.name + ".part")
        with unfinished.open("wb") as file:  # a name would be given the ending .npz
            np.savez(
                file,
                about=json.dumps(about),
                steps=self.steps,
                **self._recorded(),
                **{f"weights_{number}": layer for number, layer in enumerate(layers)},
            )
        os.replace(unfinished, path)


def load_trajectory(path):
    """Read a run that `Trajectory.save` has written.

    Returns
    -------
    Trajectory

    Raises
    ------
    ValueError
        If the file is no saved run, or that of a later version of grokedu.
    FileNotFoundError
        If there is none.
    """
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as saved:
            about = json.loads(str(saved["about"]))
            losses = {name: saved[name] for name in ("steps", "train_loss", "test_loss")}
            accuracies = ("train_accuracy", "test_accuracy")
            losses |= {name: saved[name] for name in accuracies if name in saved.files}
            n_layers = sum(name.startswith("weights_") for name in saved.files)
            layers = tuple(saved[f"weights_{number}"] for number in range(n_layers))
            version = about["format"]
    except (BadZipFile, EOFError, KeyError, TypeError, ValueError):
        raise ValueError(
            f"path={str(path)!r} is no saved run: pass a file of Trajectory.save"
        ) from None
    if version > _FORMAT:
        raise ValueError(
            f"path={str(path)!r} was saved by grokedu {about['grokedu']}: load it with that "
            "version or a later one"
        )
    weights = layers if about["weights"] == "tuple" else next(iter(layers), None)
    return Trajectory(
        **losses, weights=weights, diverged=about["diverged"], parameters=about["parameters"]
    )
