"""Explorers as figure and table, for pages without JavaScript: drawn from their saved state."""

import base64
import io
from html import escape

import matplotlib as mpl
import matplotlib.pyplot as plt

from grokedu import figures
from grokedu.explorers import KINDS
from grokedu.explorers.modular import ModularStill
from grokedu.explorers.phase import QUANTITIES, PhaseStill
from grokedu.explorers.valley import ValleyStill

LOSSES = "Training and test loss over the steps of gradient descent."
PLANE = (
    "The plane of the two weights: the path of gradient descent jumps from its start to the line "
    "of weights that fit the sample, and slides along it to the solution, near the teacher."
)

MAP = (
    "A map of the predicted {quantity} over {x} (across) and {y} (up), with the region where "
    "Eq. (8) of the paper certifies a delay; nothing groks where it is hatched."
)
SCATTER = "Where it is dotted, single runs scatter widely around the mean that is predicted."

SUMS = (
    "The table of all sums a + b mod p at step {step:,}: {train} of {trained} training cells and "
    "{test} of {others} other cells are right."
)


def still_of(state):
    """The `Still` of the saved state of an explorer; None for other widgets."""
    kind = KINDS.get(state.get("kind"))
    return kind and kind.still(state)


def html_of(state):
    """A `figure` for the saved state of an explorer; None for other widgets."""
    still = still_of(state)
    if still is None:
        return None
    words = f"{escape(still.sentence)} With JavaScript this figure can be changed."
    return (
        f'<figure class="grokedu-still">{_image(still, state)}{_table(still.rows)}'
        f"<figcaption>{words}</figcaption></figure>"
    )


def picture(still, state, file_format, **style):
    """The picture as the bytes of a file, the same every time; None where settings cannot run."""
    if still is None or still.trajectory is None:
        return None
    figure = _figure(still, state)
    file = io.BytesIO()
    undated = {"Date": None} if file_format == "svg" else {}
    with mpl.rc_context({"svg.hashsalt": "grokedu"}):
        figure.savefig(file, format=file_format, metadata=undated, **style)
    plt.close(figure)
    return file.getvalue()


def _figure(still, state):
    """The losses, below the picture of the kind where there is one."""
    if "train_threshold" not in state:
        return _figure_by_accuracy(still, state)
    draw_more = _DRAWN_ABOVE.get(type(still))
    figure, axes = figures.subplots(1 + bool(draw_more), height=3.6, squeeze=False)
    if draw_more:
        draw_more(axes[0, 0], still)
    ax = axes[-1, 0]
    thresholds = {name: state[name] for name in ("train_threshold", "test_threshold")}
    scale = "linear" if state.get("linear") else "log1p"
    figures.plot_run(
        ax, still.trajectory, still.times, last_step=still.horizon, scale=scale, **thresholds
    )
    figures.add_legend(ax, loc="best" if scale == "linear" else "lower left")
    return figure


def _figure_by_accuracy(still, state):
    """Accuracies above losses, beside the table of sums where there is one."""
    scale = "linear" if state.get("linear") else "log1p"
    figure, axes = figures.subplots(2, 2, height=2.7, width_ratios=(1, 1.5))
    figures.plot_accuracies(
        axes[0, 1], still.trajectory, still.times, last_step=still.horizon, scale=scale
    )
    figures.plot_losses(
        axes[1, 1], still.trajectory, labels=("training cells", "other cells"), scale=scale
    )
    axes[1, 1].set_xlim(axes[0, 1].get_xlim())
    figures.add_legend(axes[1, 1], loc="best" if scale == "linear" else "lower left")
    if isinstance(still, ModularStill):
        figures.plot_sums(axes[0, 0], still.right, still.trained)
        axes[0, 0].set_title(f"step {still.step:,}")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        axes[1, 0].legend(handles, labels, loc="upper left", frameon=False, fontsize=9)
    else:
        axes[0, 0].set_axis_off()
    axes[1, 0].set_axis_off()
    return figure


def _draw_plane(ax, still):
    decay = still.weight_decay
    figures.plot_valley(ax, still.problem, still.path, still.solution, weight_decay=decay)
    ax.set_anchor("W")
    figures.add_legend(ax, loc="center left", bbox_to_anchor=(1.05, 0.5))
    ax.get_legend().set_in_layout(False)  # the losses are as wide as both


def _draw_map(ax, still):
    shown = still.map
    (x_name, x, here_x), (y_name, y, here_y) = (
        (name, values / unit, still.settings[setting.name] / unit)
        for (name, unit), setting, values in zip(
            _axes(still), shown.axes, (shown.x, shown.y), strict=True
        )
    )
    ax.set(xlabel=x_name, ylabel=y_name)
    ax.set(xscale=_scale(shown.axes[0]), yscale=_scale(shown.axes[1]))
    values, label = shown.values(still.quantity), QUANTITIES[still.quantity]
    marks = {"certified": shown.certified, "untypical": shown.untypical}
    figures.plot_phase(ax, x, y, values, **marks, label=label)
    ring = {"markersize": 9, "fillstyle": "none", "linestyle": "none", "clip_on": False}
    ax.plot(here_x, here_y, "o", color="black", markeredgewidth=4, **ring)
    ax.plot(here_x, here_y, "o", color="white", markeredgewidth=2, **ring)
    figures.add_legend(ax, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)


def _axes(still):
    """The name of each axis of a map, and the unit of its setting there: m samples for n/m."""
    m = still.settings["n_features"]
    return [
        ("samples per feature n/m", m) if setting.name == "n_samples" else (setting.label, 1)
        for setting in still.map.axes
    ]


def _scale(setting):
    return "log" if setting.scale == "log" else "linear"


_DRAWN_ABOVE = {ValleyStill: _draw_plane, PhaseStill: _draw_map}


def _words_above(still):
    """What is drawn above the losses, in words."""
    if isinstance(still, ValleyStill):
        return [PLANE]
    if isinstance(still, ModularStill):
        right, trained = still.right, still.trained
        counts = {
            "train": (right & trained).sum(),
            "trained": trained.sum(),
            "test": (right & ~trained).sum(),
            "others": (~trained).sum(),
        }
        return [SUMS.format(step=still.step, **counts)]
    if isinstance(still, PhaseStill):
        (x, _), (y, _) = _axes(still)
        words = MAP.format(quantity=QUANTITIES[still.quantity], x=x, y=y)
        return [words, *([SCATTER] if still.map.untypical.any() else [])]
    return []


def _image(still, state):
    svg = picture(still, state, "svg", bbox_inches="tight")
    if svg is None:
        return ""
    words = escape(" ".join([*_words_above(still), LOSSES, still.sentence]))
    code = base64.b64encode(svg).decode()
    return f'<img alt="{words}" src="data:image/svg+xml;base64,{code}"/>'


def _table(rows):
    if not rows:
        return ""
    head = '<tr><td></td><th scope="col">t₁</th><th scope="col">t₂</th></tr>'
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{first}</td><td>{second}</td></tr>'
        for name, first, second in rows
    )
    return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>"
