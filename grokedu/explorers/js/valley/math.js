// The ridge problem of one sample and two weights: its modes, and its runs as paths in the plane.
// All else is in ridge/math.js. No DOM.
//
// `valley` is { feature: φ, teacher: θ* }, both in the plane; Σ = I/2. Coordinates along φ are
// seen, coordinates along the direction across it (φ turned by 90°) are not.

import { analyze as analyzeRidge } from "../ridge/analysis.js";
import { errorAt } from "../ridge/math.js";

/** @import { Modes, Place, Settings, Valley, ValleyAnalysis } from "../types" */

/**
 * Unit vectors along φ and across it.
 * @param {Valley} valley
 * @returns {{ seen: Place, unseen: Place }}
 */
function directions({ feature: [x, y] }) {
  const length = Math.hypot(x, y);
  return { seen: [x / length, y / length], unseen: [-y / length, x / length] };
}

/** @type {(a: Place, b: Place) => number} */
const dot = ([x, y], [z, w]) => x * z + y * w;

/**
 * Coordinates along φ and across it.
 * @param {Valley} valley
 * @param {Place} place
 */
export function coordinates(valley, place) {
  const { seen, unseen } = directions(valley);
  return { seen: dot(seen, place), unseen: dot(unseen, place) };
}

/**
 * The weights with these coordinates.
 * @param {Valley} valley
 * @returns {Place}
 */
export function placeOf(valley, { seen: a, unseen: u }) {
  const { seen, unseen } = directions(valley);
  return [a * seen[0] + u * unseen[0], a * seen[1] + u * unseen[1]];
}

/**
 * θ(0) of the settings.
 * @param {Settings} settings
 * @returns {Place}
 */
export function startOf({ start_length, start_angle }) {
  const angle = (start_angle * Math.PI) / 180;
  return [start_length * Math.cos(angle), start_length * Math.sin(angle)];
}

/**
 * The settings that put the start there, on a fine grid; no longer than `longest`.
 * @param {Place} place
 */
export function startAt([x, y], longest) {
  const length = Math.min(Math.hypot(x, y), longest);
  const angle = (Math.atan2(y, x) * 180) / Math.PI;
  return {
    start_length: Number(length.toFixed(3)),
    start_angle: Number(((angle + 360) % 360).toFixed(1)),
  };
}

/**
 * The problem with its start as ridge/math.js wants it. The signs of the unseen coordinates stay.
 * @param {Valley} valley
 * @param {Place} start
 * @returns {Modes}
 */
function modesOf(valley, start) {
  const from = coordinates(valley, start);
  const teacher = coordinates(valley, valley.teacher);
  return {
    n: 1,
    m: 2,
    curvatures: [dot(valley.feature, valley.feature)],
    start: [from.seen],
    teacher: [teacher.seen],
    unseen_start: from.unseen,
    unseen_overlap: teacher.unseen,
    unseen_teacher: 0,
  };
}

/**
 * θ(t), for every t up to Infinity.
 * @returns {Place}
 */
export function weightsAt({ valley, run }, t) {
  const [seen, unseen] = errorAt(run, t);
  const [x, y] = placeOf(valley, { seen, unseen });
  return [valley.teacher[0] + x, valley.teacher[1] + y];
}

/**
 * What the ridge explorer knows of such a run, with the path in the plane.
 * @param {Settings} settings
 * @param {Valley} valley
 * @param {string[]} _layers There are none.
 * @param {number | null} held The last step of an axis that holds still unless t1 or t2 leave it.
 * @returns {ValleyAnalysis}
 */
export function analyze(settings, valley, _layers = [], held = null) {
  const modes = modesOf(valley, startOf(settings));
  const scales = { init_variance: 1, teacher_norm: 1 }; // the modes are at their size already
  const analysis = analyzeRidge({ ...settings, ...scales }, modes, [], held);
  const { run, steps = [] } = analysis;
  const path = Array.from(steps, (t) => weightsAt({ valley, run }, t));
  return { ...analysis, settings, valley, path, valleys: contours(modes, settings, valley) };
}

const JUMPS = 6; // from side to side, that are drawn one by one

/**
 * The path up to a step as lines. Where a large learning rate makes the weights jump from one side
 * of the line of interpolators to the other, these are the first jumps, and then the two sides: all
 * jumps together would fill the plane.
 * @param {ValleyAnalysis} analysis
 * @param {number} last
 * @returns {Place[][]}
 */
export function strokes(analysis, last) {
  const { run, steps, path } = analysis;
  if (!run) return [];
  const at = (t) => weightsAt(analysis, t);
  if (!run.train.alternates) return [[...path.filter((_, k) => steps[k] <= last), at(last)]];
  const jumps = Array.from({ length: Math.min(JUMPS, last) + 1 }, (_, t) => at(t));
  const later = Array.from(steps).filter((t) => t > JUMPS && t <= last);
  const sides = [0, 1].map((parity) => {
    const same = new Set([...later, last].map((t) => t - ((t + parity) % 2)));
    return [...same].filter((t) => t >= JUMPS - 1).map(at);
  });
  return [jumps, ...sides];
}

const WIDTHS = [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2]; // of the contours, across the valley
const LONGEST = 200; // the plane shows no difference between longer ellipses and lines

/**
 * The contours of ½(⟨φ, θ⟩ − y)² + (λ/2)‖θ‖²: ellipses around the ridge solution, whose half axes
 * are as 1/√(s + λ) along φ to 1/√λ across it.
 * @param {Modes} modes
 */
function contours({ curvatures, teacher }, { weight_decay: lambda }, valley) {
  const [s, a] = [curvatures[0], teacher[0]];
  const ratio = Math.sqrt((s + lambda) / lambda);
  const halfAxes = WIDTHS.map((seen) => ({ seen, unseen: Math.min(ratio * seen, LONGEST) }));
  return { center: placeOf(valley, { seen: (s * a) / (s + lambda), unseen: 0 }), halfAxes };
}

/** How far the weights are from the line of interpolators, and along it from the ridge solution. */
export function distances(valley, place) {
  const { seen, unseen } = coordinates(valley, place);
  return {
    toLine: Math.abs(seen - coordinates(valley, valley.teacher).seen),
    along: Math.abs(unseen),
  };
}
