"""The limiting spectrum of ΦᵀΦ/n for Gaussian features φ ~ N(0, Σ), and how much of Σ it sees.

Two measures decide every mean loss of a start and a teacher without preferred direction: where the
eigenvalues s of ΦᵀΦ/n lie, and tr Σ g(ΦᵀΦ/n) for functions g. As n and m grow, both follow from
one function κ: Σ(ΦᵀΦ/n + λ)^{-1} has the trace n (κ/λ − 1), and (ΦΦᵀ/n + λ)^{-1} the trace n/κ,
where κ solves

    κ = λ + (κ/n) Σ_i σ_i / (σ_i + κ)

(Marchenko and Pastur, 1967; Silverstein and Choi, 1995; the first trace: Ledoit and Péché, 2011).
For λ = 0 it is the κ of `predictions.unseen_power`. Continued to λ = −s, its imaginary part is the
density of both measures at s.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import special
from scipy.optimize import brentq

_NODES = 400
_REACH = 37.0  # e^{−37} = 10⁻¹⁶: how near to the edges of an interval the nodes come
_MOST_NODES = 1 << 14
_ACCURACY = 1e-6
_MOST_STEPS = 60
_LEAST = 1e-60  # of the largest eigenvalue; smaller ones are taken for that small


@dataclass(frozen=True, eq=False)
class Spectrum:
    """A limiting spectrum as nodes and weights.

    Attributes
    ----------
    curvature : (k,) float64
        Nodes s > 0.
    share : (k,) float64
        Σ_k share_k g(s_k) stands for (1/n) Σ_i g(s_i) over the positive eigenvalues of ΦᵀΦ/n. The
        sum of all is min(1, rank Σ / n).
    power : (k,) float64
        Σ_k power_k g(s_k) stands for Σ_i g(s_i) v_iᵀΣv_i.
    unseen_power : float
        nκ, which stands for tr(PΣ) with P the projector on what the data never see.
    largest : float
        The upper edge.
    """

    curvature: np.ndarray
    share: np.ndarray
    power: np.ndarray
    unseen_power: float
    largest: float


def effective_decay(values, counts, n, weight_decay=0.0):
    """κ with Σ_i σ_i/(σ_i + κ) + nλ/κ = n: the decay that ridge regression on n samples amounts to.

    `values` are the different positive σ_i, ascending, and `counts` how often each occurs. Without
    weight decay κ = 0 from n = rank on.
    """
    rank = counts.sum()
    if weight_decay == 0 and rank <= n:
        return 0.0
    scale = max(float(values.max(initial=0.0)), weight_decay)
    # In logarithms, since spectra may span more decades than differences have digits.
    log_sigma, lam = np.log(values) - math.log(scale), weight_decay / scale

    def excess(log_kappa):
        return counts @ special.expit(log_sigma - log_kappa) + n * lam * math.exp(-log_kappa) - n

    highest = math.log(lam + counts @ np.exp(log_sigma) / n)
    lowest = math.log(lam) if lam else log_sigma[0] + math.log((rank - n) / n)
    low, high = lowest - 1e-9, highest + 1e-9
    return scale * math.exp(brentq(excess, low, high, xtol=1e-15, rtol=8.9e-16))


def isotropic_spectrum(n, m, variance, *, number=_NODES, reach=_REACH):
    """The spectrum for Σ = `variance` · I_m, which is the Marchenko–Pastur law.

    With m · variance · y² = μ for the eigenvalues of ΦΦᵀ and q = n/m, y lies between |1 − √q| and
    1 + √q, and the law is smooth in y up to the edges, even where they meet 0. `number` nodes come
    as near to the edges as e^{−`reach`} of the interval.
    """
    ratio = n / m
    root = math.sqrt(ratio)
    # (1 − q) / (1 + √q), which keeps the digits of 1 − √q.
    low, width = abs(m - n) / m / (1 + root), 2 * min(1.0, root)
    below, above, share = _double_edged_nodes(number, reach)
    y = low + width * below
    # √((y₊² − y²)(y² − y₋²)) / (πqy) dy, each factor without cancellation.
    product = width * above * (1 + root + y) * width * below * (y + low)
    share = np.sqrt(product) / (math.pi * ratio * y) * width * share
    scale = m * variance
    return Spectrum(
        curvature=scale / n * y**2,
        share=share,
        power=n * variance * share,
        unseen_power=max(m - n, 0) * variance,
        largest=scale / n * (1 + root) ** 2,
    )


def spectrum(values, counts, n):
    """The limiting spectrum of n samples for a covariance with these eigenvalues.

    `values` are the different positive ones, ascending, and `counts` how often each occurs.

    λ is real on a curve κ = −u + iv in the complex plane, where (1/n) Σ_i σ_i²/|σ_i + κ|² = 1.
    So u runs through the intervals in which this sum is above 1 for v = 0 (Silverstein and Choi),
    and for each u there is one v > 0. All that follows is sums of positive terms.
    """
    rank = int(counts.sum())
    if len(values) <= 1:
        return isotropic_spectrum(n, rank, float(values[0])) if rank else _NOTHING
    scale = values[-1]
    values, share = np.maximum(values / scale, _LEAST), counts / n
    ends = _intervals(values, share, rank, n)
    # As many eigenvalues of ΦΦᵀ lie in a separate interval as population eigenvalues belong to it.
    masses = np.array([share[(values > low) & (values < high)].sum() for low, high in ends])
    masses[0] = min(1.0, rank / n) - masses[1:].sum()
    pieces = [
        _piece(values, share, *end, mass, is_lowest=i == 0)
        for i, (end, mass) in enumerate(zip(ends, masses, strict=True))
    ]
    curvature, density, power = np.concatenate(pieces, axis=1)
    last = ends[-1, 1]
    return Spectrum(
        curvature=scale * curvature,
        share=density,
        power=scale * n * power,
        unseen_power=scale * n * effective_decay(values, counts, n),
        largest=float(scale * last**2 * np.sum(share * values / (values - last) ** 2)),
    )


_NOTHING = Spectrum(np.empty(0), np.empty(0), np.empty(0), 0.0, 0.0)


def _intervals(values, share, rank, n):
    """The intervals of u with (1/n) Σ_i σ_i²/(σ_i − u)² > 1, ascending, shape (k, 2)."""

    def excess(u):
        return np.sum(share * (values / (values - u)) ** 2) - 1

    def edge(nearest, farthest, sign=1.0):
        """The root between two bounds of one sign, to all digits that it has."""
        ends = sorted((math.log(nearest), math.log(farthest)))
        return sign * math.exp(
            brentq(lambda x: excess(sign * math.exp(x)), ends[0] - 1e-9, ends[1] + 1e-9, xtol=1e-15)
        )

    first, last = values[0], values[-1]
    near, total = np.sqrt(share), math.sqrt(rank / n)
    if rank < n:
        edges = [edge(first * (1 - total), first * (1 - near[0]))]
    elif rank == n:
        edges = [0.0]
    else:
        edges = [edge(first * (total - 1), math.sqrt(np.sum(share * values**2)), -1.0)]
    # A single σ_i keeps the sum above 1 up to a distance of σ_i √share_i.
    above, below = values[:-1] * (1 + near[:-1]), values[1:] * (1 - near[1:])
    for i in np.flatnonzero(above < below):
        low, high = above[i], below[i]
        # The sum is convex between two σ_i; its derivative has one zero.
        slope = [np.sum(share * values**2 / (values - u) ** 3) for u in (low, high)]
        if slope[0] < 0 < slope[1]:
            middle = brentq(lambda u: np.sum(share * values**2 / (values - u) ** 3), low, high)
            if excess(middle) < 0:
                edges += [edge(low, middle), edge(middle, high)]
    edges.append(edge(last * (1 + near[-1]), last * (1 + total)))
    return np.array(edges).reshape(-1, 2)


def _piece(values, share, low, high, mass, is_lowest):
    """Nodes and weights of one interval, more and more of them until its mass comes out."""
    # Rates and λ are as small as the lowest interval reaches down; it is resolved on all scales.
    number, reach = (_NODES, _REACH) if is_lowest else (_NODES // 8, _REACH / 2)
    while True:
        nodes = _nodes_between(values, share, low, high, number, reach)
        # Twice the nodes square the error. So half of them nearly right means all of them right,
        # which the total alone might be by luck.
        every, second = nodes[1].sum() / mass - 1, 2 * nodes[1, ::2].sum() / mass - 1
        if (abs(every) <= _ACCURACY and second**2 <= _ACCURACY) or number >= _MOST_NODES:
            return nodes
        number *= 2


def _nodes_between(values, share, low, high, number, reach):
    """Curvatures, shares and powers / n along an interval of u, shape (3, `number`)."""
    below, above, weight = _double_edged_nodes(number, reach)
    width = high - low
    u = np.where(below < 0.5, low + width * below, high - width * above)
    distance = values - u[:, None]
    squares = share * values**2
    # Newton's method for 1 / (sum of the squares over the squared distances), which is concave in
    # v²: from below it comes nearer and never goes beyond.
    v_squared = np.maximum((squares - distance**2).max(axis=1), 0.0)
    rows = np.arange(number)
    for _ in range(_MOST_STEPS):
        inverse = 1 / (distance[rows] ** 2 + v_squared[rows, None])
        total = inverse @ squares
        step = (total - 1) * total / (inverse**2 @ squares)
        v_squared[rows] += step
        rows = rows[step > 1e-14 * (v_squared[rows] + u[rows] ** 2)]
        if not rows.size:
            break
    v_squared = np.maximum(v_squared, 0.0)  # at the very edge it is as small as rounding
    inverse = 1 / (distance**2 + v_squared[:, None])
    modulus = np.maximum(u**2 + v_squared, _LEAST**4)
    seen = inverse @ (share * values)
    curvature = modulus * seen
    turn = 2 * (inverse**2 * distance) @ squares / (inverse**2 @ squares)  # d(v²)/du
    change = inverse**2 * (2 * distance - turn[:, None]) @ (share * values)
    speed = ((2 * u + turn) * seen + modulus * change) * weight * width
    height = np.sqrt(v_squared) / math.pi
    return np.array([curvature, height / modulus * speed, height / curvature * speed])


def _double_edged_nodes(number, reach):
    """Nodes x in (0, 1) with 1 − x and weights, dense on a logarithmic scale at both ends.

    x = 1/(1 + e^{−z}) at equidistant z: a sum that converges geometrically for functions with a
    root or a layer of any width at an end.
    """
    z = np.linspace(-reach, reach, number)
    below, above = special.expit(z), special.expit(-z)
    return below, above, (z[1] - z[0]) * below * above
