// The random numbers of numpy.random.default_rng: PCG64, seeded by a SeedSequence; no DOM.
//
// A seed gives the same problem here as grokedu.modular_addition_problem draws in Python, so
// neither has to send it. The whole numbers are those of NumPy; the normal ones too, but for the
// last digits, since their table is computed here.

const WORD = 0xffffffffn;
const ALL = (1n << 128n) - 1n;
const MULTIPLIER = (2549297995355413924n << 64n) + 4865540595714422341n;
const POOL = 4;

/** The hash of a SeedSequence: words are mixed with a constant that changes every time. */
function hasher(constant, multiplier) {
  let now = constant;
  return (word) => {
    const mixed = word ^ now;
    now = Math.imul(now, multiplier);
    const product = Math.imul(mixed, now);
    return product ^ (product >>> 16);
  };
}

/** Eight words of 32 bits: SeedSequence(seed).generate_state(8). */
function seedWords(seed) {
  const hash = hasher(0x43b0d7e5, 0x931e8875);
  const pool = Array.from({ length: POOL }, (_, i) => hash(i ? 0 : seed));
  for (let from = 0; from < POOL; from++) {
    for (let to = 0; to < POOL; to++) {
      if (from === to) continue;
      const word = Math.imul(0xca01f9dd, pool[to]) - Math.imul(0x4973f715, hash(pool[from]));
      pool[to] = word ^ (word >>> 16);
    }
  }
  const spread = hasher(0x8b51f9dd, 0x58f38ded);
  return Array.from({ length: 2 * POOL }, (_, i) => BigInt(spread(pool[i % POOL]) >>> 0));
}

const TAIL = 3.6541528853610088; // where the last of 256 layers of equal area begins
const AREA = 0.004928673233974658; // of each layer
const UNIT = 2 ** 52;
const density = (x) => Math.exp(-0.5 * x * x);

/** The layers of the ziggurat: widths in units of 2⁻⁵², what of them is inside, heights. */
function ziggurat() {
  const [widths, inside, heights] = [0, 1, 2].map(() => new Float64Array(256));
  const base = AREA / density(TAIL);
  let x = TAIL;
  [widths[0], inside[0], heights[0]] = [base / UNIT, Math.floor((x / base) * UNIT), 1];
  [widths[255], heights[255]] = [x / UNIT, density(x)];
  for (let i = 254; i > 0; i--) {
    const before = x;
    x = Math.sqrt(-2 * Math.log(AREA / x + density(x)));
    inside[i + 1] = Math.floor((x / before) * UNIT);
    [widths[i], heights[i]] = [x / UNIT, density(x)];
  }
  return { widths, inside, heights };
}

const LAYERS = ziggurat();

export class Generator {
  /** @param {number} seed A whole number below 2³². */
  constructor(seed) {
    const words = seedWords(seed);
    const long = (i) => (words[i + 1] << 32n) | words[i];
    const [start, stream] = [0, 4].map((i) => (long(i) << 64n) | long(i + 2));
    this.increment = ((stream << 1n) | 1n) & ALL;
    this.state = (this.increment + start) & ALL;
    this.advance();
    this.spare = null; // half of a number that was asked for by halves
  }

  advance() {
    this.state = (this.state * MULTIPLIER + this.increment) & ALL;
  }

  /** 64 random bits, as two words. */
  words() {
    this.advance();
    const folded = BigInt.asUintN(64, (this.state >> 64n) ^ this.state);
    const turn = this.state >> 122n;
    const turned = BigInt.asUintN(64, (folded >> turn) | (folded << (64n - turn)));
    return [Number(turned >> 32n), Number(turned & WORD)];
  }

  uint32() {
    if (this.spare !== null) {
      const word = this.spare;
      this.spare = null;
      return word;
    }
    const [high, low] = this.words();
    this.spare = high;
    return low;
  }

  /** random() */
  uniform() {
    const [high, low] = this.words();
    return (high * 2 ** 21 + (low >>> 11)) / 2 ** 53;
  }

  /** A whole number from 0 to `last`, as shuffling asks for it. */
  upTo(last) {
    const mask = 2 ** (32 - Math.clz32(last)) - 1;
    for (;;) {
      const value = (this.uint32() & mask) >>> 0;
      if (value <= last) return value;
    }
  }

  /** permutation(size) */
  permutation(size) {
    const order = Uint16Array.from({ length: size }, (_, i) => i);
    for (let i = size - 1; i > 0; i--) {
      const j = this.upTo(i);
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }

  /** standard_normal() */
  normal() {
    const { widths, inside, heights } = LAYERS;
    for (;;) {
      const [high, low] = this.words();
      const layer = low & 0xff;
      const sign = low & 0x100 ? -1 : 1;
      // 52 bits from the tenth on; the highest 3 of the 64 are not used.
      const size = (high & 0x1fffffff) * 2 ** 23 + (low >>> 9);
      const x = size * widths[layer];
      if (size < inside[layer]) return sign * x;
      if (layer === 0) return this.tail(size);
      const height = heights[layer] + (heights[layer - 1] - heights[layer]) * this.uniform();
      if (height < density(x)) return sign * x;
    }
  }

  tail(size) {
    const sign = Math.floor(size / 256) % 2 ? -1 : 1;
    for (;;) {
      const beyond = -Math.log1p(-this.uniform()) / TAIL;
      const level = -Math.log1p(-this.uniform());
      if (2 * level > beyond * beyond) return sign * (TAIL + beyond);
    }
  }
}
