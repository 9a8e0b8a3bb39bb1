"""Quadratic forms of decaying exponentials, and the exact steps at which they cross a level.

In the eigenbasis every loss of gradient descent on ridge regression has the form

    f(t) = δ(t)ᵀ Q δ(t) + constant,    δ_j(t) = offset_j + amplitude_j · ρ_j^t,

for a training loss, a test loss, or their average over random problems. Everything about
"when" is therefore a question about such an f, for any t from 0 to infinity.
"""

from dataclasses import dataclass

import numpy as np

# Steps are exact integers in a float64 up to here.
LAST_STEP = 2**53
_ROUNDING = 1e-13
_BLOCK = 1 << 21  # numbers held at once while evaluating


@dataclass(frozen=True)
class DecayingForm:
    """f(t) = δ(t)ᵀ Q δ(t) + constant with δ_j(t) = offset_j + amplitude_j · (1 − drop_j)^t.

    Attributes
    ----------
    offset, amplitude, drop : (k,) float64
        ρ_j = 1 − drop_j. The drop η(s_j + λ) is kept instead of ρ_j because ρ_j^t for t = 10¹⁵
        needs more digits of 1 − ρ_j than ρ_j has.
    form : (k,) or (k, k) float64
        Q, as a diagonal or a symmetric matrix; positive semidefinite.
    constant : float
    """

    offset: np.ndarray
    amplitude: np.ndarray
    drop: np.ndarray
    form: np.ndarray
    constant: float = 0.0

    def at(self, steps):
        """f at each of `steps` (T,), where a step may be infinity."""
        steps = np.atleast_1d(np.asarray(steps, dtype=np.float64))
        rows = max(1, _BLOCK // max(1, len(self.drop)))
        pieces = [self._at(steps[i : i + rows]) for i in range(0, len(steps), rows)]
        return np.concatenate(pieces) if pieces else np.empty(0)

    def coordinates_at(self, steps):
        """δ at each of `steps`, shape (T, k)."""
        return self.offset + self.amplitude * _power(self.drop, np.atleast_1d(np.float64(steps)))

    def _at(self, steps):
        delta = self.coordinates_at(steps)
        if self.form.ndim == 1:
            return delta**2 @ self.form + self.constant
        return np.einsum("ti,ti->t", delta @ self.form, delta) + self.constant

    def bounds(self, first, last):
        """Lower and upper bounds on f over the steps first_i … last_i; needs every ρ_j ≥ 0."""
        here = self.amplitude * _power(self.drop, first)
        there = self.amplitude * _power(self.drop, last)
        middle = self.offset + (here + there) / 2
        radius = np.abs(here - there) / 2
        if self.form.ndim == 1:
            low = np.maximum(np.abs(middle) - radius, 0) ** 2 @ self.form
            high = (np.abs(middle) + radius) ** 2 @ self.form
        else:
            image = middle @ self.form
            center = np.einsum("ti,ti->t", image, middle)
            slope = 2 * np.einsum("ti,ti->t", np.abs(image), radius)
            bend = np.einsum("ti,ti->t", radius @ np.abs(self.form), radius)
            low, high = np.maximum(center - slope, 0), center + slope + bend
        return low + self.constant, high + self.constant

    def every_second(self, parity):
        """The form g(k) = f(2k + parity), whose rates ρ_j² are never negative."""
        rate = 1 - self.drop
        amplitude = self.amplitude * rate if parity else self.amplitude
        return DecayingForm(
            self.offset, amplitude, self.drop * (2 - self.drop), self.form, self.constant
        )


def first_at_most(form, level):
    """The first step t ≥ 0 with f(t) ≤ level, or None if there is none up to 2⁵³."""
    return _over_parities(form, min, level, forward=True)


def last_at_least(form, level):
    """The last step t ≥ 0 with f(t) ≥ level: None if there is none, infinity if there is no last
    one up to 2⁵³."""
    if np.any(form.at([LAST_STEP - 1, LAST_STEP]) >= level):
        return np.inf
    return _over_parities(form, max, level, forward=False)


def _over_parities(form, choose, level, *, forward):
    """Rates below zero alternate in sign; on even and on odd steps alone they do not."""
    if np.all(form.drop <= 1):
        return _search(form, form.at, level, forward=forward)
    steps = []
    for parity in (0, 1):

        def value_at(step, parity=parity):
            return form.at(2 * step + parity)

        step = _search(form.every_second(parity), value_at, level, forward=forward)
        if step is not None:
            steps.append(2 * step + parity)
    return choose(steps) if steps else None


def _search(form, value_at, level, *, forward):
    """Branch and bound over intervals of steps: no crossing is skipped, monotone or not.

    `value_at` is what the form is at a step, with the rounding that decides between ties. An
    interval is dropped when the bounds of f over it exclude a hit. A hit at the near end of an
    interval (its first step when searching forward) makes all intervals behind it irrelevant.
    """
    edges = 2.0 ** np.arange(54)
    first = np.concatenate([[0.0], edges])
    last = np.concatenate([[0.0], edges[1:] - 1, [np.inf]])
    while first.size:
        low, high = form.bounds(first, last)
        possible = low <= level if forward else high >= level
        near, far = (first, last) if forward else (last, first)
        value = value_at(near)
        hit = value <= level if forward else value >= level
        far_value = value_at(far)
        far_hit = far_value <= level if forward else far_value >= level
        # Where f is constant up to rounding, bounds can no longer tell; its end points can.
        flat = (high - low <= _ROUNDING * (abs(level) + np.abs(low))) & ~hit & ~far_hit
        keep = (possible | hit | far_hit) & ~flat
        first, last, hit = first[keep], last[keep], hit[keep]
        if hit.any():
            nearest = np.flatnonzero(hit)[0 if forward else -1]
            inside = slice(None, nearest + 1) if forward else slice(nearest, None)
            first, last, hit = first[inside], last[inside], hit[inside]
            if len(first) == 1:
                return _as_step(first[0] if forward else last[0])
        first, last = _halve(first, last, hit, forward)
    return None


def _halve(first, last, hit, forward):
    """Split intervals in two; one whose near end is a hit shrinks to that end."""
    near = first if forward else last
    ends = near[hit]
    first, last = first[~hit], last[~hit]
    # [2⁵³, ∞] is not split: beyond it steps are no longer exact integers.
    splittable = (first < last) & np.isfinite(last)
    first, last = first[splittable], last[splittable]
    middle = np.floor((first + last) / 2)
    starts = np.concatenate([first, middle + 1, ends])
    stops = np.concatenate([middle, last, ends])
    order = np.argsort(starts)
    return starts[order], stops[order]


def _as_step(step):
    return int(step) if np.isfinite(step) else step


def _power(drop, steps):
    """(1 − drop_j)^t for each step and j, shape (T, k); t may be infinity."""
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = 1 - drop
        # log1p keeps the digits of a small drop, which t multiplies.
        log_size = np.where(
            np.abs(drop) < 0.5, np.log1p(-np.minimum(drop, 0.5)), np.log(np.abs(rate))
        )
        exponent = np.multiply.outer(steps, log_size)
    exponent[:, log_size == 0] = 0.0
    exponent[steps == 0] = 0.0
    size = np.exp(exponent)
    negative = rate < 0
    if negative.any():
        odd = np.where(np.isfinite(steps), steps, 0) % 2
        size[:, negative] *= 1 - 2 * odd[:, None]
    return size
