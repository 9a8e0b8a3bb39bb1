"""Quadratic forms of decaying exponentials, and the exact steps at which they cross a level.

In the eigenbasis every loss of gradient descent on ridge regression has the form

    f(t) = δ(t)ᵀ Q δ(t) + constant,    δ_j(t) = offset_j + amplitude_j · ρ_j^t,

for a training loss, a test loss, or their average over random problems. Everything about
"when" is therefore a question about such an f, for any t from 0 to infinity.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

# Steps are exact integers in a float64 up to here.
LAST_STEP = 2**53
_ROUNDING = 1e-13
_BLOCK = 1 << 21  # numbers held at once while evaluating
_CROWD = 64  # so many intervals in doubt are worth closer bounds


@dataclass(frozen=True, eq=False)
class DecayingForm:
    """f(t) = δ(t)ᵀ Q δ(t) + constant with δ_j(t) = offset_j + amplitude_j · (1 − drop_j)^t.

    Attributes
    ----------
    offset : (k,) float64
    amplitude : (k,) float64
    drop : (k,) float64
        ρ_j = 1 − drop_j. The drop η(s_j + λ) is kept instead of ρ_j because ρ_j^t for t = 10¹⁵
        needs more digits of 1 − ρ_j than ρ_j has.
    form : (k,) or (k, k) float64
        Q, as a diagonal or a symmetric matrix; positive semidefinite.
    constant : float
    rising : (k,) bool, optional
        Where δ_j(t) = offset_j + amplitude_j · (1 − ρ_j^t) instead: the offset is then the start.
    factor : (q, k) float64, optional
        A with Q = AᵀA. ‖Aδ‖² has digits that δᵀQδ loses where δ is large and Aδ is small.
    """

    offset: np.ndarray
    amplitude: np.ndarray
    drop: np.ndarray
    form: np.ndarray
    constant: float = 0.0
    rising: np.ndarray | None = None
    factor: np.ndarray | None = None

    @classmethod
    def between(cls, start, end, *, drop, form, constant=0.0):
        """δ_j(t) = end_j + (start_j − end_j) ρ_j^t, with all the digits of both ends.

        A mode that the data hardly see may tend to 10⁷ times what it starts from and never get
        there; measured from its end, its start would be a difference of large numbers.
        """
        rising = (np.abs(end) > np.abs(start)) & (drop <= 1)
        near, far = np.where(rising, (start, end), (end, start))
        return cls(near, far - near, drop, form, constant, rising if rising.any() else None)

    @np.errstate(under="ignore")
    def at(self, steps):
        """f at each of `steps` (T,), where a step may be infinity."""
        steps = np.atleast_1d(np.asarray(steps, dtype=np.float64))
        rows = max(1, _BLOCK // max(1, len(self.drop)))
        pieces = [self._at(steps[i : i + rows]) for i in range(0, len(steps), rows)]
        return np.concatenate(pieces) if pieces else np.empty(0)

    @np.errstate(under="ignore")
    def coordinates_at(self, steps):
        """δ at each of `steps`, shape (T, k)."""
        return self.offset + self._change(np.atleast_1d(np.float64(steps)))

    def _change(self, steps):
        share = _power(self.drop, steps)
        if self.rising is not None:
            share[:, self.rising] = -np.expm1(_log_power(self.drop[self.rising], steps))
        return self.amplitude * share

    def _at(self, steps):
        return self._square(self.coordinates_at(steps)) + self.constant

    def _square(self, delta):
        if self.factor is not None:
            image = delta @ self.factor.T
            return np.einsum("ti,ti->t", image, image)
        if self.form.ndim == 1:
            return delta**2 @ self.form
        return np.einsum("ti,ti->t", delta @ self.form, delta)

    @np.errstate(under="ignore")
    def bounds(self, first, last):
        """Lower and upper bounds on f over the steps first_i … last_i; needs every ρ_j ≥ 0."""
        here, there = self._change(first), self._change(last)
        middle = self.offset + (here + there) / 2
        radius = np.abs(here - there) / 2
        if self.form.ndim == 1:
            low = np.maximum(np.abs(middle) - radius, 0) ** 2 @ self.form
            high = (np.abs(middle) + radius) ** 2 @ self.form
        else:
            center = self._square(middle)
            slope = 2 * np.einsum("ti,ti->t", np.abs(middle @ self.form), radius)
            bend = np.einsum("ti,ti->t", radius @ np.abs(self.form), radius)
            low, high = np.maximum(center - slope, 0), center + slope + bend
        return low + self.constant, high + self.constant

    @np.errstate(under="ignore")
    def bend(self, first, last):
        """How far f can be from its chord over each interval: width² / 8 · max |f″|.

        Where a rising and a falling mode cancel, the bounds mode by mode stay wide and these close.
        """
        width = np.where(np.isfinite(last), last - first, 0.0)[:, None]
        # A rate of 0 has moved all it can by step 1, where every interval but [0, 0] begins.
        log_rate = np.where(self.drop == 1, 0.0, _log_power(self.drop, np.ones(1))[0])
        largest = np.maximum(np.abs(self.coordinates_at(first)), np.abs(self.coordinates_at(last)))
        slope = np.abs(self.amplitude * log_rate) * _power(self.drop, first) * width
        curve = slope * np.abs(log_rate) * width
        size = np.abs(self.form)
        if size.ndim == 1:
            bend = (slope**2 + largest * curve) @ size
        else:
            bend = np.einsum("ti,ti->t", slope @ size, slope)
            bend += np.einsum("ti,ti->t", largest @ size, curve)
        return np.where(np.isfinite(last), bend / 4, np.inf)

    def every_second(self, parity):
        """The form g(k) = f(2k + parity), whose rates ρ_j² are never negative."""
        offset, amplitude = self.offset, self.amplitude
        if parity:
            if self.rising is not None:  # 1 − ρ·ρ^{2k} = (1 − ρ) + ρ (1 − ρ^{2k})
                offset = offset + self.rising * amplitude * self.drop
            amplitude = amplitude * (1 - self.drop)
        return replace(self, offset=offset, amplitude=amplitude, drop=self.drop * (2 - self.drop))


@dataclass(frozen=True, eq=False)
class WrongSigns:
    """f(t) = how many entries of `matrix` @ δ(t) are not positive.

    It is searched like a `DecayingForm`: `first_at_most` and `last_at_least` take it.

    Attributes
    ----------
    coordinates : DecayingForm
        δ(t), shape (k,).
    matrix : (rows, k) float64
    """

    coordinates: DecayingForm
    matrix: np.ndarray

    @property
    def drop(self):
        return self.coordinates.drop

    @np.errstate(under="ignore")
    def at(self, steps):
        """f at each of `steps` (T,), where a step may be infinity."""
        return np.concatenate([self._at(np.asarray(steps)[block]) for block in self._blocks(steps)])

    def _at(self, steps):
        return _count_wrong(self.coordinates.coordinates_at(steps) @ self.matrix.T)

    @np.errstate(under="ignore")
    def bounds(self, first, last):
        """Lower and upper bounds on f over the steps first_i … last_i; needs every ρ_j ≥ 0."""
        pieces = [self._bounds(first[block], last[block]) for block in self._blocks(first)]
        return np.concatenate(pieces, axis=1)

    def _bounds(self, first, last):
        form = self.coordinates
        here, there = form._change(first), form._change(last)
        middle = (form.offset + (here + there) / 2) @ self.matrix.T
        radius = np.abs(here - there) / 2 @ np.abs(self.matrix).T
        return _count_wrong(middle + radius), _count_wrong(middle - radius)

    def _blocks(self, steps):
        size = max(1, _BLOCK // max(self.matrix.shape))
        return [slice(i, i + size) for i in range(0, len(steps), size)]

    def bend(self, first, last):
        """A count has no curvature: there is nothing to add to its bounds."""
        return np.full(len(first), np.inf)

    def every_second(self, parity):
        """The counts at the steps 2k + parity."""
        return replace(self, coordinates=self.coordinates.every_second(parity))


def _count_wrong(margins):
    return np.count_nonzero(~(margins > 0), axis=1).astype(np.float64)


@np.errstate(under="ignore")
def first_at_most(form, level):
    """The first step t ≥ 0 with f(t) ≤ level, or None if there is none up to 2⁵³."""
    return _over_parities(form, min, level, forward=True)


@np.errstate(under="ignore")
def last_at_least(form, level):
    """The last step t ≥ 0 with f(t) ≥ level: None if there is none, infinity if there is no last
    one up to 2⁵³."""
    if np.any(form.at([LAST_STEP - 1, LAST_STEP]) >= level):
        return np.inf
    return _over_parities(form, max, level, forward=False)


def _over_parities(form, choose, level, *, forward):
    """Rates below zero alternate in sign; on even and on odd steps alone they do not."""
    if np.all(form.drop <= 1):
        return _search(form, form.at, level, LAST_STEP, forward=forward)
    steps = []
    for parity in (0, 1):

        def value_at(step, parity=parity):
            return form.at(2 * step + parity)

        last_step = (LAST_STEP - parity) // 2
        step = _search(form.every_second(parity), value_at, level, last_step, forward=forward)
        if step is not None:
            steps.append(2 * step + parity)
    return choose(steps) if steps else None


def _search(form, value_at, level, last_step, *, forward):
    """Branch and bound over intervals of steps: no crossing is skipped, monotone or not.

    `value_at` is what the form is at a step, with the rounding that decides between ties. An
    interval is dropped when the bounds of f over it exclude a hit. A hit at the near end of an
    interval (its first step when searching forward) makes all intervals behind it irrelevant.
    """
    edges = 2.0 ** np.arange(math.log2(last_step))
    first = np.concatenate([[0.0], edges, [last_step]])
    last = np.concatenate([[0.0], edges[1:] - 1, [last_step - 1, np.inf]])
    while first.size:
        at_first, at_last = np.split(value_at(np.concatenate([first, last])), 2)
        first_hit = at_first <= level if forward else at_first >= level
        last_hit = at_last <= level if forward else at_last >= level
        hit, far_hit = (first_hit, last_hit) if forward else (last_hit, first_hit)
        low, high = form.bounds(first, last)
        possible = low <= level if forward else high >= level
        if np.count_nonzero(possible) > _CROWD:
            bend = form.bend(first, last)
            low = np.maximum(low, np.minimum(at_first, at_last) - bend)
            high = np.minimum(high, np.maximum(at_first, at_last) + bend)
            possible = low <= level if forward else high >= level
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
    # The interval up to infinity is not split: beyond 2⁵³ steps are no longer exact integers.
    splittable = (first < last) & np.isfinite(last)
    first, last = first[splittable], last[splittable]
    # Not (first + last) / 2, whose sum is inexact above 2⁵³ and may give back the interval itself.
    middle = first + np.floor((last - first) / 2)
    starts = np.concatenate([first, middle + 1, ends])
    stops = np.concatenate([middle, last, ends])
    order = np.argsort(starts)
    return starts[order], stops[order]


def _as_step(step):
    return int(step) if np.isfinite(step) else step


def _power(drop, steps):
    """(1 − drop_j)^t for each step and j, shape (T, k); t may be infinity."""
    size = np.exp(_log_power(drop, steps))
    negative = drop > 1
    if negative.any():
        odd = np.where(np.isfinite(steps), steps, 0) % 2
        size[:, negative] *= 1 - 2 * odd[:, None]
    return size


def _log_power(drop, steps):
    """t ln |1 − drop_j| for each step and j, shape (T, k), with 0 · ∞ = 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        # log1p keeps the digits of a small drop, which t multiplies.
        log_size = np.where(
            np.abs(drop) < 0.5, np.log1p(-np.minimum(drop, 0.5)), np.log(np.abs(1 - drop))
        )
        exponent = np.multiply.outer(steps, log_size)
    exponent[:, log_size == 0] = 0.0
    exponent[steps == 0] = 0.0
    return exponent
