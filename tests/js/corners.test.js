// At the corners of what is legal every explorer draws finite numbers and says whole sentences.

import assert from "node:assert/strict";
import { test } from "node:test";
import { stageBands } from "../../grokedu/explorers/js/chart.js";
import * as network from "../../grokedu/explorers/js/network/analysis.js";
import { drawNetwork, Training } from "../../grokedu/explorers/js/network/math.js";
import * as networkWords from "../../grokedu/explorers/js/network/words.js";
import * as ridge from "../../grokedu/explorers/js/ridge/analysis.js";
import { drawModes, sharesLeft, stabilityLimit } from "../../grokedu/explorers/js/ridge/math.js";
import * as ridgeWords from "../../grokedu/explorers/js/ridge/words.js";
import { LAST_STEP } from "../../grokedu/explorers/js/steps.js";
import { WHY } from "../../grokedu/explorers/js/why.js";
import { settingsInWords } from "../../grokedu/explorers/js/words.js";

const RIDGE = {
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
/** @type {Record<string, Record<string, any>>} */
const RIDGE_CORNERS = {
  defaults: {},
  "no weight decay": { weight_decay: 0 },
  "no weight decay, nothing unseen": { weight_decay: 0, n_samples: 50, n_features: 40 },
  "no weight decay, c above the start": { weight_decay: 0, test_threshold: 10 },
  "least weight decay": { weight_decay: 1e-7, learning_rate: 1e-3 },
  "weight decay that rounds away": { weight_decay: 3.1e-16 },
  "weight decay beyond the last step": { weight_decay: 1e-17 },
  "most weight decay": { weight_decay: 1 - 1e-9 },
  "erased at once": { weight_decay: 1 },
  diverging: { learning_rate: 1000 },
  "at the stability limit": { learning_rate: "limit" },
  "just below the stability limit": { learning_rate: "below the limit" },
  "one sample": { n_samples: 1 },
  "one sample, one feature": { n_samples: 1, n_features: 1 },
  "many features": { n_features: 10_000 },
  "as many samples as features": { n_samples: 40, n_features: 40 },
  "more samples than features": { n_samples: 60, n_features: 40 },
  "a tiny start": { init_variance: 1e-6 },
  "a tiny start and no teacher": { init_variance: 1e-6, teacher_norm: 0 },
  "nothing to learn": { init_variance: 0, teacher_norm: 0 },
  "no start": { init_variance: 0 },
  "a huge start": { init_variance: 1000 },
  "no teacher": { teacher_norm: 0 },
  "c below the floor": { test_threshold: 1e-6 },
  "ε below the floor": { train_threshold: 1e-12, weight_decay: 0.01 },
  "ε above the start": { train_threshold: 10 },
  "neither time": { train_threshold: 10, test_threshold: 1e-6 },
  "one threshold": { train_threshold: 0.37, test_threshold: 0.37 },
  "tiny thresholds": { train_threshold: 1e-15, test_threshold: 1e-15 },
};
const NETWORK = {
  n_samples: 3,
  input_dim: 5,
  width: 12,
  seed: 0,
  weight_decay: 0.01,
  init_variance: 1,
  learning_rate: 0.05,
  train_threshold: 0.01,
  test_threshold: 0.01,
};
/** @type {Record<string, Record<string, number>>} */
const NETWORK_CORNERS = {
  defaults: {},
  "no weight decay": { weight_decay: 0 },
  "least weight decay": { weight_decay: 1e-7 },
  "weight decay that rounds away": { weight_decay: 1e-17 },
  "erased at once": { weight_decay: 1, learning_rate: 1 },
  "too fast": { learning_rate: 30 },
  "a tiny start": { init_variance: 1e-6 },
  "ε above the start": { train_threshold: 100 },
  "c above the start": { test_threshold: 100 },
  "one sample": { n_samples: 1 },
  "not fitted in time": { learning_rate: 1e-7 },
};

/** Every sentence reads as one: nothing missing, no number that is none, one step in the singular. */
function reads(text, where) {
  assert.doesNotMatch(text, /NaN|undefined|null|Infinity|\[object|\s\s|\s[.,;]|\.\.|−−/, where);
  assert.doesNotMatch(text, /(^|[^\d,.·])1 (steps|directions|neurons)\b/, where);
}

function readsTable(rows, where) {
  for (const { label, cells, note } of rows) {
    for (const text of [label, ...cells, note]) reads(text, `${where}: ${text}`);
    for (const cell of cells) assert.doesNotMatch(cell, /[≤≥] ?−/, where);
    if (note) assert.match(note, /\.$/, where);
  }
}

/** @param {import("../../grokedu/explorers/js/types").Analysis} analysis */
function isFinitePicture({ horizon, times, steps, train, test: curve, stop }, where) {
  assert.ok(Number.isSafeInteger(horizon) || horizon === LAST_STEP, where);
  for (const name of ["overfit", "generalize"]) {
    const time = times[name];
    assert.ok(
      time === null || (Number.isInteger(time) && time >= 0 && time <= LAST_STEP),
      `${where}: ${name} ${time}`,
    );
  }
  const missing = [times.overfit, times.generalize].filter((time) => time === null).length;
  if (!stop) assert.equal(times.reasons.length, missing, where);
  for (const values of [steps, train, curve]) {
    for (const value of values ?? []) assert.ok(value >= 0, `${where}: ${value}`);
  }
}

const symbolsOf = (settings) => Object.keys(settings).map((name) => ({ name, symbol: name }));

for (const [where, corner] of Object.entries(RIDGE_CORNERS)) {
  test(`ridge: ${where}`, () => {
    const settings = { ...RIDGE, ...corner };
    const modes = drawModes(settings.n_samples, settings.n_features, settings.seed);
    const limit = stabilityLimit(modes, settings.weight_decay);
    if (corner.learning_rate === "limit") settings.learning_rate = limit;
    if (corner.learning_rate === "below the limit") settings.learning_rate = limit * (1 - 1e-9);
    const analysis = ridge.analyze(settings, modes, ["sharp", "theorem", "gaussian"]);
    isFinitePicture(analysis, where);
    const { sharp } = analysis.layers;
    if (sharp) isFinitePicture({ ...analysis, ...sharp, times: analysis.times }, where);
    reads(ridgeWords.sentence(analysis), where);
    reads(settingsInWords(settings, symbolsOf(settings)), where);
    readsTable(ridgeWords.tableRows(analysis, analysis.times), where);
    if (!analysis.run) return;
    for (const step of [0, 1, analysis.horizon]) {
      const hasUnseen = settings.n_features > settings.n_samples;
      const shares = sharesLeft(analysis.run, step);
      if (!analysis.stop)
        reads(ridgeWords.momentSentence(analysis.run, step, shares, hasUnseen), where);
    }
  });
}

for (const [where, corner] of Object.entries(NETWORK_CORNERS)) {
  test(`network: ${where}`, () => {
    const settings = { ...NETWORK, ...corner };
    const { n_samples, input_dim, width, seed } = settings;
    const drawn = drawNetwork(n_samples, input_dim, width, seed);
    const erases = settings.weight_decay * settings.learning_rate >= 1;
    const training = erases ? null : new Training(drawn, settings);
    const look = () => {
      const analysis = network.analyze(settings, drawn, training);
      if (!analysis.pending) isFinitePicture(analysis, where);
      reads(networkWords.sentence(analysis), where);
      reads(networkWords.lawSentence(analysis), where);
      readsTable(networkWords.tableRows(analysis), where);
      return analysis;
    };
    const pending = look();
    training?.advance();
    const { stop, horizon } = look();
    if (stop) return;
    assert.deepEqual(networkWords.tableRows(pending)[0].cells, ["…", "…", "…"]);
    for (const step of [0, 1, horizon]) {
      const known = training.fitted ? step : Math.min(step, training.last.step);
      const losses = { train: training.train(known), test: training.test(known) };
      const words = networkWords.momentSentence(
        losses,
        step,
        training.neurons(step),
        training.neurons(0),
      );
      reads(words, where);
    }
  });
}

test("where the axes hold still, curves and stages end with them", () => {
  const modes = drawModes(RIDGE.n_samples, RIDGE.n_features, RIDGE.seed);
  const before = ridge.analyze(RIDGE, modes, []);
  const faster = ridge.analyze({ ...RIDGE, weight_decay: 1e-2 }, modes, ["sharp"], before.horizon);
  assert.equal(faster.steps.at(-1), before.horizon);
  assert.equal(faster.layers.sharp.steps.at(-1), before.horizon);
  const slower = ridge.analyze({ ...RIDGE, weight_decay: 1e-6 }, modes, [], before.horizon);
  assert.ok(slower.horizon >= slower.times.generalize);
  assert.deepEqual(stageBands(slower.times, before.horizon), [
    { stage: 1, from: 0, to: slower.times.overfit },
    { stage: 2, from: slower.times.overfit, to: before.horizon },
  ]);
});

test("where nothing ever fits, all is stage I; where all fits from the start, nothing is", () => {
  const modes = drawModes(RIDGE.n_samples, RIDGE.n_features, RIDGE.seed);
  const run = (change) => ridge.analyze({ ...RIDGE, ...change }, modes, []);
  const never = run({ weight_decay: 0.5, train_threshold: 1e-6, test_threshold: 1e-6 });
  assert.deepEqual(
    never.times.reasons.map(({ kind }) => kind),
    [WHY.trainNever, WHY.testNever],
  );
  assert.deepEqual(stageBands(never.times, never.horizon), [
    { stage: 1, from: 0, to: never.horizon },
  ]);
  const always = run({ train_threshold: 100 });
  assert.deepEqual(
    always.times.reasons.map(({ kind }) => kind),
    [WHY.trainBelow],
  );
  assert.deepEqual(stageBands(always.times, always.horizon), [
    { stage: 2, from: 0, to: always.times.generalize },
    { stage: 3, from: always.times.generalize, to: always.horizon },
  ]);
});

test("a delay shorter than the fit is not called one that lasts", () => {
  const modes = drawModes(500, 10, 0);
  const analysis = ridge.analyze({ ...RIDGE, n_samples: 500, n_features: 10 }, modes, []);
  const { overfit, generalize } = analysis.times;
  assert.ok(generalize > overfit && generalize < 2 * overfit);
  assert.doesNotMatch(ridgeWords.sentence(analysis), /only|0\.\d+ times/);
  const few = drawModes(RIDGE.n_samples, RIDGE.n_features, RIDGE.seed);
  assert.match(ridgeWords.sentence(ridge.analyze(RIDGE, few, [])), /only .* times as long/);
});

test("a network's run ends where its axis does, which grows while the run does", () => {
  const problem = drawNetwork(4, 5, 10, 0);
  const settings = { ...RIDGE, weight_decay: 0.01, learning_rate: 0.05 };
  const training = new Training(problem, settings);
  for (let slice = 0; slice < 2000 && training.advance(1, () => 2); slice++) {
    const { horizon, steps, pending } = network.analyze(settings, problem, training, 60);
    assert.ok(horizon >= 60 && steps.at(-1) <= horizon);
    if (pending) assert.ok(training.last.step <= horizon);
  }
  const long = network.analyze(settings, problem, training, 1e7);
  assert.equal(long.horizon, 1e7);
  assert.equal(long.tail.steps.at(-1), 1e7);
});
