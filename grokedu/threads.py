"""BLAS on one thread: the same digits whatever the number of cores, and no worker in the way."""

import threading
from contextlib import contextmanager

_limits, _lock = [], threading.Lock()


@contextmanager
def one_blas_thread():
    """Keep BLAS to one thread until the last of all runs that overlap has ended.

    The limit belongs to the process. So whichever run ends first undoes what the run that began
    last has set, and the one that ends last brings back what there was before them all.
    """
    with _lock:
        _limits.append(_limited())
    try:
        yield
    finally:
        with _lock:
            _limits.pop().__exit__(None, None, None)


def stay_on_one_blas_thread():
    """Keep this process, a worker's, to one BLAS thread for good: each limit takes milliseconds."""
    with _lock:
        if not _limits:
            _limits.append(_limited())


def _limited():
    import scipy.linalg  # noqa: F401  its BLAS is the one that numba calls: load it to limit it
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1, user_api="blas").__enter__()
