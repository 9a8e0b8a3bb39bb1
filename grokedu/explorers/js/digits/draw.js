// Drawing a problem from the images: features, Gram matrix, eigenvectors; no DOM.
//
// The same draw as in grokedu/explorers/digits.py. It takes some 10⁸ multiplications, so it comes
// in pieces: a worker does them all at once, a page that cannot have a worker one after the other.

import { addProducts, dot, eigenvectors } from "./matrices.js";
import { RandomState } from "./random.js";

/** @import { DigitImages, DigitProblem } from "../types" */

export const SIDE = 8;
export const PIXELS = SIDE * SIDE;
const CHUNK = 100; // features at a time
const BASE = 36;

/**
 * The pixels (k, 64), from 0 to 16, and the digits that the images show.
 * @param {DigitImages} images
 */
export function unpack({ pixels, digits }) {
  return {
    pixels: Float64Array.from(pixels, (sign) => Number.parseInt(sign, BASE)),
    digits: Uint8Array.from(digits, Number),
  };
}

/** Pixels centered over the images, and each image at length 1. */
function inputs(pixels) {
  const rows = Float64Array.from(pixels);
  const count = rows.length / PIXELS;
  for (let k = 0; k < PIXELS; k++) {
    let total = 0;
    for (let i = k; i < rows.length; i += PIXELS) total += rows[i];
    for (let i = k; i < rows.length; i += PIXELS) rows[i] -= total / count;
  }
  for (let i = 0; i < rows.length; i += PIXELS) {
    const length = Math.sqrt(dot(rows, i, rows, i, PIXELS)) || 1;
    for (let k = i; k < i + PIXELS; k++) rows[k] /= length;
  }
  return rows;
}

/**
 * Draw split, features and start; yields the share that is done and returns the problem.
 * @param {DigitImages} images
 * @param {{ n_features: number, seed: number }} settings
 * @returns {Generator<number, DigitProblem>}
 */
export function* draw(images, { n_features: m, seed }) {
  const { pixels, digits } = unpack(images);
  const count = digits.length;
  const n = Math.floor(count / 2);
  const random = new RandomState(seed);
  const order = random.permutation(count);
  const flips = random.permutation(n);
  const all = inputs(pixels);
  const rows = new Float64Array(all.length); // the training images, then the test images
  order.forEach((from, to) => {
    rows.set(all.subarray(from * PIXELS, (from + 1) * PIXELS), to * PIXELS);
  });
  const kernel = new Float64Array(count * n); // φ(x)ᵀφ(x_i) for training images x_i
  const startOutputs = new Float64Array(count);
  for (let done = 0; done < m; done += CHUNK) {
    const chunk = Math.min(CHUNK, m - done);
    const weights = new Float64Array(chunk * PIXELS);
    const start = new Float64Array(chunk);
    for (let j = 0; j < chunk; j++) {
      for (let k = 0; k < PIXELS; k++) weights[j * PIXELS + k] = random.normal();
      start[j] = random.normal();
    }
    const features = new Float64Array(count * chunk);
    addProducts(features, rows, weights, { rows: count, columns: chunk, stride: PIXELS });
    const scale = Math.sqrt(2 / m);
    for (let i = 0; i < features.length; i++) features[i] = scale * Math.max(features[i], 0);
    addProducts(kernel, features, features, { rows: count, columns: n, stride: chunk });
    addProducts(startOutputs, features, start, { rows: count, columns: 1, stride: chunk });
    yield (0.9 * (done + chunk)) / m;
  }
  return {
    n,
    m,
    seed,
    order: Uint16Array.from(order),
    flips: Uint16Array.from(flips),
    digits: Uint8Array.from(order, (i) => digits[i]),
    ...inModes(kernel, startOutputs, n),
  };
}

/**
 * The problem along the eigenvectors u_i of the Gram matrix, with σ_i² = μ_i:
 * outputs Σ_i seen[x, i] a_i + unseen[x] of weights that are a_i along v_i = Φᵀu_i / σ_i, where
 * `unseen` is that of the start (at ν = 1), and a_i(0) = start_i.
 * @param {Float64Array} kernel (count, n)
 * @param {Float64Array} startOutputs (count,)
 * @param {number} n
 */
export function inModes(kernel, startOutputs, n) {
  const count = startOutputs.length;
  const { values, vectors } = eigenvectors(kernel.slice(0, n * n), n);
  const least = n * Number.EPSILON * values[n - 1]; // smaller ones are rounding
  const kept = [...values.keys()].filter((i) => values[i] > least);
  const rank = kept.length;
  const left = new Float64Array(rank * n); // u_i / σ_i, as rows
  kept.forEach((i, j) => {
    const sigma = Math.sqrt(values[i]);
    for (let k = 0; k < n; k++) left[j * n + k] = vectors[i * n + k] / sigma;
  });
  const seen = new Float64Array(count * rank);
  addProducts(seen, kernel, left, { rows: count, columns: rank, stride: n });
  const start = new Float64Array(rank);
  addProducts(start, left, startOutputs.subarray(0, n), { rows: rank, columns: 1, stride: n });
  const unseen = startOutputs.map((output, x) => output - dot(seen, x * rank, start, 0, rank));
  unseen.fill(0, 0, n); // what the data never see gives them no output
  const curvatures = Float64Array.from(kept, (i) => values[i] / n);
  const widths = start.map((_, i) => columnWidth(seen, i, { rank, from: n, to: count }));
  return { rank, curvatures, seen, sizes: seen.map(Math.abs), widths, start, unseen };
}

/** The root mean square of column i over some rows. */
function columnWidth(matrix, i, { rank, from, to }) {
  let total = 0;
  for (let x = from; x < to; x++) total += matrix[x * rank + i] ** 2;
  return Math.sqrt(total / (to - from));
}
