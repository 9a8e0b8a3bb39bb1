// Products and eigenvectors of matrices, row after row in typed arrays; no DOM.

import { diagonalize } from "../ridge/math.js";

/**
 * out[i, j] += Σ_k a[i, k] b[j, k] over k < `inner`, in blocks that stay in registers.
 * @param {Float64Array} out (rows, columns)
 * @param {Float64Array} a (rows, stride)
 * @param {Float64Array} b (columns, stride)
 * @param {{ rows: number, columns: number, stride: number, inner?: number }} shape
 */
export function addProducts(out, a, b, { rows, columns, stride, inner = stride }) {
  let i = 0;
  for (; i + 4 <= rows; i += 4) {
    const a0 = i * stride,
      a1 = a0 + stride,
      a2 = a1 + stride,
      a3 = a2 + stride;
    let j = 0;
    for (; j + 2 <= columns; j += 2) {
      const b0 = j * stride,
        b1 = b0 + stride;
      let s00 = 0,
        s01 = 0,
        s10 = 0,
        s11 = 0,
        s20 = 0,
        s21 = 0,
        s30 = 0,
        s31 = 0;
      for (let k = 0; k < inner; k++) {
        const x = b[b0 + k],
          y = b[b1 + k];
        const p = a[a0 + k],
          q = a[a1 + k],
          r = a[a2 + k],
          s = a[a3 + k];
        s00 += p * x;
        s01 += p * y;
        s10 += q * x;
        s11 += q * y;
        s20 += r * x;
        s21 += r * y;
        s30 += s * x;
        s31 += s * y;
      }
      const o = i * columns + j;
      out[o] += s00;
      out[o + 1] += s01;
      out[o + columns] += s10;
      out[o + columns + 1] += s11;
      out[o + 2 * columns] += s20;
      out[o + 2 * columns + 1] += s21;
      out[o + 3 * columns] += s30;
      out[o + 3 * columns + 1] += s31;
    }
    if (j < columns) {
      const b0 = j * stride;
      let s0 = 0,
        s1 = 0,
        s2 = 0,
        s3 = 0;
      for (let k = 0; k < inner; k++) {
        const x = b[b0 + k];
        s0 += a[a0 + k] * x;
        s1 += a[a1 + k] * x;
        s2 += a[a2 + k] * x;
        s3 += a[a3 + k] * x;
      }
      const o = i * columns + j;
      out[o] += s0;
      out[o + columns] += s1;
      out[o + 2 * columns] += s2;
      out[o + 3 * columns] += s3;
    }
  }
  for (; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      out[i * columns + j] += dot(a, i * stride, b, j * stride, inner);
    }
  }
}

/** The inner product of `length` numbers of a and b from two places on. */
export function dot(a, from, b, start, length) {
  let total = 0;
  for (let k = 0; k < length; k++) total += a[from + k] * b[start + k];
  return total;
}

/**
 * Eigenvalues, increasing, and eigenvectors, as rows, of a symmetric matrix, which is overwritten:
 * Householder's tridiagonal form, then the implicit QL algorithm.
 * @param {Float64Array} matrix (size, size)
 * @param {number} size
 */
export function eigenvectors(matrix, size) {
  const { diagonal, beside, mirrors } = tridiagonal(matrix, size);
  const rows = new Float64Array(size * size);
  for (let i = 0; i < size; i++) rows[i * size + i] = 1;
  diagonalize(diagonal, beside, (i, cosine, sine) => {
    const [low, high] = [i * size, (i + 1) * size];
    for (let k = 0; k < size; k++) {
      const x = rows[low + k],
        y = rows[high + k];
      rows[high + k] = sine * x + cosine * y;
      rows[low + k] = cosine * x - sine * y;
    }
  });
  for (let row = 0; row < size; row++) {
    for (let k = mirrors.length - 1; k >= 0; k--) reflect(rows, row * size + k + 1, mirrors[k]);
  }
  const order = [...diagonal.keys()].sort((i, j) => diagonal[i] - diagonal[j]);
  const vectors = new Float64Array(size * size);
  order.forEach((from, to) => {
    vectors.set(rows.subarray(from * size, (from + 1) * size), to * size);
  });
  return { values: Float64Array.from(order, (i) => diagonal[i]), vectors };
}

/** Subtract twice the part along a unit vector from the entries `from` on; [] changes nothing. */
function reflect(entries, from, mirror) {
  const twice = 2 * dot(entries, from, mirror, 0, mirror.length);
  for (let k = 0; k < mirror.length; k++) entries[from + k] -= twice * mirror[k];
}

/** The tridiagonal form; mirror k reflects what comes after coordinate k. */
function tridiagonal(matrix, size) {
  const diagonal = new Float64Array(size);
  const beside = new Float64Array(size);
  const mirrors = [];
  for (let k = 0; k < size; k++) {
    diagonal[k] = matrix[k * size + k];
    const below = matrix.slice(k * size + k + 1, (k + 1) * size);
    if (below.length < 2) {
      if (below.length) beside[k] = below[0];
      continue;
    }
    const length = Math.sqrt(dot(below, 0, below, 0, below.length));
    beside[k] = below[0] > 0 ? -length : length;
    below[0] -= beside[k];
    const norm = Math.sqrt(dot(below, 0, below, 0, below.length));
    const mirror = norm > 0 ? below.map((entry) => entry / norm) : new Float64Array(0);
    mirrors.push(mirror);
    mirrorBothSides(matrix, size, k + 1, mirror);
  }
  return { diagonal, beside, mirrors };
}

/** H A H for H = 1 − 2vvᵀ on the block from row and column `first` on. */
function mirrorBothSides(matrix, size, first, v) {
  const image = v.map((_, i) => 2 * dot(matrix, (first + i) * size + first, v, 0, v.length));
  const along = dot(image, 0, v, 0, v.length);
  const w = image.map((entry, i) => entry - along * v[i]);
  for (let i = 0; i < v.length; i++) {
    const row = (first + i) * size + first;
    for (let j = 0; j < v.length; j++) matrix[row + j] -= v[i] * w[j] + w[i] * v[j];
  }
}
