"""Explorers as figure and table, for pages without JavaScript: drawn from their saved state."""

import base64
import io
from html import escape

import matplotlib as mpl
import matplotlib.pyplot as plt

from grokedu import figures
from grokedu.explorers import KINDS
from grokedu.explorers.valley import ValleyStill

LOSSES = "Training and test loss over the steps of gradient descent."
PLANE = (
    "The plane of the two weights: the path of gradient descent jumps from its start to the line "
    "of weights that fit the sample, and slides along it to the solution, near the teacher."
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
    """The losses, below the plane of the weights where there is one."""
    has_plane = isinstance(still, ValleyStill)
    figure, axes = figures.subplots(1 + has_plane, height=3.6, squeeze=False)
    if has_plane:
        plane = axes[0, 0]
        decay = still.weight_decay
        figures.plot_valley(plane, still.problem, still.path, still.solution, weight_decay=decay)
        plane.set_anchor("W")
        figures.add_legend(plane, loc="center left", bbox_to_anchor=(1.05, 0.5))
        plane.get_legend().set_in_layout(False)  # the losses are as wide as both
    ax = axes[-1, 0]
    thresholds = {name: state[name] for name in ("train_threshold", "test_threshold")}
    scale = "linear" if state.get("linear") else "log1p"
    figures.plot_run(
        ax, still.trajectory, still.times, last_step=still.horizon, scale=scale, **thresholds
    )
    figures.add_legend(ax, loc="best" if scale == "linear" else "lower left")
    return figure


def _image(still, state):
    svg = picture(still, state, "svg", bbox_inches="tight")
    if svg is None:
        return ""
    pictures = [PLANE, LOSSES] if isinstance(still, ValleyStill) else [LOSSES]
    words = escape(" ".join([*pictures, still.sentence]))
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
