"""The house style and the plots: each draws what it is given and computes nothing.

One meaning per color, the same as in the explorers: blue is training, vermilion is test, green is
theory. All three differ for color-blind readers (Okabe and Ito, 2008), and lines of different
meaning differ in their dashes too: measured curves are solid, bounds dashed, predictions thin.
"""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import NullLocator

COLORS = {
    "train": "#0072B2",
    "test": "#D55E00",
    "theory": "#009E73",
    "neutral": "#595959",
    "faint": "#D9D9D9",
}
STAGE_NAMES = ("stage I", "stage II", "stage III")
_STAGE_SHADES = ("#EAF2F8", "#FCEFE6", "#E9F5F0")
_STYLE = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.labelsize": 11,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "figure.constrained_layout.use": True,
    "figure.dpi": 110,
    "font.size": 10.5,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.6,
    "legend.fontsize": 10,
    "legend.frameon": False,
    "svg.hashsalt": "grokedu",
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
}
_DRAWN_POINTS = 600
_RUN_WIDTH = 2.6  # so that a thin prediction drawn over a run does not hide it


def subplots(n_rows=1, n_columns=1, *, height=3.3, width=6.6, **options):
    """A figure and its axes in the house style, as `matplotlib.pyplot.subplots` gives them.

    `height` is that of one row and `width` that of the whole figure, in inches. The style is set
    on these axes alone; other figures of the session keep theirs.
    """
    with mpl.rc_context(_STYLE):
        result = plt.subplots(n_rows, n_columns, figsize=(width, height * n_rows), **options)
        interactive = mpl.is_interactive()
    # The first figure of a notebook loads its backend, which turns interactive mode on; leaving
    # the context turns it off again, and later figures would not be shown.
    mpl.interactive(interactive)
    return result


def plot_losses(ax, trajectory, *, labels=("training loss", "test loss"), **line):
    """Training and test loss over steps, both axes logarithmic. Step 0 has no place on them."""
    shown = _thinned(trajectory.steps)
    steps = trajectory.steps[shown]
    losses = (trajectory.train_loss, trajectory.test_loss)
    for loss, label, kind in zip(losses, labels, ("train", "test"), strict=True):
        if label is not None and steps.size:
            loss = _on_paper(loss[shown])
            style = {"color": COLORS[kind], "label": label, "linewidth": _RUN_WIDTH, **line}
            ax.plot(steps, loss, **style)
    _label_losses(ax)


def plot_prediction(ax, trajectory, *, label="sharp prediction"):
    """The curves of `predictions.ridge_curves`, thin and green over the measured ones."""
    shown = _thinned(trajectory.steps)
    steps = trajectory.steps[shown]
    line = {"color": COLORS["theory"], "linewidth": 1.0, "zorder": 3}
    if steps.size:
        ax.plot(steps, _on_paper(trajectory.train_loss[shown]), label=label, **line)
        ax.plot(steps, _on_paper(trajectory.test_loss[shown]), **line)
    _label_losses(ax)


def plot_thresholds(ax, *, train_threshold=0.01, test_threshold=0.01):
    """ε and c as horizontal lines; one line if they are equal."""
    levels = {"ε": (train_threshold, "train"), "c": (test_threshold, "test")}
    if train_threshold == test_threshold:
        levels = {"ε = c": (train_threshold, "neutral")}
    for name, (level, kind) in levels.items():
        ax.axhline(level, color=COLORS[kind], linewidth=0.9, linestyle=":")
        ax.annotate(
            f"{name} = {level:g}",
            (0.0, level),
            xycoords=("axes fraction", "data"),
            xytext=(5, 3),
            textcoords="offset points",
            ha="left",
            color=COLORS[kind],
        )


def plot_stages(ax, times, *, last_step=None):
    """Shade the three stages and mark t1 and t2; what does not exist is left out."""
    low, high = ax.get_xlim()
    edges = [low, times.overfit_step, times.generalize_step, last_step or high]
    if times.generalize_step is None:  # stage II lasts to the end of the picture
        edges.pop(2)
    if times.overfit_step is not None and (times.delay is None or times.delay > 0):
        for left, right, shade, name in zip(
            edges, edges[1:], _STAGE_SHADES, STAGE_NAMES, strict=False
        ):
            left = max(left, low)
            if right <= left:  # t1 = 0 has no place on a logarithmic axis, nor has stage I
                continue
            ax.axvspan(left, right, color=shade, zorder=-2, linewidth=0)
            ax.annotate(
                name,
                (np.sqrt(left * right), 1.01),
                xycoords=("data", "axes fraction"),
                ha="center",
                va="bottom",
                color=COLORS["neutral"],
            )
    marks = (("t₁", times.overfit_step, "train"), ("t₂", times.generalize_step, "test"))
    for name, step, kind in marks:
        if step is not None:
            _vertical(ax, step, f"{name} = {step:,.0f}", COLORS[kind], "-", 0.04)
    ax.set_xlim(low, high)


