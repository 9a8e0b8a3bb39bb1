"""A figure and a table of an explorer's first state, for readers without JavaScript."""

import math
from dataclasses import replace
from html import escape
from itertools import pairwise

import numpy as np

from grokedu import predictions, theory
from grokedu.exact import exact_grokking_times, exact_ridge

_WIDTH, _HEIGHT = 640, 330
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 628, 44, 292
_TRAIN, _TEST, _TEXT, _LINE = "#0069A5", "#C25500", "#57606A", "#D0D7DE"
_SHADES = ("#EAF2F8", "#FCEFE6", "#E9F5F0")
_POINTS = 160
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def fallback_html(problem, settings, layers):
    """An inline SVG with its description, and a table: no script, no style sheet, no request."""
    rule = {name: settings[name] for name in ("weight_decay", "learning_rate")}
    levels = {name: settings[name] for name in ("train_threshold", "test_threshold")}
    try:
        times = exact_grokking_times(problem, **rule, **levels)
    except ValueError as error:  # these settings cannot run, and the message says why
        why = escape(str(error).split(": pass")[0])
        return notice_html(f"These settings cannot run: {why}")
    horizon = _horizon(times, rule)
    steps = np.unique(np.expm1(np.linspace(0, math.log1p(horizon), _POINTS)).round().astype(int))
    trajectory = exact_ridge(problem, **rule, steps=steps)
    rows = [("exact", _count(times.overfit_step), _count(times.generalize_step))]
    rows += _theory_rows(problem, settings, layers, rule, levels)
    return _assembled(trajectory, times, horizon, settings, rows)


def notice_html(words):
    """A sentence where there is nothing to draw."""
    return f'<div class="grokedu-fallback"><p>{words}.</p></div>'


def network_fallback_html(trajectory, times, settings):
    """The same for a run of the network explorer."""
    rows = [("trained", _count(times.overfit_step), _count(times.generalize_step))]
    last = int(trajectory.steps[-1])
    ends = [4 * (step or 0) for step in (times.overfit_step, times.generalize_step)]
    horizon = 10 ** math.ceil(math.log10(max(50, *ends) if any(ends) else max(50, min(last, 1e5))))
    inside = trajectory.steps <= horizon
    shown = replace(
        trajectory,
        steps=trajectory.steps[inside],
        train_loss=np.nan_to_num(trajectory.train_loss[inside], posinf=1e300),
        test_loss=np.nan_to_num(trajectory.test_loss[inside], posinf=1e300),
    )
    return _assembled(shown, times, horizon, settings, rows)


def _assembled(trajectory, times, horizon, settings, rows):
    levels = {name: settings[name] for name in ("train_threshold", "test_threshold")}
    words = escape(_sentence(times, **levels))
    figure = _svg(trajectory, times, horizon, levels, words)
    return (
        f'<div class="grokedu-fallback">{figure}<p>{words}</p>{_table(rows)}'
        f"<p>{escape(_settings_in_words(settings))}</p></div>"
    )


def _horizon(times, rule):
    ends = [50, 4 * (times.overfit_step or 0), 4 * (times.generalize_step or 0)]
    if times.generalize_step is None:
        ends.append(4 / (rule["learning_rate"] * rule["weight_decay"]))
    return 10 ** math.ceil(math.log10(max(ends)))


def _svg(trajectory, times, horizon, levels, words):
    x, (low, high) = _x_axis(horizon), _loss_range(trajectory, levels)

    def y(loss):
        share = (math.log10(max(loss, low / 10)) - math.log10(low)) / math.log10(high / low)
        return _BOTTOM - share * (_BOTTOM - _TOP)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="Training and test loss over steps. {words}" width="100%" '
        f'font-family="sans-serif" font-size="12">'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#FFFFFF"/>'
    ]
    parts += _stages(times, horizon, x)
    parts += _axes(horizon, x, y, low, high)
    for level, color in zip(levels.values(), (_TRAIN, _TEST), strict=True):
        parts.append(
            f'<path d="M{_LEFT} {y(level):.1f}H{_RIGHT}" stroke="{color}" stroke-dasharray="2 4"/>'
        )
    curves = ((trajectory.train_loss, _TRAIN), (trajectory.test_loss, _TEST))
    for losses, color in curves:
        inside = [(x(t), y(loss)) for t, loss in zip(trajectory.steps, losses, strict=True)]
        points = " ".join(f"{px:.1f},{py:.1f}" for px, py in inside if py <= _BOTTOM)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"/>')
    marks = (("t₁", times.overfit_step, _TRAIN, 22), ("t₂", times.generalize_step, _TEST, 38))
    for name, step, color, height in marks:
        if step is not None:
            place = x(step)
            parts.append(f'<path d="M{place:.1f} {height + 4}V{_BOTTOM}" stroke="{color}"/>')
            parts.append(_text(place, height, f"{name} = {step:,}", color))
    parts.append(_text(_LEFT + 60, _BOTTOM - 24, "training loss", _TRAIN))
    parts.append(_text(_LEFT + 60, _BOTTOM - 8, "test loss", "#AD4C00"))
    return "".join(parts) + "</svg>"


