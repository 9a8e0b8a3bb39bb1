// The random numbers of numpy.random.RandomState, whose stream is frozen; no DOM.
//
// A seed gives the same problem here as in grokedu/explorers/digits.py, so neither has to send it.

const SIZE = 624;
const SHIFT = 397;

export class RandomState {
  /** @param {number} seed */
  constructor(seed) {
    this.key = new Uint32Array(SIZE);
    let word = seed >>> 0;
    for (let i = 0; i < SIZE; i++) {
      this.key[i] = word;
      word = (Math.imul(1812433253, word ^ (word >>> 30)) + i + 1) >>> 0;
    }
    this.place = SIZE;
    this.spare = null;
  }

  uint32() {
    if (this.place === SIZE) this.twist();
    let y = this.key[this.place++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  twist() {
    const { key } = this;
    for (let i = 0; i < SIZE; i++) {
      const y = (key[i] & 0x80000000) | (key[(i + 1) % SIZE] & 0x7fffffff);
      key[i] = key[(i + SHIFT) % SIZE] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.place = 0;
  }

  /** random_sample() */
  uniform() {
    return ((this.uint32() >>> 5) * 67108864 + (this.uint32() >>> 6)) / 9007199254740992;
  }

  /** standard_normal() */
  normal() {
    if (this.spare !== null) {
      const value = this.spare;
      this.spare = null;
      return value;
    }
    for (;;) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const scale = Math.sqrt((-2 * Math.log(square)) / square);
      this.spare = scale * x;
      return scale * y;
    }
  }

  /** random_sample(size).argsort() */
  permutation(size) {
    const values = Array.from({ length: size }, () => this.uniform());
    return values.map((_, i) => i).sort((i, j) => values[i] - values[j]);
  }
}
