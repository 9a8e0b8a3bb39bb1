// Random numbers from a seed; no DOM.

/** A seeded source of normal and chi-square numbers (sfc32, polar method, Marsaglia–Tsang). */
export class Random {
  constructor(...seeds) {
    let hash = 0x9e3779b9;
    for (const seed of seeds) hash = mix(hash ^ mix(seed >>> 0));
    this.state = [1, 2, 3].map((k) => mix(hash + k));
    this.counter = 1;
    this.spare = null;
    for (let k = 0; k < 15; k++) this.uint32();
  }

  uint32() {
    const [a, b, c] = this.state;
    const result = (a + b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.state = [b ^ (b >>> 9), (c + (c << 3)) | 0, (((c << 21) | (c >>> 11)) + result) | 0];
    return result >>> 0;
  }

  /** Uniform on (0, 1), with 53 random bits. */
  uniform() {
    return ((this.uint32() >>> 5) * 67108864 + (this.uint32() >>> 6) + 0.5) / 9007199254740992;
  }

  normal() {
    if (this.spare !== null) {
      const value = this.spare;
      this.spare = null;
      return value;
    }
    for (;;) {
      const x = 2 * this.uniform() - 1,
        y = 2 * this.uniform() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const scale = Math.sqrt((-2 * Math.log(square)) / square);
      this.spare = y * scale;
      return x * scale;
    }
  }

  /** Chi-square with k ≥ 0 degrees of freedom. */
  chiSquare(k) {
    if (k <= 0) return 0;
    if (k === 1) return this.normal() ** 2;
    const d = k / 2 - 1 / 3,
      c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal(),
        v = (1 + c * x) ** 3;
      if (v > 0 && Math.log(this.uniform()) < 0.5 * x * x + d * (1 - v + Math.log(v))) {
        return 2 * d * v;
      }
    }
  }
}

function mix(x) {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
