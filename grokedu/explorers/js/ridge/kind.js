// What is particular to explorers of one random ridge problem and its exact curves.

import { add } from "../dom.js";
import { LAYER_NAMES } from "../words.js";
import { analyze } from "./analysis.js";
import { drawModes, sharesLeft } from "./math.js";
import { ForgettingPanel } from "./panel.js";
import { descentSentence, momentSentence, sentence, tableRows } from "./words.js";

function makePanel(parent) {
  const title = add(parent, "p", { class: "gk-note" }, "What is left to forget, per direction");
  const box = add(parent, "div");
  const panel = new ForgettingPanel(box);
  const moment = add(parent, "p", { class: "gk-note gk-moment" });
  return {
    parts: [title, box, moment],
    draw({ run, settings }, step, width) {
      const shares = sharesLeft(run, step);
      const hasUnseen = settings.n_features > settings.n_samples;
      const description = momentSentence(run, step, shares, hasUnseen);
      panel.draw(shares, hasUnseen, { width, description });
      moment.textContent = description;
      return { shares };
    },
  };
}

export const ridge = {
  name: "ridge",
  problemTrait: "modes",
  runLabel: "Run gradient descent",
  legend: {
    run: ["gk-dots", "gradient descent"],
    sharp: ["gk-dashes", "sharp prediction"],
  },
  layers: LAYER_NAMES,
  identity: ({ n_samples, n_features, seed }) => `${n_samples},${n_features},${seed}`,
  identityOf: ({ n, m, seed }) => `${n},${m},${seed}`,
  drawProblem: ({ n_samples, n_features, seed }) => drawModes(n_samples, n_features, seed),
  makeSolver: () => ({ advance: () => "", analyze }),
  makePanel,
  losses: ({ run }, step) => ({ train: run.train.at(step), test: run.test.at(step) }),
  sentence,
  tableRows,
  runSentence: descentSentence,
  where: {
    page: "In this page, without Python: your browser computes the curves, t₁ and t₂ exactly, and draws new problems (a seed gives other draws than in Python). Open the chapter in JupyterLab to run gradient descent.",
    waiting: "Live: Python draws the problem …",
    live: "Live: Python draws each problem and reruns gradient descent on every change.",
  },
};
