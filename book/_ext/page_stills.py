"""Explorers as figure and table, for pages without JavaScript: drawn from their saved state."""

import base64
import io
from html import escape

import matplotlib as mpl
import matplotlib.pyplot as plt

from grokedu import figures
from grokedu.explorers import KINDS

ALTERNATIVE = "Training and test loss over the steps of gradient descent, on logarithmic axes."


def html_of(state):
    """A `figure` for the saved state of an explorer; None for other widgets."""
    if state.get("kind") not in KINDS:
        return None
    still = KINDS[state["kind"]].still(state)
    picture = "" if still.trajectory is None else _picture(still, state)
    words = f"{escape(still.sentence)} With JavaScript this figure can be changed."
    return (
        f'<figure class="grokedu-still">{picture}{_table(still.rows)}'
        f"<figcaption>{words}</figcaption></figure>"
    )


def svg_of(still, state):
    """The picture as the bytes of an SVG file, the same every time."""
    figure, ax = figures.subplots(height=3.6)
    thresholds = {name: state[name] for name in ("train_threshold", "test_threshold")}
    figures.plot_run(ax, still.trajectory, still.times, last_step=still.horizon, **thresholds)
    figures.add_legend(ax, loc="lower left")
    file = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "grokedu"}):
        figure.savefig(file, format="svg", metadata={"Date": None}, bbox_inches="tight")
    plt.close(figure)
    return file.getvalue()


def _picture(still, state):
    code = base64.b64encode(svg_of(still, state)).decode()
    words = escape(f"{ALTERNATIVE} {still.sentence}")
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
