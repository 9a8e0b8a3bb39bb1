// Scales that d3-axis understands; no DOM. Those of d3-scale bring 25 kB of color and format along.

/**
 * A map from values to places on the screen.
 * @typedef {{
 *   (value: number): number,
 *   invert(place: number): number,
 *   domain(): number[],
 *   domain(ends: number[]): Scale,
 *   range(): number[],
 *   range(ends: number[]): Scale,
 *   copy(): Scale,
 * }} Scale
 */

/** @returns {Scale} */
function scale(forward, backward) {
  let domain = [1, 10];
  let range = [0, 1];
  const slope = () => (range[1] - range[0]) / (forward(domain[1]) - forward(domain[0]));
  const at = (value) => range[0] + slope() * (forward(value) - forward(domain[0]));
  /** @type {any} */
  const methods = {
    invert: (place) => backward(forward(domain[0]) + (place - range[0]) / slope()),
    domain(ends) {
      if (!ends) return domain;
      domain = [...ends];
      return this;
    },
    range(ends) {
      if (!ends) return range;
      range = [...ends];
      return this;
    },
    copy: () => scale(forward, backward).domain(domain).range(range),
  };
  return Object.assign(at, methods);
}

export const logScale = () => scale(Math.log, Math.exp);
export const linearScale = () =>
  scale(
    (value) => value,
    (value) => value,
  );
