"""Execute the chapters that Jupyter Book's cache lacks, as many at a time as there are cores.

    python tools/execute.py FOLDER

Jupyter Book itself executes one after the other. A chapter that fails is left to it: it tells why.
"""

import sys
from pathlib import Path

from jupyter_cache import get_cache
from jupyter_cache.executors import load_executor

SECONDS_FOR_A_CELL = 120


def execute(root):
    cache = get_cache(root / "_build" / ".jupyter_cache")
    for record in cache.list_project_records():
        cache.remove_nb_from_project(record.pk)
    for chapter in sorted((root / "book").glob("*.ipynb")):
        cache.add_nb_to_project(str(chapter))
    load_executor("local-parallel", cache).run_and_cache(timeout=SECONDS_FOR_A_CELL)


if __name__ == "__main__":
    execute(Path(sys.argv[1]).resolve())
