// Where a slider stands and what it means; no DOM. Sliders are coarse hands: they choose round
// values from a grid, while the field beside them takes any.

/**
 * A slider of `count + 1` positions.
 * @param {import("./numbers.js").Setting} setting
 */
export function gridOf({ low, high, whole, scale, step, zero }) {
  const isLog = scale === "log";
  const first = zero ? 1 : 0; // position 0 is the value 0
  const span = isLog ? Math.log10(high / low) : high - low;
  const count = first + Math.round(span / step);
  const rounded = (value) => (whole ? Math.round(value) : Number(value.toPrecision(3)));
  const inside = (value) => Math.min(Math.max(value, low), high);
  return {
    count,
    valueAt(position) {
      if (position < first) return 0;
      if (position === count) return high; // the grid may end beside it
      const way = (position - first) * step;
      return inside(rounded(isLog ? low * 10 ** way : low + way));
    },
    positionOf(value) {
      if (zero && value < low) return 0;
      const way = isLog ? Math.log10(value / low) : value - low;
      return Math.min(first + Math.round(way / step), count);
    },
  };
}
