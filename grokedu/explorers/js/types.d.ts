// What the parts of an explorer hand to each other.

import type { DecayingForm } from "./ridge/math.js";
import type { exactRun as exactDigitRun } from "./digits/math.js";
import type { Run as ModularRun } from "./modular/trainer.js";
import type { Training } from "./network/math.js";

/** A number for every setting, by the names of the widget's traits. */
export interface Settings {
  weight_decay: number;
  learning_rate: number;
  train_threshold: number;
  test_threshold: number;
  [name: string]: number;
}

/** A choice of what a picture shows: read from an address, null if that is none. */
export interface View {
  read(text: string): string | string[] | null;
  legal: string;
}

export type Numbers = number[] | Float64Array;

/** Why a time is missing: kinds and values as in why.js. */
export interface Reason {
  kind: string;
  threshold: number | null;
  value: number | null;
}

/** t1 and t2, or null with the reason. */
export interface Times {
  overfit: number | null;
  generalize: number | null;
  reasons: Reason[];
  /** t2 comes from the law of the late stage and was not simulated. */
  byLaw?: boolean;
}

/** A random ridge problem at ν² = 1 and ‖θ*‖ = 1, as ridge/math.js describes it. */
export interface Modes {
  n: number;
  m: number;
  seed?: number;
  curvatures: Numbers;
  start: Numbers;
  teacher: Numbers;
  unseen_start: number;
  unseen_overlap: number;
  unseen_teacher: number;
}

/** Losses at the same steps. */
export interface Curves {
  steps: Numbers;
  train: Numbers;
  test: Numbers;
}

/** One assumption of a theorem, checked. */
export interface Condition {
  statement: string;
  assumption: string;
  required: number;
  actual: number;
  holds: boolean;
}

/** The paper's bounds on t1 and t2; nothing is promised unless they are valid. */
export interface Bound {
  overfitAtMost: number;
  generalizeAtLeast: number;
  conditions: Condition[];
  valid: boolean;
  failureProbability: number;
}

export interface Layers {
  /** null where a typical problem would diverge; `spread` as in ridge/math.js. */
  sharp?: (Curves & { times: Times; spread: number }) | null;
  theorem?: Bound;
  gaussian?: Bound;
}

/** Everything that an explorer draws and says; the curves are missing where nothing can run. */
export interface Analysis extends Partial<Curves> {
  settings: Settings;
  /** Why gradient descent cannot run, or null. */
  stop: { kind: string; limit?: number; step?: number } | null;
  times: Times;
  layers: Layers;
  /** The last step that the chart shows. */
  horizon: number;
  /** The losses at any step. */
  run: { train: { at(step: number): number }; test: { at(step: number): number } } | null;
  /** From here on the losses follow the law of the late stage. */
  tail?: Curves | null;
  /** The run is still on its way. */
  pending?: boolean;
  /** The last step of a run that grows: what is shown until the reader chooses, in place of t1. */
  front?: number;
}

/** The closed form of one run: its losses, and along how many directions the data act. */
export interface ExactRun {
  rank: number;
  train: DecayingForm;
  test: DecayingForm;
}

export interface RidgeAnalysis extends Analysis {
  modes: Modes;
  run: ExactRun | null;
}

/** A point of the plane of two weights. */
export type Place = [number, number];

/** One sample, the teacher, and how far from 0 the start may be. */
export interface Valley {
  feature: Place;
  teacher: Place;
  longest_start: number;
}

export interface ValleyAnalysis extends RidgeAnalysis {
  valley: Valley;
  /** θ(t) at each of `steps`. */
  path: Place[];
  /** Contours of the regularized loss: ellipses around the ridge solution. */
  valleys: { center: Place; halfAxes: { seen: number; unseen: number }[] };
}

/** The times of a typical run; NaN or infinite where they do not exist. */
export interface PhaseTimes {
  overfit: number;
  generalize: number;
}

/** And the standard deviation over draws of the test loss at t2, divided by its mean. */
export interface PhaseCell extends PhaseTimes {
  spread: number;
}

export interface NetworkAnalysis extends Analysis {
  network: object;
  training: Training | null;
  pending: boolean;
}

/** Images as Python sends them: a character for each pixel (0 … g for 0 … 16), one for each digit. */
export interface DigitImages {
  pixels: string;
  digits: string;
}

/** A drawn problem at ν² = 1, as digits/draw.js describes it: training images, then test images. */
export interface DigitProblem {
  n: number;
  m: number;
  seed: number;
  /** Which image is where. */
  order: Uint16Array;
  /** The training images, in the order in which label noise turns their labels. */
  flips: Uint16Array;
  digits: Uint8Array;
  rank: number;
  curvatures: Float64Array;
  seen: Float64Array;
  /** |seen| */
  sizes: Float64Array;
  /** The root mean square of each column of `seen` over the test images. */
  widths: Float64Array;
  start: Float64Array;
  unseen: Float64Array;
}

/** The closed form of one run on digits. */
export type DigitRun = ReturnType<typeof exactDigitRun>;

/** A run that also counts what is right. */
export interface AccuracyAnalysis extends Analysis {
  run: Analysis["run"] & { accuracyAt(set: string, step: number): number };
  /** t1 and t2 by accuracy. */
  accurate: Times;
  accuracy?: { train: Float64Array; test: Float64Array };
}

export interface DigitsAnalysis extends AccuracyAnalysis {
  images: DigitImages;
  problem: DigitProblem | null;
  run: DigitRun | null;
  /** The outputs of the test images at each of `steps`, row after row. */
  outputs?: Float64Array;
}

/** A run of modular addition, as far as it has come; `times` and `accurate` are the same. */
export interface ModularAnalysis extends AccuracyAnalysis {
  training: ModularRun | null;
}
