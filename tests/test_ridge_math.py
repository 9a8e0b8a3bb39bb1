"""The mathematics of the ridge explorer in JavaScript against the same in Python."""

from functools import cache

import numpy as np
import pytest
from node import driver
from scipy import stats

import grokedu as gk

pytestmark = pytest.mark.filterwarnings("ignore::grokedu.predictions.UntypicalWarning")
javascript = driver("ridge")
N_PROBLEMS = 200
RULE = ("weight_decay", "learning_rate")
THRESHOLDS = ("train_threshold", "test_threshold")
ROUNDING = 1e-12  # of a loss, relative


@cache
def drawn(n, m, seed):
    """A problem at ν² = 1 and ‖θ*‖ = 1, and the same in its eigenbasis, as the browser knows it."""
    problem = gk.gaussian_problem(n_samples=n, n_features=m, rng=np.random.default_rng(seed))
    modes = problem.modes
    return problem, {
        "n": n,
        "m": m,
        "curvatures": modes.curvature.tolist(),
        "start": modes.start.tolist(),
        "teacher": modes.teacher.tolist(),
        "unseen_start": modes.unseen_start,
        "unseen_overlap": modes.unseen_overlap,
        "unseen_teacher": modes.unseen_teacher,
    }


def random_settings(rng):
    """Anything the controls allow, wide and tall problems, stable learning rates of both kinds."""
    settings = {
        "n_samples": int(rng.integers(5, 80)),
        "n_features": int(rng.integers(10, 300)),
        "seed": int(rng.integers(1000)),
        "init_variance": 10.0 ** rng.uniform(-6, 3),
        "teacher_norm": float(rng.choice([0.0, rng.uniform(0, 5)])),
        "weight_decay": float(
            rng.choice([0.0, *10.0 ** rng.uniform(-19, -7, 2), *10.0 ** rng.uniform(-7, -1, 5)])
        ),
        "train_threshold": 10.0 ** rng.uniform(-6, 1),
        "test_threshold": 10.0 ** rng.uniform(-6, 1),
    }
    unit, _ = drawn(settings["n_samples"], settings["n_features"], settings["seed"])
    limit = 2 / (settings["weight_decay"] + unit.max_curvature)
    share = rng.choice([rng.uniform(0.001, 0.5), rng.uniform(0.5, 0.99)])
    settings["learning_rate"] = float(share * limit)
    if settings["weight_decay"] * settings["learning_rate"] >= 1:
        settings["learning_rate"] = 0.99 / settings["weight_decay"]
    return settings


def hostile_settings(rng):
    """Nearly singular problems at the ends of all ranges, levels where the losses turn or end."""
    n = int(rng.integers(5, 60))
    settings = {
        "n_samples": n,
        "n_features": max(10, n + int(rng.choice([-2, -1, 0, 1, 2, n, 5 * n]))),
        "seed": int(rng.integers(1000)),
        "init_variance": 10.0 ** rng.choice([-6, -3, 0, 3]),
        "teacher_norm": float(rng.choice([0, 1e-3, 1, 5])),
        "weight_decay": float(rng.choice([0, 1e-19, 1e-7, *10.0 ** rng.uniform(-7, 0, 3)])),
    }
    problem = problem_of(settings)
    limit = 2 / (settings["weight_decay"] + problem.max_curvature)
    share = rng.choice([1e-3, 0.3, 0.5 + 1e-7, 0.999, 1 - 1e-9])
    settings["learning_rate"] = min(share * limit, 0.99 / (settings["weight_decay"] or 1e-9))
    steps = np.append(np.arange(50), 10.0 ** np.linspace(2, 15, 200)).astype(int)
    rule = {name: settings[name] for name in RULE}
    run = gk.exact_ridge(problem, **rule, steps=np.unique(steps))
    for name, losses in zip(THRESHOLDS, (run.train_loss, run.test_loss), strict=True):
        level = rng.choice([losses.min(), losses[-1], rng.choice(losses), losses[0]])
        level *= 1 + rng.choice([0, 1e-15, 1e-6, 0.01]) * rng.choice([-1, 1])
        settings[name] = float(np.clip(level, 1e-6, 10))
    return settings


