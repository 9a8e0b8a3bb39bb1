"""The house style and the plots: each draws what it is given and computes nothing.

One meaning per color, the same as in the explorers: blue is training, vermilion is test, green is
theory. All three differ for color-blind readers (Okabe and Ito, 2008), and lines of different
meaning differ in their dashes too: measured curves are solid, bounds dashed, predictions thin.

Call `plot_losses` first, since it sets the axes. What stands above them (t1 and t2, the stages,
the bounds) is put where the limits are at that moment: set limits before those calls.
"""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib import patheffects
from matplotlib.textpath import TextPath
from matplotlib.ticker import FixedLocator, NullLocator

#: What each color means, by name.
COLORS = {
    "train": "#0072B2",
    "test": "#D55E00",
    "theory": "#009E73",
    "neutral": "#595959",
    "faint": "#D9D9D9",
    "path": "#1F2328",
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
_RESULTS = ("draw", "overfit_step", "generalize_step", "delay", "reason")  # of a table of `sweep`
_RUN_WIDTH = 3.0
# A prediction mostly lies on its run: thin, so that the run shows on both sides, with gaps, so that
# it shows through, and edged with the ground, without which green on blue cannot be seen.
_PREDICTION = {
    "linewidth": 1.4,
    "linestyle": (0, (4, 4)),
    "zorder": 3,
    "path_effects": [patheffects.withStroke(linewidth=2.4, foreground="white")],
}
_REACH = 1.2  # a plane of weights shows this much more than the start or the teacher
_LABEL_SIZE, _ROW_HEIGHT = 10, 13.5  # points
# How far along the axis of steps a step stands: evenly in its logarithm, or in log(1 + t), where
# step 0 has a place too (the axis of the explorers).
_SCALES = {"log": np.log, "log1p": np.log1p, "linear": np.asarray}


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


def plot_losses(ax, trajectory, *, labels=("training loss", "test loss"), scale="log", **line):
    """Training and test loss over steps; the losses on a logarithmic axis.

    Parameters
    ----------
    labels : (str or None, str or None)
        For the legend; a curve whose label is None is left out.
    scale : {"log", "log1p", "linear"}
        Of the steps. Step 0 has no place on "log"; "log1p" is the axis of the explorers.
    **line
        As for `matplotlib.axes.Axes.plot`.
    """
    shown = _thinned(trajectory.steps, scale)
    steps = trajectory.steps[shown]
    losses = (trajectory.train_loss, trajectory.test_loss)
    for loss, label, kind in zip(losses, labels, ("train", "test"), strict=True):
        if label is not None and steps.size:
            loss = _on_paper(loss[shown])
            style = {"color": COLORS[kind], "label": label, "linewidth": _RUN_WIDTH, **line}
            ax.plot(steps, loss, **style)
    _label_losses(ax, scale)


def plot_prediction(ax, trajectory, *, label="sharp prediction"):
    """The curves of `predictions.ridge_curves`, thin, dashed and green over the measured ones.

    It keeps the axes of the curves that are there, or sets those of `plot_losses`.
    """
    if not ax.has_data():
        _label_losses(ax, "log")
    shown = _thinned(trajectory.steps, _scale_of(ax))
    steps = trajectory.steps[shown]
    line = {"color": COLORS["theory"], **_PREDICTION}
    if steps.size:
        ax.plot(steps, _on_paper(trajectory.train_loss[shown]), label=label, **line)
        ax.plot(steps, _on_paper(trajectory.test_loss[shown]), **line)


def plot_run(
    ax,
    trajectory,
    times,
    *,
    train_threshold=0.01,
    test_threshold=0.01,
    last_step=None,
    scale="log1p",
):
    """The whole picture of a run: both losses, ε and c, the stages, t1 and t2, as in the explorers.

    `times` are its `GrokkingTimes`; the picture ends at `last_step`, by default that of the run.
    """
    plot_losses(ax, trajectory, scale=scale)
    plot_thresholds(ax, train_threshold=train_threshold, test_threshold=test_threshold)
    ax.set_xlim(right=max(last_step or trajectory.steps[-1], 2))
    plot_stages(ax, times)


def plot_thresholds(ax, *, train_threshold=0.01, test_threshold=0.01):
    """ε and c as horizontal lines; one line if they are equal."""
    levels = {"ε": (train_threshold, "train"), "c": (test_threshold, "test")}
    if train_threshold == test_threshold:
        levels = {"ε = c": (train_threshold, "neutral")}
    upper = max(train_threshold, test_threshold)
    for name, (level, kind) in levels.items():
        ax.axhline(level, color=COLORS[kind], linewidth=0.9, linestyle=":")
        above = level == upper  # the lower one has its words below, however close the two are
        ax.annotate(
            f"{name} = {level:g}",
            (0.0, level),
            xycoords=("axes fraction", "data"),
            xytext=(5, 3 if above else -3),
            textcoords="offset points",
            ha="left",
            va="bottom" if above else "top",
            color=COLORS[kind],
        )


def plot_stages(ax, times, *, last_step=None):
    """Shade the three stages and mark t1 and t2; what does not exist is left out.

    The words stand above the axes, side by side even where t1 and t2 are close.
    """
    low, high = ax.get_xlim()
    first, second = times.overfit_step, times.generalize_step
    marks = [
        (step, f"{name} = {step:,.0f}", COLORS[kind])
        for name, step, kind in (("t₁", first, "train"), ("t₂", second, "test"))
        if step is not None and _has_a_place(ax, step)
    ]
    for step, _, color in marks:
        ax.axvline(step, color=color, linewidth=1.3)
    _write_above(ax, marks)
    edges = [low, first, second, last_step or high]
    if second is None:  # stage II lasts to the end of the picture
        edges.pop(2)
    names = []
    if first is not None and (second is None or second > first):
        for left, right, shade, name in zip(
            edges, edges[1:], _STAGE_SHADES, STAGE_NAMES, strict=False
        ):
            left, right = max(left, low), min(right, high)
            if right <= left:  # t1 = 0 has no place on a logarithmic axis, nor has stage I
                continue
            ax.axvspan(left, right, color=shade, zorder=-2, linewidth=0)
            names.append(_named_band(ax, left, right, name))
    _write_above(ax, names)
    ax.set_xlim(low, high)


def plot_bounds(ax, bounds, *, name="bound"):
    """The two sides of a `GrokkingBounds` as dashed lines; one that says nothing is left out."""
    marks = [
        (step, f"{sign} {step:,.0f}  ({name})", COLORS["theory"])
        for sign, step in (
            ("t₁ ≤", bounds.overfit_step_at_most),
            ("t₂ ≥", bounds.generalize_step_at_least),
        )
        if np.isfinite(step) and step >= 1
    ]
    for step, _, color in marks:
        ax.axvline(step, color=color, linewidth=1.3, linestyle="--")
    _write_above(ax, marks)


def plot_sweep(ax, table, parameter, *, bounds=None, prediction=None, label=None):
    """t1 and t2 over one parameter of a sweep: the mean over draws, with ± one sd shaded.

    A mean over draws of one problem, and of nothing else: a table in which another column varies
    too is refused. Draw one value of it at a time.

    Parameters
    ----------
    table : pandas.DataFrame
        From `sweep`; draws in which a time does not exist are left out of its mean.
    parameter : str
        The column on the horizontal axis.
    bounds : sequence of (value, t1, t2), optional
        Drawn dashed; None and infinite times are left out.
    prediction : sequence of (value, t1, t2), optional
        Drawn thin, in the same way.
    label : str, optional
        What the horizontal axis says; `parameter` without it.

    Raises
    ------
    ValueError
        For a column that is not there, and for a grid with more than one axis.
    """
    _check_one_axis(table, parameter)
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
    """Histogram of eigenvalues, with a density drawn over it if given.

    Parameters
    ----------
    eigenvalues : (k,) array
        Such as ``problem.modes.eigenvalues``.
    density : (x, y), optional
        Two arrays, such as places and their `predictions.marchenko_pastur_density`.
    n_bins : int
        Of the histogram.
    label : str
        For the legend.
    """
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


def plot_valley(ax, problem, path, solution, *, weight_decay):
    """The plane of two weights, in which one sample makes a valley, as in the explorer of it.

    Contours of the regularized training loss, the line of weights that fit the sample, the teacher,
    and the path from the start to the solution that it tends to.

    Parameters
    ----------
    problem : RidgeProblem
        Of one sample and two features.
    path : (k, 2) array
        The weights at k steps, from the start on.
    solution : (2,) array
        Such as `ridge_solution` gives.
    weight_decay : float
        λ, which bends the valley.
    """
    if problem.features.shape != (1, 2):
        raise ValueError(
            f"problem has features of shape {problem.features.shape}, expected (1, 2): pass one of "
            "one sample and two weights"
        )
    feature, reach = problem.features[0], _REACH * np.abs([*problem.teacher, *path[0]]).max()
    shown = np.linspace(-reach, reach, 201)
    weights = np.stack(np.meshgrid(shown, shown), axis=-1)

    def loss(places):
        errors = places @ feature - problem.targets[0]
        return errors**2 / 2 + weight_decay / 2 * np.sum(places**2, axis=-1)

    # Evenly spaced across the valley, where the loss is quadratic.
    levels = loss(solution) + (feature @ feature) / 2 * np.geomspace(0.05, 3.2, 7) ** 2
    ax.contour(shown, shown, loss(weights), levels, colors=COLORS["faint"], linewidths=1.0)
    ax.plot([], [], color=COLORS["faint"], linewidth=1.0, label="regularized training loss")
    along = np.array([-feature[1], feature[0]]) / (feature @ feature)
    fit = problem.targets[0] * feature / (feature @ feature) + np.outer([-9, 9], along)
    ax.plot(*fit.T, color=COLORS["train"], linewidth=1.8, label="weights that fit the sample")
    ax.plot(*np.transpose(path), color=COLORS["path"], linewidth=1.6, label="path of the weights")
    mark = {"linestyle": "none", "markeredgecolor": "white", "zorder": 4}
    start = {**mark, "markeredgecolor": COLORS["path"], "markerfacecolor": "white"}
    ax.plot(*path[0], "o", label="start θ(0)", markersize=8, markeredgewidth=1.6, **start)
    for place, shape, kind, name, size in (
        (problem.teacher, "*", "test", "teacher θ*", 13),
        (solution, "D", "theory", "ridge solution" if weight_decay else "least-norm solution", 7),
    ):
        ax.plot(*place, shape, color=COLORS[kind], label=name, markersize=size, **mark)
    ax.set(aspect="equal", xlim=(-reach, reach), ylim=(-reach, reach), xlabel="θ₁", ylabel="θ₂")
    ax.grid(False)


def plot_phase(ax, x, y, values, *, certified=None, untypical=None, label="delay t₂ − t₁ (steps)"):
    """A map of a time over two settings, in colors on a logarithmic scale, as in its explorer.

    Set the scales of both axes before: cells reach half the way to the next value on them.

    Parameters
    ----------
    x : (k,) array
        The values of the setting along the columns, ascending.
    y : (l,) array
        Those along the rows.
    values : (l, k) array
        Such as the delays of `predictions.phase_diagram`. What is not a finite number above 0 has
        no color and is hatched: nothing groks there.
    certified : (l, k) bool array, optional
        Where the Gaussian bound, Eq. (8) of the paper, certifies a delay; its edge is drawn.
    untypical : (l, k) bool array, optional
        Where single runs scatter widely around the mean that is predicted, as where the spread of
        `predictions.phase_diagram` is above its `TYPICAL_SPREAD`; each cell gets a dot.
    label : str
        Of the colors.
    """
    ax.grid(False)
    ax.patch.set(facecolor="white", edgecolor=COLORS["neutral"], hatch="////", linewidth=0)
    values = np.asarray(values, dtype=np.float64)
    shown = np.isfinite(values) & (values > 0)
    edges = [_cell_edges(axis) for axis in ((ax.get_xscale(), x), (ax.get_yscale(), y))]
    low, high = 1.0, 10.0
    if shown.any():
        # Powers of ten around, none below 1 step.
        low = 10.0 ** max(np.floor(np.log10(values[shown].min())), 0)
        high = max(10.0 ** np.ceil(np.log10(values[shown].max())), 10 * low)
    norm = mpl.colors.LogNorm(low, high, clip=True)
    masked = np.ma.array(values, mask=~shown)
    mesh = ax.pcolormesh(*edges, masked, norm=norm, cmap="cividis", rasterized=True)
    ax.figure.colorbar(mesh, ax=ax, label=label)
    if not shown.all():
        ax.fill(
            [],
            [],
            facecolor="white",
            edgecolor=COLORS["neutral"],
            hatch="////",
            label="nothing groks",
        )
    if certified is not None and np.any(certified):
        if not np.all(certified):
            lines = ax.contour(x, y, certified, [0.5], colors=COLORS["theory"], linewidths=1.8)
            lines.set_path_effects([patheffects.withStroke(linewidth=3.6, foreground="white")])
        ax.plot([], [], color=COLORS["theory"], linewidth=1.8, label="Eq. (8) certifies a delay")
    if untypical is not None and np.any(untypical):
        rows, columns = np.nonzero(untypical)
        dots = {"color": "white", "markeredgecolor": "black", "markeredgewidth": 0.7}
        ax.plot(
            np.asarray(x)[columns],
            np.asarray(y)[rows],
            "o",
            markersize=3.2,
            label="single runs scatter",
            **dots,
        )


def plot_accuracies(ax, trajectory, times, *, last_step=None, scale="log1p"):
    """Shares of right answers over the steps, with the stages between `times`.

    Parameters
    ----------
    trajectory : Trajectory
        Of `train_network` on modular addition, which counts right answers.
    times : GrokkingTimes
        t1 and t2, by accuracy.
    last_step : int, optional
        Where the picture ends; by default with the run.
    scale : {"log", "log1p", "linear"}
        Of the steps.
    """
    if trajectory.train_accuracy is None:
        raise ValueError(
            "trajectory counts no right answers: pass a run of modular_addition_problem"
        )
    shown = _thinned(trajectory.steps, scale)
    for kind in ("train", "test"):
        shares = getattr(trajectory, f"{kind}_accuracy")[shown]
        ax.plot(trajectory.steps[shown], shares, color=COLORS[kind], linewidth=_RUN_WIDTH)
    _label_losses(ax, scale)
    ax.set(yscale="linear", ylim=(-0.03, 1.03), ylabel="accuracy")
    ax.yaxis.set_major_formatter(mpl.ticker.PercentFormatter(1.0))
    ax.set_xlim(right=max(last_step or trajectory.steps[-1], 2))
    plot_stages(ax, times)


def plot_sums(ax, right, trained):
    """The table of all sums a + b mod p: right or wrong, trained on or not.

    Color and shape say whether a cell is trained on, filling and a cross whether it is right.

    Parameters
    ----------
    right : (p, p) bool array
        Which answers are right, with a along the rows and b along the columns.
    trained : (p, p) bool array
        Which cells are trained on.
    """
    right, trained = np.asarray(right), np.asarray(trained)
    size = 0.6 * 72 * min(ax.bbox.width, ax.bbox.height) / ax.figure.dpi / len(right)
    for is_trained, kind, shape, name in (
        (True, "train", "o", "trained on"),
        (False, "test", "s", "others"),
    ):
        for is_right, verdict in ((True, "right"), (False, "wrong")):
            rows, columns = np.nonzero((trained == is_trained) & (right == is_right))
            mark = {"color": COLORS[kind], "linestyle": "none", "markersize": size}
            fill = COLORS[kind] if is_right else "none"
            label = f"{name}, {verdict}"
            ax.plot(columns, rows, shape, markerfacecolor=fill, label=label, **mark)
            if not is_right:
                ax.plot(columns, rows, "x", **{**mark, "markersize": 0.45 * size})
    ends = (-0.5, len(right) - 0.5)
    ax.set(aspect="equal", xlim=ends, ylim=ends[::-1], xlabel="b", ylabel="a")
    ticks = np.arange(0, len(right), 1 if len(right) <= 12 else 5)
    ax.set(xticks=ticks, yticks=ticks)
    ax.tick_params(length=0)
    ax.grid(False)
    ax.spines[:].set_visible(False)


def _cell_edges(axis):
    """The edges of cells around some values on an axis of a scale."""
    scale, values = axis
    forward, backward = (np.log, np.exp) if scale == "log" else (np.asarray, np.asarray)
    places = forward(np.asarray(values, dtype=np.float64))
    between = (places[1:] + places[:-1]) / 2
    ends = 2 * places[0] - between[0], 2 * places[-1] - between[-1]
    return backward(np.concatenate([ends[:1], between, ends[1:]]))


def add_legend(ax, **options):
    """A legend in the house style: no frame."""
    ax.legend(**{"frameon": False, "fontsize": 10, **options})


def _check_one_axis(table, parameter):
    if parameter not in table.columns:
        raise ValueError(f"parameter={parameter!r} is no column of the table: pass one of its own")
    # A sweep puts its results after `draw`: those of a run of your own have any names.
    settings = table.columns[: list(table.columns).index("draw") if "draw" in table else None]
    others = settings.drop([parameter, *_RESULTS], errors="ignore")
    counts = table.groupby(parameter)[list(others)].nunique(dropna=False).max()
    several = list(counts[counts > 1].index)
    if several:
        fixed = " and ".join(f"{name} == {table[name].tolist()[0]!r}" for name in several)
        raise ValueError(
            f"table has several values of {', '.join(several)} at one {parameter}, whose mean "
            f"would mix them: draw one at a time, as with table.query({fixed!r})"
        )


def _write_above(ax, labels):
    """One more row of texts above the axes, from (step, text, color).

    Each is centered over its step, as far as its neighbors and the ends of the axis allow.
    """
    if not labels:
        return
    labels = sorted(labels)
    width = ax.bbox.width * 72 / ax.figure.dpi
    places = width * _along(ax, [step for step, _, _ in labels])
    halves = np.array([_text_width(text) / 2 + 4 for _, text, _ in labels])
    centers = np.maximum(places, halves - 4)
    for i in range(1, len(labels)):
        centers[i] = max(centers[i], centers[i - 1] + halves[i - 1] + halves[i])
    centers[-1] = min(centers[-1], width - halves[-1] + 4)
    for i in reversed(range(len(labels) - 1)):
        centers[i] = min(centers[i], centers[i + 1] - halves[i + 1] - halves[i])
    row = len({text.get_gid() for text in ax.texts if (text.get_gid() or "").startswith("above")})
    for (step, text, color), place, center in zip(labels, places, centers, strict=True):
        ax.annotate(
            text,
            (step, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(center - place, 3 + row * _ROW_HEIGHT),
            textcoords="offset points",
            ha="center",
            va="bottom",
            color=color,
            fontsize=_LABEL_SIZE,
            gid=f"above {row}",
        )


def _named_band(ax, left, right, name):
    """(step, text, color) of a stage: its numeral alone in a band narrower than its name."""
    start, end = _along(ax, [left, right])
    room = (end - start) * ax.bbox.width * 72 / ax.figure.dpi
    text = name if room > _text_width(name) + 4 else name.split()[-1]
    transform = ax.get_xaxis_transform()
    middle = transform.inverted().transform(ax.transAxes.transform(((start + end) / 2, 0)))[0]
    return middle, text, COLORS["neutral"]


def _along(ax, steps):
    """Where on the axis steps are: 0 at its left end, 1 at its right end."""
    on_screen = ax.get_xaxis_transform().transform([(step, 0.0) for step in steps])
    return ax.transAxes.inverted().transform(on_screen)[:, 0]


def _text_width(text):
    return TextPath((0, 0), text, size=_LABEL_SIZE).get_extents().width


def _has_a_place(ax, step):
    return step > 0 or ax.get_xscale() != "log"


def _scale_of(ax):
    scale = ax.get_xscale()
    return "log1p" if scale == "function" else scale


def _label_losses(ax, scale):
    ax.set(yscale="log", xlabel="step t", ylabel="loss")
    if scale != "log1p":
        ax.set_xscale(scale)
    else:
        _set_log1p(ax)
    if scale != "log":
        ax.set_xlim(left=0)


def _set_log1p(ax):
    ax.set_xscale("function", functions=(np.log1p, np.expm1))
    ax.xaxis.set_major_locator(FixedLocator([0, *10.0 ** np.arange(16)]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(
        lambda step, _: "0" if step == 0 else f"$10^{{{round(np.log10(step))}}}$"
    )


def _on_paper(loss):
    """The losses without those of a diverging run that overflow a logarithmic axis."""
    return np.where(loss < 1e100, loss, np.nan)


def _drawable(step):
    return step is not None and np.isfinite(step) and step > 0


def _thinned(steps, scale):
    """Indices of at most a few hundred steps, evenly spread along the axis."""
    if scale not in _SCALES:
        raise ValueError(f"scale={scale!r}: pass one of {', '.join(map(repr, _SCALES))}")
    shown = np.flatnonzero(steps > 0) if scale == "log" else np.arange(len(steps))
    if len(shown) <= _DRAWN_POINTS:
        return shown
    places = _SCALES[scale](steps[shown])
    targets = np.linspace(places[0], places[-1], _DRAWN_POINTS)
    return shown[np.unique(np.searchsorted(places, targets).clip(0, len(shown) - 1))]
