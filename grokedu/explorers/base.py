"""What every explorer shares: its state as traits, its worker, its messages, its still picture."""

import math
import threading
import time
from dataclasses import dataclass
from functools import wraps
from html import escape
from pathlib import Path
from typing import ClassVar

import anywidget
import numpy as np
import traitlets as t

from grokedu.checks import check_number
from grokedu.explorers.notebook import finish_with_the_cell
from grokedu.explorers.settings import Checked, as_data, defaults
from grokedu.explorers.worker import LatestJob
from grokedu.grokking import GrokkingTimes
from grokedu.trajectory import Trajectory

HERE = Path(__file__).parent
_SECONDS_BEFORE_PROGRESS = 0.3
_SECONDS_BETWEEN_PROGRESS = 0.1
RULE = ("weight_decay", "learning_rate")
THRESHOLDS = ("train_threshold", "test_threshold")  # of losses
LEVELS = ("train_level", "test_level")  # of accuracies


@dataclass(frozen=True)
class Still:
    """An explorer's state as a figure and a table without scripts.

    Attributes
    ----------
    trajectory : Trajectory or None
        Losses up to `horizon`; None where the settings cannot run.
    times : GrokkingTimes or None
    horizon : int or None
        The last step of the picture.
    rows : tuple of (str, str, str)
        Of the table: label, t1 and t2, in words.
    sentence : str
        What happened, or why the settings cannot run, and the settings.
    """

    trajectory: Trajectory | None
    times: GrokkingTimes | None
    horizon: int | None
    rows: tuple
    sentence: str


def in_words(method):
    """Turn any exception of a callback into a message in the widget."""

    @wraps(method)
    def guarded(self, *args):
        try:
            return method(self, *args)
        except Exception as error:
            # No run: what cannot be sent would keep the words back as well.
            self.publish(message=f"{error}", run={}, run_times={}, progress={})

    return guarded


def check_names(argument, names, known, what="a sequence"):
    """A list of known names; others are refused, and a string in place of a sequence of them."""
    single = isinstance(names, str) or not np.iterable(names)
    unknown = [name for name in ([names] if single else names) if name not in known]
    if unknown or single:
        wrong = ", ".join(map(repr, unknown or [names]))
        remedy = f"{what} of {', '.join(known)}" if known else "(), there are none here"
        raise ValueError(f"{argument}: {wrong} unknown; pass {remedy}")
    return list(names)


def check_flag(argument, value):
    """`value`, unless it is neither True nor False."""
    if not isinstance(value, bool):
        raise ValueError(f"{argument}={value!r}: pass True or False")
    return value


def _first_step(step):
    """The step to show at first as a trait: negative for t1."""
    remedy = "pass a number, 0 or more, or None for t1"
    return -1.0 if step is None else check_number("step", step, at_least=0, remedy=remedy)


def _shown_step(step):
    """The same, also as the browser says it."""
    remedy = "pass a number; below 0 or None for t1"
    return -1.0 if step is None else check_number("step", step, remedy=remedy)


