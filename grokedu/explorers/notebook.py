"""What an explorer needs from the notebook around it: ends of cells, and interrupts."""

import threading

from grokedu.explorers.worker import stop_all

_fresh = []
_joined = []


def finish_with_the_cell(explorer):
    """Let the present cell end only after the explorer's first run, which is short.

    The display is sent before, so a reader waits for nothing; but whoever executes a notebook to
    make a page of it finds the same state every time.
    """
    if _join():
        _fresh.append(explorer)


def _join():
    """Listen to the notebook's kernel, once. Returns whether there is one."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    shell = get_ipython()
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return False
    if shell not in _joined:
        _joined.append(shell)
        shell.events.register("post_run_cell", _end_cell)
        _listen_to_interrupts(kernel)
    return True


def _end_cell(result):
    waiting, _fresh[:] = list(_fresh), []
    if isinstance(result.error_in_exec, KeyboardInterrupt):
        stop_all()
    try:
        for explorer in waiting:
            explorer.wait()
    except KeyboardInterrupt:
        stop_all()


def _listen_to_interrupts(kernel):
    """An idle kernel ignores interrupts, but a run may be going on in the background.

    ipykernel sets a handler of its own for the time of a cell, in which we are, and afterwards
    the one that it found before. In its place it shall find ours.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    before = getattr(kernel, "saved_sigint_handler", None)
    if before is None:
        return

    def interrupt(signum, frame):
        stop_all()
        if callable(before):
            before(signum, frame)

    kernel.saved_sigint_handler = interrupt