def _x_axis(horizon):
    return lambda t: _LEFT + (_RIGHT - _LEFT) * math.log1p(t) / math.log1p(horizon)


def _loss_range(trajectory, levels):
    low = min(*levels.values(), trajectory.test_loss[-1] or 1.0) / 3
    high = max(*levels.values(), trajectory.train_loss.max(), trajectory.test_loss.max())
    low = max(low, 1e-12 * high)
    return 10 ** math.floor(math.log10(low)), 10 ** math.ceil(math.log10(1.2 * high))


def _stages(times, horizon, x):
    if times.delay is None or times.delay <= 0:
        return []
    edges = [0, times.overfit_step, times.generalize_step, horizon]
    bands = []
    for k, (left, right) in enumerate(pairwise(edges)):
        bands.append(
            f'<rect x="{x(left):.1f}" y="{_TOP}" width="{x(right) - x(left):.1f}" '
            f'height="{_BOTTOM - _TOP}" fill="{_SHADES[k]}"/>'
        )
        bands.append(_text((x(left) + x(right)) / 2, 10, f"stage {'I' * (k + 1)}", _TEXT))
    return bands


def _axes(horizon, x, y, low, high):
    parts = [f'<path d="M{_LEFT} {_TOP}V{_BOTTOM}H{_RIGHT}" fill="none" stroke="{_LINE}"/>']
    for exponent in range(round(math.log10(horizon)) + 1):
        parts.append(_text(x(10**exponent), _BOTTOM + 16, _power_of_ten(exponent), _TEXT))
    first, last = round(math.log10(low)), round(math.log10(high))
    for exponent in range(first, last + 1, max(1, (last - first) // 6)):
        label = _power_of_ten(exponent)
        parts.append(_text(_LEFT - 6, y(10.0**exponent) + 4, label, _TEXT, anchor="end"))
    parts.append(_text((_LEFT + _RIGHT) / 2, _BOTTOM + 34, "step t", _TEXT))
    return parts


def _text(x, y, text, color, anchor="middle"):
    if anchor == "middle":
        half = 3.3 * len(text)
        x = min(max(x, _LEFT + half), _RIGHT - half) if half > 12 else x
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{color}" text-anchor="{anchor}">{text}</text>'


def _power_of_ten(exponent):
    return "1" if exponent == 0 else "10" + str(exponent).translate(_SUPERSCRIPTS)


def _theory_rows(problem, settings, layers, rule, levels):
    rows = []
    if "sharp" in layers:
        names = ("n_samples", "n_features", "init_variance", "teacher_norm")
        size = {name: settings[name] for name in names}
        try:
            sharp = predictions.ridge_grokking_times(**size, **rule, **levels)
            steps = sharp.overfit_step, sharp.generalize_step
        except ValueError:  # a typical problem would diverge at this learning rate
            steps = None, None
        rows.append(("sharp prediction", *map(_count, steps)))
    for layer, name, bounds in (
        ("theorem", "Eqs. (6), (7)", theory.grokking_bounds),
        ("gaussian", "Eq. (8)", theory.gaussian_bounds),
    ):
        if layer in layers:
            bound = bounds(problem, **rule, **levels)
            late = bound.generalize_step_at_least
            at_least = f"≥ {_count(late)}" if late > 0 else "says nothing"
            rows.append((name, f"≤ {_count(bound.overfit_step_at_most)}", at_least))
    return rows


def _table(rows):
    body = "".join(
        f'<tr><th scope="row">{name}</th><td>{first}</td><td>{second}</td></tr>'
        for name, first, second in rows
    )
    head = '<tr><td></td><th scope="col">t₁</th><th scope="col">t₂</th></tr>'
    return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>"


def _count(step):
    return "none" if step is None else f"{step:,.0f}"


def _sentence(times, train_threshold, test_threshold):
    if times.delay is None:
        return f"{times.reason[0].upper()}{times.reason[1:]}."
    return (
        f"The training loss settles below ε = {train_threshold:g} after step "
        f"{times.overfit_step:,}; the test loss falls to c = {test_threshold:g} at step "
        f"{times.generalize_step:,}: a delay of {times.delay:,} steps."
    )


def _settings_in_words(settings):
    symbols = {
        "n_samples": "n",
        "input_dim": "d",
        "n_features": "m",
        "width": "m",
        "weight_decay": "λ",
        "init_variance": "ν²",
        "learning_rate": "η",
        "teacher_norm": "‖θ*‖",
        "seed": "seed",
    }
    values = ", ".join(
        f"{symbol} = {settings[name]:g}" for name, symbol in symbols.items() if name in settings
    )
    return f"Settings: {values}. With JavaScript this figure can be changed."
