"""Interactive widgets that compute in the browser.

They work in a live notebook, where numba reruns every experiment, in a static page without a
kernel, and in print.
"""

from grokedu.explorers.base import Explorer
from grokedu.explorers.digits import DigitsExplorer
from grokedu.explorers.modular import ModularExplorer
from grokedu.explorers.network import NetworkExplorer
from grokedu.explorers.phase import PhaseExplorer
from grokedu.explorers.ridge import RidgeExplorer
from grokedu.explorers.valley import ValleyExplorer

KINDS = {
    "ridge": RidgeExplorer,
    "network": NetworkExplorer,
    "valley": ValleyExplorer,
    "digits": DigitsExplorer,
    "phase": PhaseExplorer,
    "modular": ModularExplorer,
}

__all__ = [
    "KINDS",
    "DigitsExplorer",
    "Explorer",
    "ModularExplorer",
    "NetworkExplorer",
    "PhaseExplorer",
    "RidgeExplorer",
    "ValleyExplorer",
]