class Explorer(anywidget.AnyWidget):
    """A widget whose browser side draws, and a thread that runs gradient descent on every change.

    The explorers below share this; make and show one of them.

    Parameters
    ----------
    controls : sequence of str, optional
        The settings that get a control, in this order. All others keep their initial value.
        Without it those that the kind has at first.
    layers : sequence of str
        Theory shown from the start, where a kind has some. The reader can switch it.
    step : int, optional
        The step that is shown at first; t1 if not given.
    linear : bool
        Whether the axis of steps is linear at first, not logarithmic. The reader can switch it.
    simple : bool
        Whether only controls, pictures, t1 and t2 and the sentence are shown, until the reader asks
        for more.
    presets : sequence of (str, dict)
        Buttons above the pictures: what each says, and the settings that it sets, by name (also
        `step`, `linear` and where there are some `layers`). Everything else goes back to its
        initial value.
    **settings
        Initial values; those not given have defaults. Each is an attribute as well, so
        ``explorer.weight_decay = 1e-5`` changes the picture.

    Attributes
    ----------
    settings : dict
        All settings by name.
    run : dict
        The last run in Python; empty before the first one.
    run_times : dict
        Its t1 and t2.

    Raises
    ------
    ValueError
        For unknown controls, layers or settings, and for values and presets that are not legal,
        also when an attribute is set.
    """

    # A kind gives its `kind`, its table of settings here and as traits, the controls that it shows
    # if nothing else is asked for, and the methods `_is_short`, `_run` and `still`.
    SETTINGS: ClassVar[tuple] = ()
    CONTROLS = ()
    LAYERS: ClassVar[tuple] = ()
    # What a picture of the kind shows: name of the trait → (value at first, its check).
    VIEWS: ClassVar[dict] = {}
    _css = HERE / "js" / "explorer.css"

    table = t.List(t.Dict(), help="names, symbols and ranges of the settings").tag(sync=True)
    controls = Checked(
        lambda self, names: check_names("controls", names, [s.name for s in self.SETTINGS]),
        (),
        "the settings that have a control when it is shown",
    )
    initial = t.Dict(help="the settings that Reset goes back to").tag(sync=True)
    step = Checked(lambda _, step: _shown_step(step), -1.0, "shown; below 0 or None for t1")
    layers = Checked(
        lambda self, names: check_names("layers", names, self.LAYERS), (), "theory over the run"
    )
    linear = Checked(
        lambda _, value: check_flag("linear", value), False, "whether the axis of steps is linear"
    )
    simple = Checked(
        lambda _, value: check_flag("simple", value),
        False,
        "whether only curves and times are shown at first",
    )
    presets = t.List(t.Dict(), help="named states to go to").tag(sync=True)
    run = t.Dict(help="the last run of gradient descent").tag(sync=True)
    run_times = t.Dict(help="t1 and t2 of the last run").tag(sync=True)
    progress = t.Dict(help="steps done and asked for, while a run takes long").tag(sync=True)
    message = t.Unicode(help="what went wrong in Python, in words").tag(sync=True)

    def __init__(
        self,
        *,
        controls=None,
        layers=(),
        step=None,
        linear=False,
        simple=False,
        presets=(),
        **settings,
    ):
        if not self.SETTINGS:
            raise ValueError("Explorer has nothing to show: make one of a kind, RidgeExplorer()")
        names = [setting.name for setting in self.SETTINGS]
        views = {name: check(settings.pop(name, at)) for name, (at, check) in self.VIEWS.items()}
        check_names("settings", settings, names, "some")
        settings = {s.name: s.check(settings.get(s.name, s.default)) for s in self.SETTINGS}
        layers = check_names("layers", layers, self.LAYERS)
        if not np.iterable(presets):
            raise ValueError(f"presets={presets!r}: pass pairs of a label and a dict")
        step, linear = _first_step(step), check_flag("linear", linear)
        # Messages from the browser and results from the worker must not interleave.
        self._changing = threading.RLock()
        self._worker = LatestJob()
        self._started = False
        self._trajectory = None
        self._last_progress = 0.0
        state = {**settings, "step": step, "layers": layers, "linear": linear, **views}
        super().__init__(
            **state,
            initial=state,
            table=as_data(self.SETTINGS),
            controls=self.CONTROLS if controls is None else controls,
            simple=simple,
            presets=[self._preset(preset, state) for preset in presets],
        )
        self.on_msg(lambda _widget, content, _buffers: self._on_message(content))
        self.observe(self._on_setting, names)
        self._prepare()

    def _prepare(self):
        """Set the traits of a kind beside its settings."""

    def _preset(self, preset, initial):
        """A preset as the browser reads it: its label and the whole state that it stands for."""
        match preset:
            case (str(label), dict(changes)) if label.strip():
                pass
            case _:
                raise ValueError(f"presets: {preset!r}; pass pairs of a label and a dict")
        argument = f"presets: {label!r}"
        names = [setting.name for setting in self.SETTINGS]
        known = [*names, "step", "layers", "linear", *self.VIEWS]
        check_names(argument, list(changes), known, "some")
        state = {**initial, **changes}
        try:
            for setting in self.SETTINGS:
                state[setting.name] = setting.check(state[setting.name])
            state["layers"] = check_names("layers", state["layers"], self.LAYERS)
            check_flag("linear", state["linear"])
            for name, (_, check) in self.VIEWS.items():
                state[name] = check(state[name])
            if "step" in changes:
                state["step"] = _first_step(changes["step"])
        except ValueError as error:
            raise ValueError(f"{argument}: {error}") from None
        return {"label": label, "state": state}

    def __repr__(self):
        settings = ", ".join(f"{name}={value!r}" for name, value in self.settings.items())
        return f"{type(self).__name__}({settings})"

    def _repr_mimebundle_(self, **kwargs):
        shown = super()._repr_mimebundle_(**kwargs)
        self._start()
        if self._is_short(self.settings):
            finish_with_the_cell(self)
        data, metadata = shown or ({}, {})
        data["text/plain"] = repr(self)
        data["text/html"] = f"<p>{escape(repr(self))}: run this cell to bring it alive.</p>"
        return data, metadata

    @property
    def settings(self):
        """All settings, by name."""
        return {setting.name: getattr(self, setting.name) for setting in self.SETTINGS}

    def wait(self, timeout=None):
        """Wait for gradient descent on the present settings.

        Parameters
        ----------
        timeout : float, optional
            Seconds; as long as it takes if not given.

        Returns
        -------
        bool
            Whether it ended in time.
        """
        if timeout is not None:
            timeout = check_number("timeout", timeout, at_least=0, below=threading.TIMEOUT_MAX)
        self._start()
        return self._worker.wait(timeout)

    def stop(self):
        """Stop the running gradient descent and keep what it has done."""
        self._worker.stop()

    def set_state(self, sync_data):
        """Take over a change made in the browser."""
        with self._changing:
            before = {name: getattr(self, name) for name in sync_data if name in self.keys}
            try:
                super().set_state(sync_data)
            except ValueError as error:
                for name, value in before.items():  # a check may come after the change
                    self.set_trait(name, value)
                self.message = f"{error}"
                self.send_state(list(sync_data))

    def publish(self, **state):
        """Send results from the worker thread."""
        with self._changing, self.hold_sync():
            for name, value in state.items():
                setattr(self, name, value)

    @in_words
    def _on_message(self, content):
        kind = content.get("type")
        if kind in ("hello", "run"):
            self.send({"type": "welcome"})
        if kind == "hello":
            self._start()
        elif kind == "run":
            self._start_run()
        elif kind == "stop":
            self.stop()

    @in_words
    def _on_setting(self, change):
        if not self._started:
            return
        if change.name in THRESHOLDS + LEVELS:
            self._on_threshold()
        else:
            self._start_run()

    def _on_threshold(self):
        self._start_run()

    def _start(self):
        """Run for the first time, once somebody looks."""
        if not self._started:
            self._start_run()

    def _start_run(self):
        self._started = True
        settings = self.settings
        self._worker.submit(lambda permit: self._guarded_run(settings, permit))

    @in_words
    def _guarded_run(self, settings, permit):
        self._trajectory = None
        self._announce(settings, permit)
        if permit.superseded:
            return
        self.publish(message="")
        if erases(settings):
            self.publish(run={}, run_times={}, progress={})
        else:
            self._run(settings, permit)

    def _announce(self, settings, permit):
        """Tell the browser the problem of these settings, if it depends on them."""

    def _report(self, done, n_steps, started, permit):
        """Show how far the run is; return whether it may go on."""
        now = time.perf_counter()
        late = now - started > _SECONDS_BEFORE_PROGRESS
        if permit and late and now - self._last_progress > _SECONDS_BETWEEN_PROGRESS:
            self._last_progress = now
            self.publish(progress={"done": done, "of": n_steps})
        return bool(permit)

    def _times(self, times):
        """Times as the browser reads them, with the thresholds that they belong to."""
        return {
            **{n: value for n, value in self.settings.items() if n in THRESHOLDS + LEVELS},
            "overfit": times.overfit_step,
            "generalize": times.generalize_step,
            "reason": times.reason,
            "reasons": [reason.as_dict() for reason in times.reasons],
        }


