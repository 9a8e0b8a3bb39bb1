"""Under nbval the chapters' kernels run in the same surroundings as in `make book`."""

import functools
import sys
import tempfile
from pathlib import Path

from nbval import kernel

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

import surroundings

# nbval compares that there is a figure, not its picture: `make book` draws that.
NO_PICTURES = surroundings.SMALL_PICTURES + "c.InlineBackend.figure_formats = set()\n"


def settle(config):
    """Let nbval start its kernels so; it offers no setting for their environment."""

    @functools.cache
    def environment():
        folder = tempfile.TemporaryDirectory()
        config.add_cleanup(folder.cleanup)
        return surroundings.kernel_environment(Path(folder.name), NO_PICTURES)

    start = kernel.start_new_kernel
    kernel.start_new_kernel = lambda **options: start(**options, env=environment())
    config.add_cleanup(lambda: setattr(kernel, "start_new_kernel", start))