def problem_of(settings):
    unit, _ = drawn(settings["n_samples"], settings["n_features"], settings["seed"])
    return unit.rescaled(
        init_variance=settings["init_variance"], teacher_norm=settings["teacher_norm"]
    )


def solved_in_python(settings, steps):
    problem = problem_of(settings)
    rule = {name: settings[name] for name in RULE}
    thresholds = {name: settings[name] for name in THRESHOLDS}
    size = {k: settings[k] for k in ("n_samples", "n_features", "init_variance", "teacher_norm")}
    answer = {
        "problem": problem,
        "exact": gk.exact_ridge(problem, **rule, steps=steps),
        "times": gk.exact_grokking_times(problem, **rule, **thresholds),
        "general": gk.theory.grokking_bounds(problem, **rule, **thresholds),
        "gaussian": gk.theory.gaussian_bounds(problem, **rule, **thresholds),
        "conditions": gk.theory.conditions(problem, **rule, **thresholds),
    }
    try:
        answer["sharp"] = gk.predictions.ridge_curves(**size, **rule, steps=steps)
        answer["sharp_times"] = gk.predictions.ridge_grokking_times(**size, **rule, **thresholds)
    except ValueError:
        answer["sharp"] = None
    return answer


def times_at(settings, factor):
    """Python's times at `factor` times the thresholds."""
    rule = {name: settings[name] for name in RULE}
    levels = {name: factor * settings[name] for name in THRESHOLDS}
    return gk.exact_grokking_times(problem_of(settings), **rule, **levels)


def positions(times):
    """t1 and t2 on the axis of steps: before it if t1 is past, beyond it if one never comes."""
    past = gk.Why.TRAIN_BELOW_FROM_THE_START in [reason.kind for reason in times.reasons]
    first = (-1 if past else np.inf) if times.overfit_step is None else times.overfit_step
    return first, np.inf if times.generalize_step is None else times.generalize_step


@pytest.fixture(scope="module")
def cases():
    """Triples (settings, Python's answer, JavaScript's answer) for the same random problems."""
    rng = np.random.default_rng(20260716)
    steps = np.unique(np.concatenate([[0, 1, 2, 3], 10.0 ** np.linspace(1, 15, 40)]).astype(int))
    every = [random_settings(rng) for _ in range(N_PROBLEMS)]
    problems = [
        {
            "settings": settings,
            "modes": drawn(settings["n_samples"], settings["n_features"], settings["seed"])[1],
            "steps": steps.tolist(),
        }
        for settings in every
    ]
    answers = javascript(action="solve", problems=problems)
    return [(s, solved_in_python(s, steps), a) for s, a in zip(every, answers, strict=True)]


def close(actual, desired, size=0.0):
    np.testing.assert_allclose(actual, desired, rtol=1e-9, atol=1e-14 * size)