def some(settings, names):
    """The settings of these names."""
    return {name: settings[name] for name in names}


def erases(settings):
    """Whether one step would erase the weights."""
    return settings["learning_rate"] * settings["weight_decay"] >= 1


def cannot_run(why, words):
    return Still(None, None, None, (), f"These settings cannot run: {why}. {words}")


def settings_of(state, table):
    """The settings in a widget's saved state; what it does not hold has its default."""
    return {name: state.get(name, value) for name, value in defaults(table).items()}


def in_one_line(settings, table):
    """All settings with their symbols."""
    values = ", ".join(f"{s.symbol} = {settings[s.name]:.10g}" for s in table)
    return f"Settings: {values}."


def step_in_words(step):
    """A number of steps as it stands in a table."""
    if step is None:
        return "none"
    return "∞" if step == math.inf else f"{step:,.0f}"


def outcome(times, settings):
    """When the thresholds were reached, or why not."""
    if times.delay is None:
        return f"{times.reason[:1].upper()}{times.reason[1:]}."
    return (
        f"The training loss settles below ε = {settings['train_threshold']:g} after step "
        f"{times.overfit_step:,}; the test loss falls to c = {settings['test_threshold']:g} at "
        f"step {times.generalize_step:,}: a delay of {times.delay:,} steps."
    )
