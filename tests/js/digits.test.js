// The digits explorer: matrices, bounds that hold, and what it says.

import assert from "node:assert/strict";
import { test } from "node:test";
import { analyze } from "../../grokedu/explorers/js/digits/analysis.js";
import { draw } from "../../grokedu/explorers/js/digits/draw.js";
import { addProducts, eigenvectors } from "../../grokedu/explorers/js/digits/matrices.js";
import {
  imageSentence,
  momentSentence,
  sentence,
} from "../../grokedu/explorers/js/digits/words.js";
import { Random } from "../../grokedu/explorers/js/random.js";

const SETTINGS = {
  weight_decay: 1e-4,
  learning_rate: 4.5,
  init_variance: 400,
  label_noise: 0.1,
  n_features: 500,
  seed: 3,
  train_threshold: 0.01,
  test_threshold: 0.6,
  train_level: 1,
  test_level: 0.75,
};

/** Numbers from −1 to 1, the same every time. */
function numbers(size, seed = 1) {
  const random = new Random(seed);
  return Float64Array.from({ length: size }, () => 2 * random.uniform() - 1);
}

/** 40 images of which the even digits are bright on the left. */
function images() {
  const random = new Random(7);
  const digits = Array.from({ length: 40 }, (_, i) => i % 10);
  const pixels = digits.flatMap((digit) =>
    Array.from({ length: 64 }, (_, k) => {
      const bright = (k % 8 < 4 ? digit % 2 === 0 : digit % 2 === 1) ? 8 : 0;
      return (bright + Math.floor(9 * random.uniform())).toString(36);
    }),
  );
  return { pixels: pixels.join(""), digits: digits.join("") };
}

function drawn(settings) {
  const pieces = draw(images(), settings);
  const shares = [];
  for (;;) {
    const { value, done } = pieces.next();
    if (done) return { problem: value, shares };
    shares.push(value);
  }
}

test("products of matrices of any shape add to what is there", () => {
  for (const [rows, columns, stride, inner] of [
    [1, 1, 1, 1],
    [5, 3, 7, 7],
    [8, 4, 6, 5],
    [4, 1, 3, 3],
    [3, 9, 4, 0],
  ]) {
    const [a, b] = [numbers(rows * stride, 2), numbers(columns * stride, 3)];
    const out = new Float64Array(rows * columns).fill(1);
    addProducts(out, a, b, { rows, columns, stride, inner });
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        let expected = 1;
        for (let k = 0; k < inner; k++) expected += a[i * stride + k] * b[j * stride + k];
        assert.ok(Math.abs(out[i * columns + j] - expected) < 1e-14);
      }
    }
  }
});

test("eigenvectors are orthonormal, and the matrix only stretches them", () => {
  for (const size of [1, 2, 3, 30]) {
    const half = numbers(size * size, size);
    const matrix = new Float64Array(size * size);
    addProducts(matrix, half, half, { rows: size, columns: size, stride: size });
    const { values, vectors } = eigenvectors(matrix.slice(), size);
    const shape = { rows: size, columns: size, stride: size };
    const gram = new Float64Array(size * size);
    addProducts(gram, vectors, vectors, shape);
    const image = new Float64Array(size * size);
    addProducts(image, vectors, matrix, shape);
    for (let i = 0; i < size; i++) {
      assert.ok(i === 0 || values[i] >= values[i - 1]);
      for (let j = 0; j < size; j++) {
        assert.ok(Math.abs(gram[i * size + j] - (i === j ? 1 : 0)) < 1e-13);
        const stretched = values[i] * vectors[i * size + j];
        assert.ok(Math.abs(image[i * size + j] - stretched) < 1e-13 * values[size - 1]);
      }
    }
  }
});

test("a draw says how far it is", () => {
  const { shares } = drawn(SETTINGS);
  assert.ok(shares.length > 3);
  assert.ok(shares.every((share, i) => share > (shares[i - 1] ?? 0) && share < 1));
});

test("bounds over steps hold, also where outputs go from side to side", () => {
  const { problem } = drawn(SETTINGS);
  for (const learning_rate of [1, 0.95 * (2 / problem.curvatures.at(-1))]) {
    const { run } = analyze({ ...SETTINGS, learning_rate }, images(), problem);
    for (const form of [run.train, run.test]) {
      for (const [first, last] of [
        [1, 2],
        [2, 9],
        [30, 70],
        [500, 1500],
        [20000, 20010],
      ]) {
        const { low, high, atFirst, atLast } = form.over(first, last);
        const bend = form.bend(first, last);
        const slack = 1e-12 * high;
        for (let t = first; t <= last; t++) {
          const value = form.at(t);
          assert.ok(value >= low - slack && value <= high + slack, `${value} at ${t}`);
          const chord = atFirst + ((t - first) / (last - first)) * (atLast - atFirst);
          assert.ok(Math.abs(value - chord) <= bend + slack, `chord at ${t}`);
        }
      }
    }
  }
});

test("what cannot run, or is not there yet, is a sentence without curves", () => {
  const { problem } = drawn(SETTINGS);
  /** @type {[typeof SETTINGS, ReturnType<typeof drawn>["problem"]][]} */
  const cases = [
    [SETTINGS, null],
    [{ ...SETTINGS, learning_rate: 9 }, problem],
    [{ ...SETTINGS, learning_rate: 2, weight_decay: 0.6 }, problem],
  ];
  for (const [settings, there] of cases) {
    const analysis = analyze(settings, images(), there);
    assert.equal(analysis.run, null);
    assert.equal(analysis.train, undefined);
    assert.ok(sentence(analysis).length > 40);
  }
});

test("the grid has words", () => {
  const digits = Uint8Array.from([0, 0, 1, 1, 2, 3, 4, 5, 8, 8]);
  const losses = { train: 0.1, test: 1.5 };
  const words = (wrong) => momentSentence({ step: 12345, wrong, digits, losses });
  assert.match(words([]), /12,345, 10 of 10 test images are right \(100%\).*No kind of digit/);
  assert.match(words([0, 8, 9]), /7 of 10 .*Wrong: 8 \(2 of 2\), 0 \(1 of 2\)\.$/);
  assert.match(words([0, 2, 4, 5, 8, 9]), /Wrong most often: 2 \(1 of 1\), 3 \(1 of 1\), 8/);
  assert.equal(imageSentence(8, 0.5), "An 8, even: output 0.5, right.");
  assert.equal(imageSentence(3, 0.25), "A 3, odd: output 0.25, wrong.");
  assert.equal(imageSentence(7, -0.25), "A 7, odd: output −0.25, right.");
  assert.equal(imageSentence(7, null), "A 7, odd.");
});
