"""Explorers as figure and table, for pages without JavaScript: drawn from their saved state."""

import base64
import io
from html import escape

import matplotlib as mpl
import matplotlib.pyplot as plt

from grokedu import figures
from grokedu.explorers import KINDS

ALTERNATIVE = "Training and test loss over the steps of gradient descent, on logarithmic axes."


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
    figure, ax = figures.subplots(height=3.6)
    thresholds = {name: state[name] for name in ("train_threshold", "test_threshold")}
    figures.plot_run(ax, still.trajectory, still.times, last_step=still.horizon, **thresholds)
    figures.add_legend(ax, loc="lower left")
    file = io.BytesIO()
    undated = {"Date": None} if file_format == "svg" else {}
    with mpl.rc_context({"svg.hashsalt": "grokedu"}):
        figure.savefig(file, format=file_format, metadata=undated, **style)
    plt.close(figure)
    return file.getvalue()


def _image(still, state):
    svg = picture(still, state, "svg", bbox_inches="tight")
    if svg is None:
        return ""
    words = escape(f"{ALTERNATIVE} {still.sentence}")
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
