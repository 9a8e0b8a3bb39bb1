"""Run the benchmarks and record them in book/results/benchmarks.csv, for the page that shows them.

    python benchmarks                  all of them
    python benchmarks ridge sweeps     these, in place of what is recorded of them

The record beside the table tells the machine, the versions and the date of each script's run, and
how busy the machine was before: figures of a busy machine say little.
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

from measured import COLUMNS, FILE

HERE = Path(__file__).resolve().parent
TABLE = HERE.parent / "book" / "results" / "benchmarks.csv"
RECORD = TABLE.with_suffix(".json")
SCRIPTS = ["ridge", "optimizers", "networks", "predictions", "sweeps", "explorer"]
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
    return {
        "date": date.today().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        "load before": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "versions": {name: metadata.version(name) for name in PACKAGES},
    }


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
        writer.writerows(row for script in SCRIPTS for row in rows.get(script, []))
    kept = {script: records[script] for script in SCRIPTS if script in records}
    RECORD.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf8")


def main(names):
    unknown = set(names) - set(SCRIPTS)
    if unknown:
        sys.exit(f"There is no benchmark {', '.join(sorted(unknown))}: {', '.join(SCRIPTS)}")
    rows, records = recorded()
    for script in names or SCRIPTS:
        records[script] = surroundings()
        rows[script] = run(script)
        write(rows, records)


if __name__ == "__main__":
    main(sys.argv[1:])
