"""Run the benchmarks and record them in book/results/benchmarks.csv, for the page that shows them.

    python benchmarks                  all but the explorers
    python benchmarks ridge sweeps     these, in place of what is recorded of them

The record beside the table tells the machine, the versions and the date of each script's run, and
how busy the machine was before the first of them: figures of a busy machine say little. The
explorers are not on the page; they need a browser, and the book, which is built first.
"""

import csv
import json
import os
import platform
import subprocess
import sys
import tempfile
from datetime import date
from importlib import metadata
from pathlib import Path

import numpy as np
from measured import COLUMNS, FILE

HERE = Path(__file__).resolve().parent
TABLE = HERE.parent / "book" / "results" / "benchmarks.csv"
RECORD = TABLE.with_suffix(".json")
SCRIPTS = ["ridge", "optimizers", "networks", "predictions", "sweeps"]
ON_REQUEST = ["explorer"]
PACKAGES = ["grokedu", "numpy", "scipy", "numba", "scikit-learn", "torch", "jax", "joblib", "dask"]


def run(script):
    """The rows that a script measures."""
    print(f"== {script}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.csv"
        file.touch()
        command = [sys.executable, HERE / f"{script}.py"]
        subprocess.run(command, env={**os.environ, FILE: str(file)}, check=True)
        return list(csv.reader(file.read_text(encoding="utf8").splitlines()))


def surroundings():
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {
        "date": date.today().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        "load before": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "processor": processor(),
        "blas": f"{blas['name']} {blas['version']}",
        "versions": {name: metadata.version(name) for name in PACKAGES},
    }


def processor():
    """Its name, where the system tells it."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text(encoding="utf8").splitlines() if file.exists() else []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def recorded():
    """What is in the files: the rows and the surroundings of each script."""
    if not TABLE.exists():
        return {}, {}
    rows = {}
    for row in list(csv.reader(TABLE.read_text(encoding="utf8").splitlines()))[1:]:
        rows.setdefault(row[0], []).append(row)
    return rows, json.loads(RECORD.read_text(encoding="utf8"))


def write(rows, records):
    with TABLE.open("w", encoding="utf8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(row for script in SCRIPTS + ON_REQUEST for row in rows.get(script, []))
    kept = {script: records[script] for script in SCRIPTS + ON_REQUEST if script in records}
    RECORD.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf8")


def main(names):
    known = SCRIPTS + ON_REQUEST
    unknown = set(names) - set(known)
    if unknown:
        sys.exit(f"There is no benchmark {', '.join(sorted(unknown))}: {', '.join(known)}")
    rows, records = recorded()
    now = surroundings()
    for script in names or SCRIPTS:
        records[script] = now
        rows[script] = run(script)
        write(rows, records)


if __name__ == "__main__":
    main(sys.argv[1:])
