// The valley explorer in the browser: one sample, two weights, and the path of gradient descent.

import { add } from "../dom.js";
import { explorer } from "../explorer.js";
import { sharesLeft } from "../ridge/math.js";
import { ForgettingPanel } from "../ridge/panel.js";
import { descentSentence, sentence, tableRows } from "../ridge/words.js";
import { analyze, weightsAt } from "./math.js";
import { Plane } from "./plane.js";
import { momentSentence } from "./words.js";

const BESIDE = 640; // px in which plane and curves stand side by side

function makePicture(parent, change) {
  const plane = new Plane(parent, change);
  return {
    widthIn: (width) => (width < BESIDE ? width : Math.min(0.44 * width, 400)),
    draw(analysis, step, options) {
      plane.draw(analysis, analysis.stop ? null : step, options);
      return { path: analysis.path, ridge: analysis.valleys.center };
    },
  };
}

function makePanel(parent) {
  const title = add(parent, "p", { class: "gk-note" }, "What is left to forget, per direction");
  const box = add(parent, "div");
  const panel = new ForgettingPanel(box);
  const moment = add(parent, "p", { class: "gk-note gk-moment" });
  return {
    parts: [title, box, moment],
    draw(analysis, step, width) {
      const shares = sharesLeft(analysis.run, step);
      const weights = weightsAt(analysis, step);
      const description = momentSentence(analysis, step, weights, shares);
      panel.draw(shares, true, { width, description });
      moment.textContent = description;
      return { shares: [...shares], weights };
    },
  };
}

export default explorer({
  name: "valley",
  problemTrait: "valley",
  runLabel: "Run gradient descent",
  legend: { run: ["gk-dots", "gradient descent"] },
  identity: () => "the one sample",
  identityOf: () => "the one sample",
  drawProblem: () => null, // every widget has it
  makeSolver: () => ({ advance: () => "", analyze }),
  makePicture,
  makePanel,
  losses: ({ run }, step) => ({ train: run.train.at(step), test: run.test.at(step) }),
  sentence,
  tableRows,
  runSentence: descentSentence,
  where: {
    page: "In this page, without Python: your browser computes the path, the curves, t₁ and t₂ exactly. Open the chapter in JupyterLab to run gradient descent.",
    waiting: "Live: Python is asked …",
    live: "Live: Python reruns gradient descent on every change.",
  },
});
