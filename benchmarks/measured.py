"""One measurement: printed, and kept as a row when `python benchmarks` records a run."""

import csv
import os

COLUMNS = ["script", "case", "way", "value", "unit"]
FILE = "GROKEDU_MEASUREMENTS"  # where the rows go; scripts that run on their own only print


def tell(script, case, way, value, unit, *, ratio=None):
    """Print value and, for the eye, its ratio to another; keep the value to four digits."""
    compared = "" if ratio is None else f"   {ratio:8.2f} x"
    print(f"  {case:42} {way:32} {value:14,.4g} {unit}{compared}", flush=True)
    if FILE in os.environ:
        with open(os.environ[FILE], "a", newline="", encoding="utf8") as file:
            csv.writer(file, lineterminator="\n").writerow(
                [script, case, way, f"{value:.4g}", unit]
            )