def plot_bounds(ax, bounds, *, name="bound"):
    """The two sides of a `GrokkingBounds` as dashed lines; one that says nothing is left out."""
    upper, lower = bounds.overfit_step_at_most, bounds.generalize_step_at_least
    if np.isfinite(upper):
        _vertical(ax, upper, f"t₁ ≤ {upper:,.0f}  ({name})", COLORS["theory"], "--", 0.22)
    if np.isfinite(lower) and lower > 1:
        _vertical(ax, lower, f"t₂ ≥ {lower:,.0f}  ({name})", COLORS["theory"], "--", 0.13)


def plot_sweep(ax, table, parameter, *, bounds=None, prediction=None, label=None):
    """t1 and t2 over one parameter of a sweep: the mean over draws, with ± one sd shaded.

    Parameters
    ----------
    table : pandas.DataFrame
        From `sweep`; draws in which a time does not exist are left out of its mean.
    parameter : str
        The column on the horizontal axis.
    bounds, prediction : sequence of (value, t1, t2), optional
        Drawn dashed and thin; None and infinite times are left out.
    label : str, optional
        What the horizontal axis says; `parameter` without it.
    """
    for column, kind, name in (
        ("overfit_step", "train", "t₁ measured"),
        ("generalize_step", "test", "t₂ measured"),
    ):
        groups = table.groupby(parameter)[column]
        mean, spread = groups.mean().astype(float), groups.std().fillna(0).astype(float)
        mean = mean[mean > 0]  # neither missing nor off the logarithmic axis
        if mean.empty:
            continue
        spread = spread[mean.index]
        ax.fill_between(mean.index, mean - spread, mean + spread, color=COLORS[kind], alpha=0.25)
        ax.plot(mean.index, mean, "o", color=COLORS[kind], markersize=6, zorder=4, label=name)
    for rows, style, name in ((bounds, "--", "bound"), (prediction, "-", "prediction")):
        if rows is None:
            continue
        width = 1.6 if style == "--" else 1.0
        for which in (1, 2):
            points = [(row[0], row[which]) for row in rows if _drawable(row[which])]
            if points:
                line = {"color": COLORS["theory"], "linewidth": width, "label": name}
                ax.plot(*zip(*points, strict=True), style, **line)
                name = None  # one entry of the legend for both
    ax.set(xscale="log", yscale="log", xlabel=label or parameter, ylabel="step")
    # Between two decades matplotlib would label every minor tick; the grid's own values say more.
    ax.set_xticks(sorted(table[parameter].unique()), minor=False)
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.xaxis.set_minor_locator(NullLocator())


def plot_spectrum(ax, eigenvalues, *, density=None, n_bins=40, label="eigenvalues of ΦΦᵀ"):
    """Histogram of eigenvalues, with a density (x, y) drawn over it if given."""
    if np.size(eigenvalues):
        ax.hist(
            eigenvalues,
            bins=n_bins,
            density=True,
            color=COLORS["train"],
            alpha=0.45,
            edgecolor="white",
            linewidth=0.5,
            label=label,
        )
    if density is not None:
        ax.plot(*density, color=COLORS["theory"], label="Marchenko–Pastur law")
    ax.set(xlabel="eigenvalue μ", ylabel="density")


def add_legend(ax, **options):
    """A legend in the house style: no frame."""
    ax.legend(**{"frameon": False, "fontsize": 10, **options})


def _vertical(ax, step, text, color, style, height):
    if step <= 0:  # no place on a logarithmic axis
        return
    ax.axvline(step, color=color, linewidth=1.3, linestyle=style)
    on_screen = ax.transData.transform((step, 1.0))
    near_the_end = ax.transAxes.inverted().transform(on_screen)[0] > 0.75
    ax.annotate(
        text,
        (step, height),
        xycoords=("data", "axes fraction"),
        xytext=(-4 if near_the_end else 4, 0),
        textcoords="offset points",
        ha="right" if near_the_end else "left",
        color=color,
        bbox={"facecolor": "white", "alpha": 0.8, "linewidth": 0, "pad": 1},
    )


def _label_losses(ax):
    ax.set(xscale="log", yscale="log", xlabel="step t", ylabel="loss")


def _on_paper(loss):
    """The losses without those of a diverging run that overflow a logarithmic axis."""
    return np.where(loss < 1e100, loss, np.nan)


def _drawable(step):
    return step is not None and np.isfinite(step) and step > 0


def _thinned(steps):
    """Indices of at most a few hundred positive steps, evenly spread over the logarithm."""
    positive = np.flatnonzero(steps > 0)
    if len(positive) <= _DRAWN_POINTS:
        return positive
    targets = np.geomspace(steps[positive[0]], steps[positive[-1]], _DRAWN_POINTS)
    return np.unique(np.searchsorted(steps, targets).clip(positive[0], len(steps) - 1))
