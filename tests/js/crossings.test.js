// A search for a crossing ends with an integer or with none, whatever the curve.

import assert from "node:assert/strict";
import { test } from "node:test";
import { DecayingForm, firstAtMost, lastAtLeast } from "../../grokedu/explorers/js/ridge/math.js";
import { LAST_STEP } from "../../grokedu/explorers/js/steps.js";

/** f = (1 − ρ^t)² + ρ^{2t}: one coordinate rises while the other falls, and f dips to 1/2. */
function dip(drop) {
  const one = Float64Array.of(1, 1);
  const parts = [{ offset: [1, 0], amplitude: [-1, 1], weight: one }];
  return new DecayingForm(Float64Array.of(drop, drop), parts);
}

for (const drop of [1e-3, 1e-9, 1e-15]) {
  test(`between a rising and a falling coordinate, each ${drop} a step`, () => {
    const form = dip(drop);
    for (const above of [1e-2, 1e-6]) {
      const level = 0.5 + above;
      const first = firstAtMost(form, level);
      assert.ok(Number.isSafeInteger(first));
      assert.ok(form.at(first) <= level && form.at(first - 1) > level);
    }
    assert.equal(firstAtMost(form, 0.5 - 1e-6), null);
  });
}

test("steps near the last exact integer", () => {
  const decay = (drop) =>
    new DecayingForm(Float64Array.of(drop), [{ offset: [0], amplitude: [1], weight: [1] }]);
  for (const drop of [1e-17, 1e-16, 3.1e-16, 1e-15, 1e-14]) {
    const level = 0.01;
    const expected = Math.log(level) / (2 * Math.log1p(-drop));
    const first = firstAtMost(decay(drop), level);
    if (expected > LAST_STEP) {
      assert.equal(first, null);
      assert.equal(lastAtLeast(decay(drop), level), Infinity);
    } else {
      assert.ok(Math.abs(first / expected - 1) < 1e-12);
      assert.ok(Math.abs(lastAtLeast(decay(drop), level) - first) <= 1e-12 * first + 1);
    }
  }
});
