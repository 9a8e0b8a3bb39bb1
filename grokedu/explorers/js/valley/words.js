// What the valley explorer says of the scrubbed step; no DOM.

import { stageBands } from "../chart.js";
import { count, percent, plain, short } from "../words.js";
import { distances } from "./math.js";

const STAGES = {
  1: "Stage I, the jump to the line",
  2: "Stage II, the slide along the line, far from the teacher",
  3: "Stage III, the rest of the slide, near the teacher",
};

/** A point of the plane. */
export function placeInWords([x, y]) {
  const coordinate = (value) => short(Number(value.toFixed(2))).replace("-", "−");
  return `(${coordinate(x)}, ${coordinate(y)})`;
}

/** What gradient descent tends to; with no weight decay, what smaller and smaller ones tend to. */
export function solutionName({ weight_decay }) {
  return weight_decay ? "ridge solution" : "least-norm solution";
}

/** Where the weights are, and what is left of the start. */
export function momentSentence({ valley, settings, run, times, horizon }, step, place, shares) {
  const [seen, unseen] = shares;
  const { toLine, along } = distances(valley, place);
  // Without a t1 nothing tells the jump from the slide.
  const bands = times.overfit === null ? [] : stageBands(times, horizon);
  const here = bands.find(({ from, to }) => step >= from && step <= to);
  const stage = here ? `${STAGES[here.stage]}. ` : "";
  return (
    `${stage}At step ${count(step)} the weights are ${placeInWords(place)}: ${plain(toLine)} from the line, ` +
    `and ${plain(along)} along it from the ${solutionName(settings)}. Of the start, ${percent(seen)} is left in the seen direction ` +
    `and ${percent(unseen)} in the unseen one. Training loss ${plain(run.train.at(step))}, test loss ${plain(run.test.at(step))}.`
  );
}
