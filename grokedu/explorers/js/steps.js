// The axis of steps, log(1 + t) or linear; no DOM.

export const LAST_STEP = 2 ** 53; // steps are exact integers in a double up to here

/** Position 0 … 1 of a step on the axis, and back. */
export function positionOf(step, horizon, linear = false) {
  return linear ? step / horizon : Math.log1p(step) / Math.log1p(horizon);
}

export function stepAt(position, horizon, linear = false) {
  return Math.round(linear ? position * horizon : Math.expm1(position * Math.log1p(horizon)));
}

/**
 * The last step of an axis that holds still as long as it shows what it must.
 * @param {number | null} held The last step so far; null if the axis is free.
 * @param {number} needed
 * @param {number} fitting The last step of a free axis.
 */
export function horizonFor(held, needed, fitting) {
  if (held === null) return fitting;
  return needed > held ? Math.max(held, fitting) : held;
}

/** The next of 1, 2, 5 times a power of ten. */
export function roundUp(value) {
  const unit = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((k) => k * unit).find((candidate) => candidate >= value * 0.999999);
}

/** Steps 0 … last, evenly spaced in log(1 + t), as whole numbers without repetition. */
export function logSteps(last, count) {
  const steps = [0];
  for (let k = 1; k < count; k++) {
    const step = Math.round(Math.expm1((k / (count - 1)) * Math.log1p(last)));
    if (step > steps[steps.length - 1]) steps.push(step);
  }
  return Float64Array.from(steps);
}
