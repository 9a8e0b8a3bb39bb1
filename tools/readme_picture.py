"""Draws book/_assets/grokking.png, the README's picture, from a run at the paper's defaults."""

from pathlib import Path

import numpy as np

import grokedu as gk

ASSETS = Path(__file__).parents[1] / "book" / "_assets"


def main():
    problem = gk.gaussian_problem(rng=np.random.default_rng(0))
    run = gk.train_ridge(problem, weight_decay=1e-4, learning_rate=1.0, n_steps=100_000)
    bounds = gk.theory.gaussian_bounds(problem, weight_decay=1e-4, learning_rate=1.0)
    figure, ax = gk.figures.subplots(height=3.8, width=8.5)
    gk.figures.plot_losses(ax, run)
    gk.figures.plot_thresholds(ax)
    gk.figures.plot_stages(ax, gk.grokking_times(run))
    gk.figures.plot_bounds(ax, bounds, name="Eq. 8")
    gk.figures.add_legend(ax, loc="lower left")
    figure.savefig(ASSETS / "grokking.png", dpi=160, metadata={"Software": None})


if __name__ == "__main__":
    main()
