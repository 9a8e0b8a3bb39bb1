// The digits explorer in the browser: random features of handwritten digits, even against odd.

import { AccuracyChart } from "../accuracy.js";
import { add } from "../dom.js";
import { explorer } from "../explorer.js";
import { ForgettingPanel } from "../ridge/panel.js";
import { descentSentence } from "../ridge/words.js";
import { analyze } from "./analysis.js";
import { Drawing } from "./drawing.js";
import { Grid } from "./grid.js";
import { sharesLeft } from "./math.js";
import { forgettingSentence, sentence, tableRows } from "./words.js";

const ACCURACY = {
  title: "Accuracy: the share of images with the right sign",
  items: /** @type {[string, string]} */ (["training images", "test images"]),
};
const BESIDE = 640; // px in which the images and the curves stand side by side

/** Draws problems in the background; the old picture stays until the new problem is there. */
function makeSolver(again) {
  const drawing = new Drawing(again);
  return {
    get share() {
      return drawing.share;
    },
    advance(settings, images, hasPicture) {
      const problem = drawing.problemOf(images, settings);
      if (problem) return drawing.wanted;
      return hasPicture ? null : "drawing";
    },
    analyze: (settings, images, _layers, held) =>
      analyze(settings, images, drawing.problemOf(images, settings), held),
    close: () => drawing.close(),
  };
}

function makePicture(parent) {
  const grid = new Grid(parent);
  return {
    widthIn: (width) => (width < BESIDE ? width : Math.min(0.45 * width, 366)),
    draw: (analysis, step, options) => grid.draw(analysis, analysis.stop ? null : step, options),
  };
}

function makePanel(parent) {
  const title = add(parent, "p", { class: "gk-note" }, "What is left to forget, per direction");
  const box = add(parent, "div");
  const panel = new ForgettingPanel(box);
  const moment = add(parent, "p", { class: "gk-note gk-moment" });
  return {
    parts: [title, box, moment],
    draw({ run }, step, width) {
      const shares = sharesLeft(run, step);
      const description = forgettingSentence(shares, step);
      panel.draw(shares, true, { width, description });
      moment.textContent = description;
      return { shares };
    },
  };
}

function published({ accuracy, accurate, problem }) {
  return { accuracy, accurate, drawn: problem && { m: problem.m, seed: problem.seed } };
}

export default explorer({
  name: "digits",
  problemTrait: "images",
  runLabel: "Run gradient descent",
  curves: ["training images", "test images"],
  legend: { run: ["gk-dots", "gradient descent"] },
  identity: () => "the images",
  identityOf: () => "the images",
  drawProblem: () => null, // every widget has them
  makeSolver,
  makePicture,
  makeUpper: (parent, onScrub) => new AccuracyChart(parent, onScrub, ACCURACY),
  makePanel,
  losses: ({ run }, step) => ({ train: run.train.at(step), test: run.test.at(step) }),
  sentence,
  tableRows,
  runSentence: descentSentence,
  where: {
    page: "In this page, without Python: your browser draws the features and computes the curves, t₁ and t₂ exactly. Open the chapter in JupyterLab to run gradient descent.",
    waiting: "Live: Python is asked …",
    live: "Live: Python reruns gradient descent on every change.",
  },
  published,
});
