"""Bad input in words: every check returns its value or raises a ValueError with a remedy."""

import math
import os

import numpy as np

_INF = math.inf


def check_number(
    name, value, *, above=-_INF, at_least=-_INF, below=_INF, at_most=_INF, remedy=None
):
    """Return `value` as a finite float in these bounds, or raise a ValueError that tells them."""
    remedy = remedy or _bounds_in_words(above, at_least, below, at_most)
    try:
        number = float(value) if _is_number(value) else math.nan
    except OverflowError:
        number = math.inf
    except (TypeError, ValueError):
        raise ValueError(f"{name}={value!r} is not a number: {remedy}") from None
    if not (above < number < below and at_least <= number <= at_most):
        raise ValueError(f"{name}={value!r}: {remedy}")
    return number


def _bounds_in_words(above, at_least, below, at_most):
    words = {
        f" above {above:g}": above,
        f", {at_least:g} or more": at_least,
        f" below {below:g}": below,
        f" at most {at_most:g}": at_most,
    }
    return "pass a number" + " and".join(w for w, bound in words.items() if math.isfinite(bound))


def _is_number(value):
    """False for what float() would take though it is a mistake more often than a wish.

    That is text such as "1e-4", an array of one entry, a complex number, an entry that is masked.
    """
    if isinstance(value, str | bytes) or value is np.ma.masked:
        return False
    return not isinstance(value, np.ndarray | np.generic) or (
        value.ndim == 0 and value.dtype.kind in "biuf"
    )


def check_count(name, value, *, at_least=1):
    """Return `value` as an int of at least `at_least`, or raise a ValueError."""
    remedy = f"pass a whole number, at least {at_least}"
    number = check_number(name, value, at_least=at_least, remedy=remedy)
    if number > 2**53:
        raise ValueError(f"{name}={value!r}: pass at most 2**53")
    if number != int(number):
        raise ValueError(f"{name}={value!r}: {remedy}")
    return int(value)


def check_array(name, value, shape=None, *, finite=True):
    """Return `value` as a C-contiguous float64 array, or raise a ValueError."""
    if hasattr(value, "toarray"):
        raise ValueError(f"{name} is a sparse matrix: pass {name}.toarray()")
    if np.ma.is_masked(value):
        raise ValueError(f"{name} has masked entries: remove or fill them, {name}.filled(0)")
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "biufO":  # complex numbers and text convert without an error
            raise TypeError
        if array.dtype.kind == "O" and any(isinstance(x, str | bytes) for x in array.flat):
            raise TypeError
        array = np.asarray(array, dtype=np.float64, order="C")
    except OverflowError:  # a whole number beyond what a float holds
        raise ValueError(f"{name} contains a number above 1e308: rescale it") from None
    except (TypeError, ValueError) as error:
        if "NAType" in str(error):  # what pandas' nullable numbers put for a missing one
            raise ValueError(f"{name} has missing values: remove or replace those rows") from None
        raise ValueError(f"{name} is not an array of numbers: pass real numbers only") from None
    if shape is not None and array.shape != shape:
        remedy = "make the shapes agree"
        if array.ndim == 2 and array.shape[:1] == shape:
            single = array.shape[1] == 1
            remedy = f"pass numpy.ravel({name})" if single else "pass one column at a time"
        raise ValueError(f"{name} has shape {array.shape}, expected {shape}: {remedy}")
    if finite and not np.isfinite(array).all():
        raise ValueError(f"{name} contains NaN or infinity: remove or replace those entries")
    return array


def check_memory(remedy="pass fewer", **sizes):
    """Raise a ValueError if an array of these sizes is larger than the memory of this machine."""
    needed = 8 * math.prod(sizes.values())
    if not hasattr(os, "sysconf"):
        return
    if needed > os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"):
        product = " times ".join(f"{name}={size}" for name, size in sizes.items())
        raise ValueError(
            f"{product} numbers take {needed / 1e9:,.0f} GB, more than this machine has: {remedy}"
        )


def check_layers(layers, own, remedy):
    """Raise a ValueError if weights do not have the shapes of a network's own."""
    shapes, expected = [np.shape(layer) for layer in layers], [layer.shape for layer in own]
    if shapes != expected:
        raise ValueError(f"weights have the shapes {shapes}, expected {expected}: {remedy}")


def read_only(array):
    """`array` itself if it is the only holder of its numbers and read-only, else such a copy."""
    if array.flags.writeable or not array.flags.owndata:
        array = array.copy()
        array.flags.writeable = False
    return array


def check_steps(steps):
    """Return `steps` as an increasing int64 array of steps ≥ 0, or raise a ValueError."""
    array = check_array("steps", steps)
    if array.ndim > 1 or array.size == 0:
        raise ValueError(f"steps has shape {array.shape}: pass a list of whole numbers")
    array = np.atleast_1d(array)
    if np.any(array != np.floor(array)) or array.min() < 0:
        raise ValueError("steps contains numbers that are no steps: pass whole numbers, 0 or more")
    # As given, since 2**53 + 1 has become 2**53 as a float.
    given = steps if isinstance(steps, np.ndarray) else np.asarray(steps, dtype=object)
    if given.max() > 2**53:
        raise ValueError(f"steps goes up to {array.max():g}: pass steps up to 2**53")
    if np.any(np.diff(array) <= 0):
        raise ValueError("steps is not increasing: pass numpy.unique(steps)")
    return array.astype(np.int64)


def check_thresholds(train_threshold, test_threshold):
    """Return (ε, c) as floats, or raise a ValueError if either is not a positive number."""
    return (
        check_number("train_threshold", train_threshold, above=0),
        check_number("test_threshold", test_threshold, above=0),
    )


def check_rng(rng):
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"rng={rng!r}: pass numpy.random.default_rng(seed)")


def check_rates(weight_decay, learning_rate):
    """Return (λ, η) as floats, or raise a ValueError for λ < 0, η ≤ 0 or ηλ ≥ 1."""
    weight_decay = check_number("weight_decay", weight_decay, at_least=0)
    learning_rate = check_number("learning_rate", learning_rate, above=0)
    if learning_rate * weight_decay >= 1:
        raise ValueError(
            f"learning_rate={learning_rate:g} times weight_decay={weight_decay:g} is at least 1, "
            f"so one step would erase the weights: pass learning_rate below {1 / weight_decay:g}"
        )
    return weight_decay, learning_rate
