"""What every explorer shares: its plot's state, its controls, its worker and its messages."""

import math
import threading
import time
from functools import wraps
from typing import ClassVar

import anywidget
import ipywidgets as widgets
import traitlets as t

from grokedu.checks import check_number
from grokedu.explorers.worker import LatestJob

MAX_SEED = 2**31 - 1
WHOLE = {"n_samples", "n_features", "width", "input_dim", "seed"}
_SECONDS_BEFORE_PROGRESS = 0.3
_SECONDS_BETWEEN_PROGRESS = 0.1


def log_slider(description, low, high, readout):
    """A control for a setting that spans many powers of ten."""
    return {
        "range": (10.0**low, 10.0**high),
        "make": lambda value: widgets.FloatLogSlider(
            value=value, base=10, min=low, max=high, step=0.05, readout_format=readout
        ),
        "description": description,
    }


def int_slider(description, low, high, step=1):
    """A control for a whole number."""
    return {
        "range": (low, high),
        "make": lambda value: widgets.IntSlider(value=value, min=low, max=high, step=step),
        "description": description,
    }


SEED = {
    "range": (0, MAX_SEED),
    "make": lambda value: widgets.BoundedIntText(value=value, min=0, max=MAX_SEED),
    "description": "seed",
}


class ExplorerPlot(anywidget.AnyWidget):
    """What the browser draws. A kind of explorer adds its settings and its problem as traits."""

    defaults: ClassVar[dict] = {}

    step = t.Float(-1.0, help="scrubbed step; negative: t1").tag(sync=True)
    initial = t.Dict(help="the settings that Reset goes back to").tag(sync=True)
    ranges = t.Dict(help="smallest and largest value of each setting").tag(sync=True)
    run = t.Dict(help="the last run of gradient descent").tag(sync=True)
    run_times = t.Dict(help="t1 and t2 of the last run").tag(sync=True)
    progress = t.Dict(help="steps done and asked for, while a run takes long").tag(sync=True)
    fallback = t.Unicode(help="the initial state as HTML without scripts").tag(sync=True)
    problem = t.Unicode(help="what went wrong in Python, in words").tag(sync=True)

    def __init__(self, **state):
        # Messages from the browser and results from the worker must not interleave.
        self._changing = threading.RLock()
        super().__init__(**state)

    def set_state(self, sync_data):
        """Take over a change made in the browser."""
        with self._changing:
            super().set_state(sync_data)

    def publish(self, **state):
        """Send results from the worker thread."""
        with self._changing, self.hold_sync():
            for name, value in state.items():
                setattr(self, name, value)

    @property
    def settings(self):
        """All settings as plain numbers."""
        values = {name: getattr(self, name) for name in self.defaults}
        # Halves go up, as in JavaScript: both sides must mean the same problem.
        return {n: math.floor(v + 0.5) if n in WHOLE else float(v) for n, v in values.items()}


def in_words(method):
    """Turn any exception of a callback into a message in the widget."""

    @wraps(method)
    def guarded(self, *args):
        try:
            return method(self, *args)
        except Exception as error:
            self.plot.publish(problem=f"{error}", progress={})

    return guarded


