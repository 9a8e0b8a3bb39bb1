// A run against the pinned one, in words that the numbers bear out.

import assert from "node:assert/strict";
import { test } from "node:test";
import { analyze } from "../../grokedu/explorers/js/ridge/analysis.js";
import { drawModes } from "../../grokedu/explorers/js/ridge/math.js";
import { horizonFor } from "../../grokedu/explorers/js/steps.js";
import { comparison } from "../../grokedu/explorers/js/words.js";

const SETTINGS = {
  n_samples: 30,
  n_features: 200,
  seed: 0,
  weight_decay: 1e-4,
  init_variance: 1,
  learning_rate: 1,
  teacher_norm: 1,
  train_threshold: 0.01,
  test_threshold: 0.01,
};
const SYMBOLS = {
  weight_decay: "λ",
  learning_rate: "η",
  train_threshold: "ε",
  test_threshold: "c",
};
const TABLE = /** @type {any[]} */ (
  Object.entries(SYMBOLS).map(([name, symbol]) => ({ name, symbol }))
);
const modes = drawModes(30, 200, 0);
const run = (change) => analyze({ ...SETTINGS, ...change }, modes, []);
const words = (now, pinned) => comparison(run(now), run(pinned), TABLE);

/** [changes now, changes of the pinned run, what the words say] */
const CASES = [
  [{}, {}, /This is the pinned run/],
  [{ weight_decay: 1e-5 }, {}, /\(λ 10⁻⁴ → 10⁻⁵\): t₂ is (9\.\d\d|10\.\d) times as late \(/],
  [
    {},
    { weight_decay: 1e-5 },
    /\(λ 10⁻⁵ → 10⁻⁴\): t₂ is earlier by a factor of (9\.\d\d|10\.\d) \(/,
  ],
  [{ weight_decay: 1.0001e-4 }, {}, /\(λ 10⁻⁴ → 1\.0001·10⁻⁴\)/],
  [{ weight_decay: 1.05e-4 }, {}, /t₂ changed from [\d,]+ to [\d,]+/],
  [{ test_threshold: 0.02 }, {}, /t₁ is the same, \d+/],
  [{ test_threshold: 1e-6 }, {}, /t₂ does not exist; in the pinned run it is [\d,]+/],
  [{}, { test_threshold: 1e-6 }, /t₂ is [\d,]+; in the pinned run it does not exist/],
  [{ weight_decay: 0 }, { test_threshold: 1e-6 }, /t₂ does not exist in both runs/],
  [{ test_threshold: 10 }, {}, /t₂ changed from [\d,]+ to 0;/],
  [{ learning_rate: 1000 }, {}, /\(η 1 → 1,000\): these settings cannot run\.$/],
];

for (const [now, pinned, expected] of CASES) {
  test(`${JSON.stringify(now)} against ${JSON.stringify(pinned)}`, () => {
    assert.match(words(now, pinned), /** @type {RegExp} */ (expected));
  });
}

test("an axis that is held holds still as long as it shows what it must", () => {
  assert.equal(horizonFor(null, 50, 200), 200);
  assert.equal(horizonFor(1000, 50, 200), 1000);
  assert.equal(horizonFor(1000, 1000, 5000), 1000);
  assert.equal(horizonFor(1000, 1001, 5000), 5000);
  for (const held of [10, 3000, 1e5, 1e7]) {
    const { horizon, steps, times } = analyze(SETTINGS, modes, [], held);
    assert.ok(horizon >= held && horizon >= times.generalize);
    assert.equal(steps.at(-1), horizon);
  }
});
