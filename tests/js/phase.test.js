// The map of the phase explorer: coarse before fine, why nothing groks, and addresses.

import assert from "node:assert/strict";
import { test } from "node:test";
import { format, parse } from "../../grokedu/explorers/js/address.js";
import {
  COLUMNS,
  groks,
  PhaseMap,
  ROWS,
  typicalTimes,
} from "../../grokedu/explorers/js/phase/math.js";
import { VIEWS } from "../../grokedu/explorers/js/phase/views.js";
import { placeSentence } from "../../grokedu/explorers/js/phase/words.js";

const setting = (name, symbol, low, high, more = {}) => ({
  ...{ name, symbol, label: `it ${symbol}`, low, high },
  ...{ whole: false, scale: "log", step: 0.05, zero: false },
  ...more,
});
const TABLE = [
  setting("weight_decay", "λ", 1e-6, 1),
  setting("n_samples", "n", 20, 500, { whole: true, scale: "linear" }),
  setting("test_threshold", "c", 1e-4, 1),
];
const SETTINGS = {
  weight_decay: 1e-4,
  init_variance: 1,
  n_samples: 100,
  n_features: 1000,
  learning_rate: 1,
  teacher_norm: 1,
  train_threshold: 0.01,
  test_threshold: 0.01,
};
const AXES = ["weight_decay", "test_threshold"];

test("a map that is not ready shows the nearest cell that is, everywhere", () => {
  const ready = new PhaseMap(SETTINGS, TABLE, AXES);
  ready.advance(() => false);
  const begun = new PhaseMap(SETTINGS, TABLE, AXES);
  do {
    begun.advance(() => true);
    for (let cell = 0; cell < COLUMNS * ROWS; cell++) {
      const near = begun.known(cell);
      assert.equal(begun.generalize[near], ready.generalize[near]);
      assert.ok(Math.abs((near % COLUMNS) - (cell % COLUMNS)) < 4);
    }
    begun.advance(
      (
        (left) => () =>
          left-- === 0
      )(20),
    );
  } while (!begun.isDone);
  assert.deepEqual(begun.values("delay"), ready.values("delay"));
});

test("cells are whole numbers of samples, and round numbers", () => {
  const map = new PhaseMap(SETTINGS, TABLE, ["weight_decay", "n_samples"]);
  assert.ok(map.y.every(Number.isInteger));
  for (const power of [-6, -5, -4, -3, -2, -1, 0]) assert.ok(map.x.includes(Number(`1e${power}`)));
});

/** @type {[string, number, RegExp][]} */
const DEAD = [
  ["learning_rate", 2e4, /ηλ is at least 1/],
  ["learning_rate", 200, /diverges at η = 200/],
  ["init_variance", 1e-3, /training loss starts below ε/],
  ["train_threshold", 1e-12, /training loss never settles below ε/],
  ["test_threshold", 1e-4, /test loss never falls to c = 10⁻⁴/],
  ["test_threshold", 1, /test loss falls to c = 1 at step \d+, no later than t₁/],
  ["test_threshold", 1.1, /test loss starts below c = 1.1/],
];
for (const [name, value, reason] of DEAD) {
  test(`nothing groks at ${name} = ${value}, in words`, () => {
    const settings = { ...SETTINGS, [name]: value };
    assert.ok(!groks(typicalTimes(settings)));
    assert.match(placeSentence(settings, TABLE), reason);
    assert.match(placeSentence(settings, TABLE), /: nothing groks, since/);
  });
}

test("axes and quantity are in the address, and what they cannot be is said", () => {
  const views = { axes: ["n_samples", "test_threshold"], quantity: "ratio" };
  const text = format("phase", { settings: SETTINGS, step: -1, layers: [], linear: false, views });
  const rows = Object.keys(SETTINGS).map((name) => setting(name, name, 0, 1e9));
  const { state, refusals } = parse(text.replace("#phase:", ""), rows, ["sharp"], VIEWS);
  assert.deepEqual(refusals, []);
  assert.deepEqual(state, { ...SETTINGS, layers: [], linear: false, ...views });
  const escaped = text.replace("#phase:", "").replaceAll(",", "%2C"); // as some mail programs do
  assert.deepEqual(parse(escaped, rows, ["sharp"], VIEWS).state, state);
  for (const wish of ["axes=n_samples", "axes=n_samples+n_samples", "axes=a+b", "quantity=x"]) {
    const answer = parse(wish, rows, [], VIEWS);
    assert.deepEqual(answer.state, {});
    assert.match(answer.refusals.join(), /is not possible for (axes|quantity): it is/);
  }
});
