"""A background thread that only ever works on the latest job, and ends where the cell is ended."""

import threading
import traceback
from weakref import WeakSet

_workers = WeakSet()


class LatestJob:
    """Runs jobs one at a time in a thread; a newer job makes the older one give up.

    A job is a function of a `Permit`, which it asks whether to go on.
    """

    def __init__(self):
        self._lock = threading.Lock()
        self._thread = None
        self._permit = None
        self._pending = None
        _workers.add(self)

    def submit(self, job):
        """Start `job`, after the one that is running has noticed that it is superseded."""
        with self._lock:
            if self._permit is not None:
                self._permit.superseded = True
            self._permit = Permit()
            self._pending = (job, self._permit)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True)
                self._thread.start()

    def stop(self):
        """Ask the running job to stop and keep what it has done."""
        with self._lock:
            if self._permit is not None:
                self._permit.stopped = True

    def wait(self, timeout=None):
        """Wait until nothing runs; return whether that was reached within `timeout` seconds."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout)
        return self._thread is None

    def _work(self):
        while True:
            with self._lock:
                if self._pending is None:
                    self._thread = None
                    return
                (job, permit), self._pending = self._pending, None
            try:
                job(permit)
            except Exception:  # of which the job itself could not tell; the next one shall run
                traceback.print_exc()


class Permit:
    """Whether a job may go on: `stopped` by the reader, or `superseded` by a newer job."""

    def __init__(self):
        self.stopped = False
        self.superseded = False

    def __bool__(self):
        return not (self.stopped or self.superseded)


def stop_all():
    """Stop the jobs of all workers, as Stop does for one."""
    for worker in list(_workers):
        worker.stop()
