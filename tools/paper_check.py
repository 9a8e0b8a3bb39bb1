"""Recompute a random tenth of every table of book/results and compare: `make paper-check`.

    python tools/paper_check.py [SEED]

Which rows it takes differs from run to run; the seed is printed and repeats a choice. What is
recomputed at once is what one call of a recipe gives: a run, or a setting with all its draws.
Steps may differ by one, other numbers by the tolerance of their table, which is what its digits
leave or a little more. The exit code is 1 if anything differs.
"""

import importlib.util
import math
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from tqdm import tqdm

import grokedu as gk
from grokedu.sweeps import draw_rng

RESULTS = Path(__file__).resolve().parents[1] / "book" / "results"
# tests/test_published_times.py recomputes all of the first; the second is one run of minutes, whose
# beginning tests/test_results.py recomputes; the third holds times, which do not repeat.
LEFT_OUT = ("published_times", "modular_97", "benchmarks")
SHARE = 0.1
MODULAR = ("modulus", "train_fraction", "init_scale", "weight_decay", "learning_rate")
RULE = ("weight_decay", "learning_rate")
STEPS = ("_step", "_answers", "t1_loss", "t2_loss")  # ends of names of columns
NOISE = 1e-12  # below this a loss is rounding


def recipe(name):
    """The module book/results/NAME.py."""
    spec = importlib.util.spec_from_file_location(name, RESULTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def network_run(rows):
    networks, row = recipe("networks"), rows.iloc[0]
    parameters = {name: row[name].item() for name in networks.DEFAULTS}
    return [networks.measure(row["panel"], parameters, int(row["draw"]))]


def taught_network(rows):
    teachers, row = recipe("networks_teacher"), rows.iloc[0]
    settings = {name: row[name].item() for name in teachers.DEFAULTS}
    rule = {name: settings.pop(name) for name in ("weight_decay", "learning_rate")}
    problem = gk.relu_network_problem(**settings, rng=draw_rng(int(row["draw"])))
    return [teachers.measure(problem, **rule)]


def modular_addition(rows):
    modular, row = recipe("modular"), rows.iloc[0]
    settings = {name: row[name].item() for name in modular.SMALL}
    problem = gk.modular_addition_problem(**settings, rng=draw_rng(int(row["draw"])))
    return [modular.measure(problem, row["weight_decay"], row["learning_rate"])]


def predicted_setting(rows):
    row = rows.iloc[0]
    return recipe("predictions").measure(row["panel"], int(row["setting"]))


def steps_of_a_network(rows):
    ratios, row = recipe("step_ratios"), rows.iloc[0]
    steps = [step for step in ratios.STEPS if step <= row["last"] + 1]
    return list(ratios.measure(int(row["draw"]), steps))[-len(rows) :]


def ridge_run(rows):
    row = rows.iloc[0]
    return [recipe("paper").measure(row["figure"], row["panel"], row["value"], int(row["draw"]))]


def ridge_curves(rows):
    paper, row = recipe("paper"), rows.iloc[0]
    figure, panel, value = row["figure"], row["panel"], row["value"]
    draws = range(paper.PANELS[figure, panel].draws)
    curves = paper.curves_of(
        pd.DataFrame([paper.measure(figure, panel, value, draw) for draw in draws])
    )
    return [{"curve": name, "of": what, **values} for (name, what), values in curves.items()]


# table: the columns that name what is recomputed at once, how, and the relative tolerance
TABLES = {
    # These networks are trained near the edge of stability, where rounding grows.
    "modular": (["panel", *MODULAR, "draw"], modular_addition, 1e-2),
    "networks": (
        ["panel", "n_samples", "width", "init_variance", "weight_decay", "draw"],
        network_run,
        1e-6,
    ),
    "networks_teacher": (
        ["panel", "n_samples", "width", "init_variance", "teacher_width", *RULE, "draw"],
        taught_network,
        1e-3,
    ),
    "predictions": (["panel", "setting"], predicted_setting, 1e-6),
    "step_ratios": (["draw", "last"], steps_of_a_network, 1e-5),
    "paper": (["figure", "panel", "value", "draw"], ridge_run, 1e-6),
    "paper_curves": (["figure", "panel", "value"], ridge_curves, 1e-3),
}


def check(name, table, rng, share=SHARE, n_jobs=-1):
    """The differences between a share of a table and what its recipe gives now, in words."""
    keys, again, tolerance = TABLES[name]
    units = [rows for _, rows in table.groupby(keys, sort=False)]
    chosen = rng.permutation(len(units))[: math.ceil(share * len(units))]
    units = [units[number] for number in sorted(chosen)]
    results = Parallel(n_jobs, return_as="generator")(delayed(again)(rows) for rows in units)
    found = []
    for rows, result in zip(tqdm(units, desc=name), results, strict=True):
        where = ", ".join(f"{key} {rows.iloc[0][key]}" for key in keys)
        found += [
            f"{name}: {where}: {what}"
            for what in differences(rows, pd.DataFrame(result), tolerance)
        ]
    return found


def differences(recorded, again, tolerance):
    """Where two tables of the same rows differ, in the columns that both have."""
    if len(recorded) != len(again):
        return [f"{len(recorded)} rows are recorded, {len(again)} come out"]
    found = []
    for name in recorded.columns.intersection(again.columns):
        for was, now in zip(recorded[name], again[name], strict=True):
            slack = 1 if name.endswith(STEPS) else NOISE
            if not same(was, now, tolerance, slack):
                found.append(f"{name} is {now}, recorded as {was}")
    return found


def same(was, now, tolerance, slack):
    if missing(was) or missing(now):
        return missing(was) and missing(now)
    if isinstance(was, str | bool | np.bool_):
        return was == now
    return abs(was - now) <= max(tolerance * abs(was), slack)


def missing(value):
    return value is None or value is pd.NA or value == "" or value != value


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else int(np.random.default_rng().integers(2**32))
    print(f"A tenth of the rows, chosen with seed {seed}", flush=True)
    rng, found = np.random.default_rng(seed), []
    for path in sorted(RESULTS.glob("*.csv")):
        if path.stem in LEFT_OUT:
            continue
        now = check(path.stem, pd.read_csv(path, dtype={"figure": str}), rng)
        print("\n".join(now) or f"{path.stem}: as recorded", flush=True)
        found += now
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