class TestAgainstPython:
    def test_curves(self, cases):
        for _, python, answer in cases:
            exact = python["exact"]
            close(answer["train"], exact.train_loss, exact.train_loss[0])
            close(answer["test"], exact.test_loss, exact.test_loss[0])

    def test_times_are_the_same_integers(self, cases):
        for settings, python, answer in cases:
            times = python["times"]
            assert answer["times"]["overfit"] == times.overfit_step, settings
            assert answer["times"]["generalize"] == times.generalize_step, settings
            assert len(answer["times"]["reasons"]) == len(times.reasons)

    def test_the_cases_are_of_every_kind(self, cases):
        times = [python["times"] for _, python, _ in cases]
        assert sum(t.overfit_step is None for t in times) > 10
        assert sum(t.generalize_step is None for t in times) > 10
        assert sum((t.delay or 0) > 0 for t in times) > 10
        assert sum((t.delay or 0) < 0 for t in times) > 10
        drops = [
            s["learning_rate"] * (s["weight_decay"] + p["problem"].max_curvature)
            for s, p, _ in cases
        ]
        assert sum(drop > 1 for drop in drops) > 40
        assert {reason.kind for t in times for reason in t.reasons} >= {
            gk.Why.TRAIN_BELOW_FROM_THE_START,
            gk.Why.TRAIN_NEVER_SETTLES,
            gk.Why.TEST_NEVER_REACHED,
            gk.Why.TEST_REACHED_BEYOND_THE_LAST_STEP,
        }

    def test_times_in_hostile_cases_are_those_of_levels_within_rounding(self):
        """t1 and t2 fall as their levels rise; a tie is decided by the last digits of a sum."""
        rng = np.random.default_rng(20261125)
        every = [hostile_settings(rng) for _ in range(N_PROBLEMS // 2)]
        problems = [
            {
                "settings": s,
                "modes": drawn(s["n_samples"], s["n_features"], s["seed"])[1],
                "steps": [0],
            }
            for s in every
        ]
        for settings, answer in zip(
            every, javascript(action="solve", problems=problems), strict=True
        ):
            early, late = (
                positions(times_at(settings, 1 + slack)) for slack in (ROUNDING, -ROUNDING)
            )
            ours = answer["times"]
            reasons = [gk.Reason(**reason) for reason in ours["reasons"]]
            times = gk.GrokkingTimes(ours["overfit"], ours["generalize"], tuple(reasons))
            for low, time, high in zip(early, positions(times), late, strict=True):
                assert low <= time <= high, settings

    @pytest.mark.parametrize("weight_decay", [3.1e-16, 2.7e-16, 1e-15, 0.0])
    def test_steps_near_the_last_exact_integer(self, weight_decay):
        settings = {
            "n_samples": 100,
            "n_features": 1000,
            "seed": 0,
            "init_variance": 1.0,
            "teacher_norm": 1.0,
            "weight_decay": weight_decay,
            "learning_rate": 1.0,
            "train_threshold": 0.01,
            "test_threshold": 0.01,
        }
        times = solved_in_python(settings, [0])["times"]
        modes = drawn(100, 1000, 0)[1]
        problem = {"settings": settings, "modes": modes, "steps": [0]}
        [answer] = javascript(action="solve", problems=[problem])
        assert answer["times"]["overfit"] == times.overfit_step
        # 10¹⁵ steps amplify the last digit of a sum, whose order is the linear algebra's own.
        late, expected = answer["times"]["generalize"], times.generalize_step
        assert late == expected or late == pytest.approx(expected, rel=1e-14)

    def test_stability_limit(self, cases):
        for settings, python, answer in cases:
            close(answer["limit"], 2 / (settings["weight_decay"] + python["problem"].max_curvature))

    @pytest.mark.parametrize("kind", ["general", "gaussian"])
    def test_bounds(self, cases, kind):
        for _, python, answer in cases:
            bounds, ours = python[kind], answer[kind]
            close(ours["overfitAtMost"], bounds.overfit_step_at_most)
            close(float(ours["generalizeAtLeast"]), bounds.generalize_step_at_least)

    def test_conditions(self, cases):
        for _, python, answer in cases:
            table = python["conditions"].set_index(["statement", "assumption"])
            for row in answer["conditions"]:
                theirs = table.loc[(row["statement"], row["assumption"])]
                assert row["holds"] == theirs["holds"], row
                close(float(row["required"]), theirs["limit"])
                close(float(row["actual"]), theirs["is"])

    def test_sharp_prediction(self, cases):
        for settings, python, answer in cases:
            sharp = python["sharp"]
            assert (answer["sharp"] is None) == (sharp is None), settings
            if sharp is None:
                continue
            close(answer["sharp"]["train"], sharp.train_loss, sharp.train_loss[0])
            close(answer["sharp"]["test"], sharp.test_loss, sharp.test_loss[0])
            times, ours = python["sharp_times"], answer["sharp"]["times"]
            for name, step in (
                ("overfit", times.overfit_step),
                ("generalize", times.generalize_step),
            ):
                assert (ours[name] is None) == (step is None), settings
                if step is not None:
                    np.testing.assert_allclose(ours[name], step, rtol=1e-9, atol=1e-6)


def test_every_kind_of_reason_has_words():
    reasons = [gk.Reason(kind, 0.95, 0.5).as_dict() for kind in gk.Why]
    answers = javascript(action="words", reasons=reasons)
    said = [answer["words"] for answer in answers]
    assert len(set(said)) == len(gk.Why)
    for reason, answer in zip(reasons, answers, strict=True):
        assert answer["words"] != reason["kind"]
        assert len(answer["words"]) > 20
        for nonsense in ("undefined", "NaN", "null"):
            assert nonsense not in answer["words"] + "".join(answer["cells"])


class TestDrawing:
    """Problems drawn in the browser have the law of gaussian_problem."""

    def test_eigenvalues_of_a_tridiagonal_matrix(self):
        rng = np.random.default_rng(1)
        for size in (1, 2, 3, 30, 200):
            diagonal, beside = rng.standard_normal(size) ** 2, rng.standard_normal(size - 1)
            ours = javascript(
                action="eigenvalues", diagonal=(diagonal + 3).tolist(), beside=beside.tolist()
            )
            full = np.diag(diagonal + 3) + np.diag(beside, 1) + np.diag(beside, -1)
            expected = np.linalg.eigvalsh(full)
            positive = expected > 0
            np.testing.assert_allclose(np.array(ours)[positive], expected[positive], atol=1e-12)

    def test_random_numbers(self):
        for degrees in (1, 2, 7, 900):
            sample = np.array(javascript(action="random", count=20_000, degrees=degrees)).T
            laws = (stats.uniform(), stats.norm(), stats.chi2(degrees))
            for values, law in zip(sample, laws, strict=True):
                assert stats.kstest(values, law.cdf).pvalue > 1e-4

    @pytest.mark.parametrize(("n", "m"), [(12, 40), (40, 12), (15, 15), (20, 21)])
    def test_law_of_the_problem(self, n, m):
        count = 600
        in_browser = javascript(action="draw", n=n, m=m, count=count)
        in_numpy = [drawn(n, m, seed)[1] for seed in range(count)]
        statistics = {
            "smallest": lambda p: p["curvatures"][0],
            "largest": lambda p: p["curvatures"][-1],
            "trace": lambda p: sum(p["curvatures"]),
            "first start": lambda p: p["start"][0],
            "first teacher": lambda p: p["teacher"][0],
            "unseen start": lambda p: p["unseen_start"],
            "unseen overlap": lambda p: p["unseen_overlap"],
            "unseen teacher": lambda p: p["unseen_teacher"],
        }
        for name, of in statistics.items():
            ours, theirs = [of(p) for p in in_browser], [of(p) for p in in_numpy]
            if name.startswith("unseen") and m <= n + 1:
                np.testing.assert_allclose(ours if m <= n else [0], 0, atol=1e-12)
                continue
            # Signs of eigenvectors are arbitrary in LAPACK, not in law.
            if name.startswith("first"):
                ours, theirs = np.abs(ours), np.abs(theirs)
            assert stats.ks_2samp(ours, theirs).pvalue > 1e-4, name

    @pytest.mark.parametrize(("n", "m"), [(12, 40), (40, 12), (20, 21)])
    def test_the_teacher_has_length_one(self, n, m):
        for problem in javascript(action="draw", n=n, m=m, count=20):
            length = np.sum(np.square(problem["teacher"]))
            length += problem["unseen_overlap"] ** 2 + problem["unseen_teacher"] ** 2
            assert length == pytest.approx(1, rel=1e-12)
            assert len(problem["curvatures"]) == min(n, m)

    def test_a_seed_is_a_problem(self):
        first, second = (javascript(action="draw", n=8, m=20, count=3) for _ in range(2))
        assert first == second
        assert first[0]["start"] != first[1]["start"]