class Explorer(widgets.VBox):
    """Controls joined to a plot, and a thread that runs gradient descent on every change.

    A kind of explorer gives `plot_class`, `specs` (range and control of each setting), and the
    methods `_run` and `_on_setting`.
    """

    plot_class = ExplorerPlot
    specs: ClassVar[dict] = {}

    def __init__(self, controls, step, settings, **state):
        defaults = self.plot_class.defaults
        check_names("controls", controls, self.specs)
        check_names("settings", settings, defaults)
        settings = {n: self._check_setting(n, v) for n, v in {**defaults, **settings}.items()}
        step = -1.0 if step is None else check_number("step", step, at_least=0, remedy="pass ≥ 0")
        self._worker = LatestJob()
        self._trajectory = None
        self._last_progress = 0.0
        self.plot = self.plot_class(
            **settings,
            **state,
            step=step,
            initial={**settings, "step": step, **state},
            ranges={name: list(spec["range"]) for name, spec in self.specs.items()},
        )
        self.controls = {name: self._make_control(name, settings[name]) for name in controls}
        row = widgets.Box(
            list(self.controls.values()),
            layout=widgets.Layout(flex_flow="row wrap", width="100%", overflow="visible"),
        )
        super().__init__([row, self.plot], layout=widgets.Layout(width="100%"))
        self.add_class("grokedu-explorer")
        row.add_class("grokedu-controls")
        self.plot.on_msg(lambda _widget, content, _buffers: self._on_message(content))
        self.plot.observe(self._on_setting, list(defaults))
        self.plot.fallback = self.fallback_html()
        self._start_run()
        if self._is_short():
            self._worker.wait()

    def __repr__(self):
        settings = ", ".join(f"{name}={value!r}" for name, value in self.plot.settings.items())
        return f"{type(self).__name__}({settings})"

    def wait(self, timeout=None):
        """Wait for the running gradient descent; return whether it ended within `timeout`."""
        return self._worker.wait(timeout)

    def _check_setting(self, name, value):
        low, high = self.specs[name]["range"]
        remedy = f"pass a number from {low:g} to {high:g}"
        number = check_number(name, value, at_least=low, remedy=remedy)
        if number > high or (name in WHOLE and number != int(number)):
            raise ValueError(f"{name}={value!r}: {remedy}")
        return int(number) if name in WHOLE else number

    def _make_control(self, name, value):
        control = self.specs[name]["make"](value)
        control.description = self.specs[name]["description"]
        control.tooltip = control.description
        control.style.description_width = "10em"
        control.layout = widgets.Layout(
            flex="1 1 22em", width="auto", max_width="30em", margin="2px 12px 2px 0"
        )
        if isinstance(control, widgets.BoundedIntText):
            control.layout.flex = "0 1 18em"
        # In the browser jslink joins control and plot, kernel or not. In Python the same is done
        # without sending anything: an echo would move a slider that is being dragged.
        widgets.jslink((control, "value"), (self.plot, name))
        control.observe(lambda change: _set_quietly(self.plot, name, change.new), "value")
        self.plot.observe(lambda change: _set_quietly(control, "value", change.new), name)
        return control

    @in_words
    def _on_message(self, content):
        kind = content.get("type")
        if kind == "hello":
            self.plot.send({"type": "welcome"})
        elif kind == "run":
            self.plot.send({"type": "welcome"})
            self._start_run()
        elif kind == "stop":
            self._worker.stop()

    def _start_run(self):
        settings = self.plot.settings
        self._worker.submit(lambda permit: self._run(settings, permit))

    def _report(self, done, n_steps, started, permit):
        """Show how far the run is; return whether it may go on."""
        now = time.perf_counter()
        late = now - started > _SECONDS_BEFORE_PROGRESS
        if permit and late and now - self._last_progress > _SECONDS_BETWEEN_PROGRESS:
            self._last_progress = now
            self.plot.publish(progress={"done": done, "of": n_steps})
        return bool(permit)

    def _times(self, times):
        """Times as the browser reads them, with the thresholds that they belong to."""
        return {
            "train_threshold": self.plot.train_threshold,
            "test_threshold": self.plot.test_threshold,
            "overfit": times.overfit_step,
            "generalize": times.generalize_step,
            "reason": times.reason,
        }


def check_names(argument, names, known):
    """Refuse names that are not known, and a string in place of a sequence of them."""
    unknown = [name for name in names if name not in known]
    if unknown or isinstance(names, str):
        wrong = repr(names) if isinstance(names, str) else ", ".join(map(repr, unknown))
        raise ValueError(f"{argument}: {wrong} unknown; pass a sequence of {', '.join(known)}")


def _set_quietly(widget, name, value):
    """Set a trait of a widget without sending it to the browser."""
    with widget._lock_property(**{name: value}):
        setattr(widget, name, value)
