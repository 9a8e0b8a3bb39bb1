// An explorer: the model of a widget, and the parts that draw it and change it.
//
// What is particular to a kind of explorer is a plain object:
//   name, problemTrait        the kind, and the trait in which Python puts the problem that it drew
//   runLabel                  what the button that starts Python says
//   curves                    optional: what the two colors are called, if not by the losses
//   legend, layers            marks beside those of the curves; names of the layers of theory
//   identity(settings), identityOf(problem)   equal if the problem is that of the settings
//   drawProblem(settings)     a problem drawn here, where Python is not
//   makeSolver(again)         {advance, analyze}: advance(settings, problem, hasPicture) works for
//                             a while, calls again() if there is more to do, and returns a key of
//                             what it has, or null if the old picture should stay; and
//                             analyze(settings, problem, layers, held) is everything to be drawn
//                             and said, on an axis that stays as it is `held` while times fit on it.
//                             If it works beside the page: `share` of that is done, and close();
//                             if that can pause: `running`, `paused` and toggle()
//   makePicture(parent, change)   optional: {widthIn(width), draw(analysis, step, {width, run,
//                             linear, table, ...views})} beside the curves, or above them where
//                             widthIn is all of width; its reader's hand may change(settings).
//                             draw returns more for tests
//   views                     optional: what else the picture shows, each with the name of its
//                             trait: {read(text), legal}, see address.js
//   makeUpper(parent, onScrub)   optional: a chart above the losses, on their axis of steps:
//                             {draw(analysis, {chart, width, run, ghost, pinned}), drawCursor(step)}
//   makePanel(parent)         {parts, draw(analysis, step, width)} below the curves
//   makeRemark(parent)        optional: draws an analysis in words of its own
//   losses(analysis, step)    {train, test}
//   sentence(analysis), tableRows(analysis, runTimes), runSentence(run, times, when)
//   where                     {page, waiting, live}: sentences about who computes
//   published(analysis)       optional: more for tests and benchmarks

import { format, parse } from "./address.js";
import { LossChart } from "./chart.js";
import { makeControls } from "./controls.js";
import { add, button, create } from "./dom.js";
import { Gesture } from "./gesture.js";
import { KernelLink } from "./kernel.js";
import { isLegal } from "./numbers.js";
import { Place } from "./page.js";
import { Player } from "./player.js";
import { logSteps } from "./steps.js";
import { makeLegend, makeTable } from "./table.js";
import { comparison, count, settingsInWords } from "./words.js";

const QUIET_TIME = 600; // ms between announcements to screen readers and changes of the address
const NARROWEST = 160; // px for which pictures are drawn, in less room too
const DRAWN_KEPT = 8;
const THRESHOLDS = ["train_threshold", "test_threshold", "train_level", "test_level"];
const OTHERS = {
  pinned: ["gk-pinned-mark", "pinned run"],
  ghost: ["gk-ghost-mark", "before"],
};
const POINTS = 300;
const KEYS = ["keydown", "keypress", "keyup"];
const WHERE = {
  busy: "Python is busy: until it answers, everything is computed in your browser.",
  gone: "Alone: everything is computed in your browser.",
  closed: "Not connected to Python: your browser computes. Run this cell to bring Python in.",
};
const GONE =
  "The kernel of this figure is gone: run its cell again. Until then this figure computes by itself.";

/** The widget of a kind of explorer, as anywidget wants it. */
export function explorer(kind) {
  return {
    render({ model, el }) {
      const view = new Explorer(kind, model, el);
      return () => view.close();
    },
  };
}

class Explorer {
  constructor(kind, model, element) {
    this.kind = kind;
    this.model = model;
    this.table = model.get("table");
    this.drawn = new Map();
    this.solver = kind.makeSolver(() => this.schedule());
    this.root = this.build(element);
    this.link = new KernelLink(model, () => this.schedule());
    this.place = new Place(this.root, kind.name, {
      onState: (text) => this.takeAddress(text),
      onStart: () => this.goTo(this.model.get("initial")),
    });
    this.gesture = new Gesture(this.root, () => this.redrawSoon());
    this.pinned = null; // the analysis of a run to compare with
    this.listen();
    this.redrawSoon();
  }

  // -------------------------------------------------------------- elements

  build(element) {
    const { kind } = this;
    // Keys belong to the widget: JupyterLab would take a typed 0 0 for a wish to restart.
    const root = create("div", {
      class: "grokedu-explorer grokedu-plot",
      "data-kind": kind.name,
      "data-lm-suppress-shortcuts": "true",
      tabindex: -1,
    });
    for (const key of KEYS) root.addEventListener(key, (event) => event.stopPropagation());
    root.addEventListener("focusin", (event) => {
      this.focused = event.target;
    });
    root.addEventListener("focusout", (event) => {
      if (event.relatedTarget) this.focused = null; // and not lost with a button that went
    });
    const controlled = this.model
      .get("controls")
      .map((name) => this.table.find((setting) => setting.name === name));
    this.controls = makeControls(root, controlled, (name, value) => this.change({ [name]: value }));
    this.presets = this.buildPresets(root);
    const view = add(root, "div", { class: "gk-view" });
    this.message = add(view, "p", { class: "gk-problem", role: "status" });
    this.sentence = add(view, "p", { class: "gk-sentence" });
    this.comparison = add(view, "p", { class: "gk-comparison" });
    this.announcement = add(view, "p", { class: "gk-aside", "aria-live": "polite" });
    const head = add(view, "div", { class: "gk-head" });
    this.legend = makeLegend(head, { ...kind.legend, ...OTHERS }, kind.curves);
    const tools = add(head, "div", { class: "gk-tools" });
    this.axisButton = button(tools, "Linear axis", () => {
      this.change({ linear: !this.model.get("linear") });
    });
    this.pinButton = button(tools, "Pin", () => {
      this.pinned = this.pinned ? null : this.analysis;
      this.redrawSoon();
    });
    const pictures = add(view, "div", { class: "gk-pictures" });
    this.picture = kind.makePicture?.(pictures, (state) => this.change(state));
    const curves = add(pictures, "div");
    const onScrub = (step) => {
      this.player.pause();
      this.scrub(step);
    };
    this.upper = kind.makeUpper?.(curves, onScrub);
    this.chart = new LossChart(curves, {
      onThreshold: (name, value) => this.moveThreshold(name, value),
      onScrub,
    });
    this.player = new Player(root, (step) => this.scrub(step));
    const more = add(root, "div", { class: "gk-more" });
    this.panel = kind.makePanel(more);
    this.drawRemark = kind.makeRemark?.(more) ?? (() => {});
    this.layerBoxes = this.buildLayers(more);
    this.drawTable = makeTable(more);
    this.onPaper = add(root, "p", { class: "gk-on-paper" });
    this.buildActions(root);
    this.where = add(root, "p", { class: "gk-mode" });
    this.showMore(root, !this.model.get("simple"));
    element.append(root);
    return root;
  }

  buildPresets(root) {
    const presets = this.model.get("presets");
    if (!presets.length) return [];
    const group = add(root, "div", { class: "gk-row", role: "group", "aria-label": "try" });
    return presets.map(({ label, state }) => {
      return { state, chosen: button(group, label, () => this.goTo(state)) };
    });
  }

  /** All parts, or those alone that need no explanation. */
  showMore(root, more) {
    root.classList.toggle("gk-simple", !more);
    this.moreButton.textContent = more ? "Show less" : "Show more";
    this.moreButton.setAttribute("aria-expanded", String(more));
    this.isSimple = !more;
    this.key = null;
  }

  buildLayers(root) {
    const layers = Object.entries(this.kind.layers ?? {});
    if (!layers.length) return [];
    const text = "Theory over the run";
    const group = add(root, "div", { class: "gk-row", role: "group", "aria-label": text });
    add(group, "span", { class: "gk-note" }, `${text}:`);
    return layers.map(([layer, name]) => {
      const label = add(group, "label");
      const box = add(label, "input", { type: "checkbox" });
      label.append(name);
      box.addEventListener("change", () => {
        const others = this.layers.filter((other) => other !== layer);
        this.change({ layers: box.checked ? [...others, layer] : others });
      });
      return { layer, box };
    });
  }

  buildActions(root) {
    const row = add(root, "div", { class: "gk-row" });
    if ("seed" in this.settings()) button(row, "Draw again", () => this.drawAgain());
    this.pauseButton = button(row, "Pause training", () => this.solver.toggle());
    this.drawingBar = add(row, "progress", { max: 1, "aria-label": "drawing the problem" });
    this.runButton = button(row, this.kind.runLabel, () => this.link.ask({ type: "run" }));
    this.stopButton = button(row, "Stop", () => this.link.send({ type: "stop" }));
    this.progressBar = add(row, "progress", { "aria-label": this.kind.runLabel });
    this.progressText = add(row, "span", { class: "gk-note" });
    button(row, "Reset", () => this.reset());
    this.linkButton = button(row, "Copy link", () => this.copyLink());
    this.moreButton = button(row, "Show more", () => {
      this.showMore(this.root, this.isSimple);
      this.redrawSoon();
    });
    this.moreButton.hidden = !this.model.get("simple");
    const ofPython = [this.runButton, this.stopButton, this.progressBar, this.progressText];
    for (const part of ofPython) part.classList.add("gk-more");
    this.descent = add(root, "p", { class: "gk-note gk-descent" });
  }

  listen() {
    const onChange = () => this.redrawSoon();
    const onNews = () => this.link.hearNews();
    const news = [this.kind.problemTrait, "run", "progress"].map((name) => `change:${name}`);
    this.model.on("change", onChange);
    for (const event of news) this.model.on(event, onNews);
    const resize = new ResizeObserver(() => {
      const arriving = !this.width;
      const room = this.root.clientWidth;
      this.width = room && Math.max(room, NARROWEST);
      if (arriving && this.width) this.redraw();
      else this.schedule();
    });
    resize.observe(this.root);
    this.stopListening = () => {
      this.model.off("change", onChange);
      for (const event of news) this.model.off(event, onNews);
      resize.disconnect();
    };
  }

  close() {
    this.closed = true;
    this.gesture.close();
    this.player.pause();
    this.link.close();
    this.solver.close?.();
    this.place.leave();
    this.stopListening();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.quietTimer);
  }

  // -------------------------------------------------------------- state

  settings() {
    return Object.fromEntries(this.table.map(({ name }) => [name, this.model.get(name)]));
  }

  get layers() {
    return this.model.get("layers");
  }

  change(state) {
    this.wish = "";
    const moves = ({ name }) => name in state && state[name] !== this.model.get(name);
    if (this.analysis && this.table.some(moves)) this.gesture.move(this.analysis);
    for (const [name, value] of Object.entries(state)) this.model.set(name, value);
    this.model.save_changes();
    this.link.expect();
  }

  moveThreshold(name, value) {
    if (value === null) {
      this.schedule();
      return;
    }
    const setting = this.table.find((candidate) => candidate.name === name);
    const { low, high } = setting;
    const legal = isLegal(value, setting) ? value : Math.min(Math.max(value, low), high);
    this.change({ [name]: Number(legal.toPrecision(3)) });
  }

  scrub(step) {
    // Python does not need the step, and a drag would send hundreds.
    this.model.set("step", step);
  }

  drawAgain() {
    const { low, high } = this.table.find(({ name }) => name === "seed");
    const seed = this.model.get("seed");
    this.change({ seed: seed < high ? seed + 1 : low });
  }

  reset() {
    this.goTo(this.model.get("initial"));
    this.gesture.end(); // a fresh page, which compares with nothing
  }

  goTo(state) {
    this.player.pause();
    this.change(structuredClone(state));
  }

  // -------------------------------------------------------------- address

  takeAddress(text) {
    const layers = Object.keys(this.kind.layers ?? {});
    const { state, refusals } = parse(text, this.table, layers, this.kind.views);
    this.goTo(state);
    this.wish = refusals.length ? `In the address: ${refusals.join(" ")}` : "";
    this.schedule();
  }

  address() {
    const layers = this.kind.layers && this.layers;
    const [step, linear] = ["step", "linear"].map((name) => this.model.get(name));
    const { views } = this;
    return format(this.place.ownName(), { settings: this.settings(), step, layers, linear, views });
  }

  /** What the picture shows, by the names of the traits. */
  get views() {
    const names = Object.keys(this.kind.views ?? {});
    return Object.fromEntries(names.map((name) => [name, this.model.get(name)]));
  }

  async copyLink() {
    const link = location.href.split("#")[0] + this.address();
    try {
      await navigator.clipboard.writeText(link);
      this.linkButton.textContent = "Copied";
      setTimeout(() => {
        this.linkButton.textContent = "Copy link";
      }, 1500);
    } catch {
      window.prompt("Copy this link", link);
    }
  }

  // -------------------------------------------------------------- drawing

  /** The step that is shown: t1, or the front of a run, as long as the reader has not moved it. */
  step() {
    const chosen = this.model.get("step");
    const { front, times, horizon } = this.analysis;
    const step = chosen >= 0 ? chosen : (front ?? times.overfit ?? 0);
    return Math.min(step, horizon, front ?? horizon);
  }

  /** Redraw once the present event is over, so that the frame after it shows the change. */
  redrawSoon() {
    if (this.soon) return;
    this.soon = true;
    queueMicrotask(() => {
      this.soon = false;
      if (!this.closed) this.redraw();
    });
  }

  /** Redraw in the next frame. */
  schedule() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.redraw();
    });
  }

  redraw() {
    const { width } = this; // asked for here, it would cost a layout of the page
    if (!width) return; // not on the page yet: the ResizeObserver calls again
    if (!this.arrived) {
      this.arrived = true;
      this.place.arrive();
    }
    const settings = this.settings();
    this.controls.show(settings);
    const problem = this.problemFor(settings);
    const work = problem && this.solver.advance(settings, problem, Boolean(this.analysis));
    if (work !== null) {
      const { pinned } = this;
      const { before } = this.gesture;
      const run = ["run", "run_times"].map((name) => this.model.get(name));
      const inputs = [problem, ...run, pinned, before];
      const linear = this.model.get("linear");
      const { layers, views } = this;
      const key = JSON.stringify([settings, layers, views, linear, width, work, this.link.state]);
      if (key !== this.key || inputs.some((input, i) => input !== this.inputs[i])) {
        this.key = key;
        this.inputs = inputs;
        const held = Math.max(before ? this.analysis.horizon : 0, pinned?.horizon ?? 0) || null;
        this.drawAll(this.solver.analyze(settings, problem, this.layers, held), width);
      }
      this.drawMoment(width);
    }
    this.drawStatus(problem === null);
    this.later();
  }

  /** The problem of these settings: Python's if it is the one, else drawn here; null: wait. */
  problemFor(settings) {
    const sent = this.model.get(this.kind.problemTrait);
    const key = this.kind.identity(settings);
    if (this.kind.identityOf(sent) === key) return sent;
    if (this.link.live) return null;
    if (!this.drawn.has(key)) {
      if (this.drawn.size >= DRAWN_KEPT) this.drawn.delete(this.drawn.keys().next().value);
      this.drawn.set(key, this.kind.drawProblem(settings));
    }
    return this.drawn.get(key);
  }

  drawAll(analysis, width) {
    this.analysis = analysis;
    const run = this.matchingRun(analysis.settings);
    const ranges = Object.fromEntries(this.table.map(({ name, low, high }) => [name, [low, high]]));
    const linear = this.model.get("linear");
    const taken = this.picture?.widthIn(width) ?? 0;
    const chartWidth = taken < width ? width - taken : width;
    const { before } = this.gesture;
    const ghost = curvesOf(before, analysis.horizon);
    const pinned = curvesOf(this.pinned, analysis.horizon);
    const hold = before !== null;
    this.chart.draw(analysis, { width: chartWidth, ranges, run, linear, ghost, pinned, hold });
    const others = { ghost: before, pinned: this.pinned };
    this.upper?.draw(analysis, { chart: this.chart, width: chartWidth, run, ...others });
    this.drawComparison(analysis);
    this.axisButton.setAttribute("aria-pressed", String(linear));
    for (const { state, chosen } of this.presets) {
      chosen.setAttribute("aria-pressed", String(this.isAt(state)));
    }
    this.sentence.textContent = this.kind.sentence(analysis);
    for (const [name, entry] of Object.entries(this.legend)) {
      if (name in OTHERS) continue;
      entry.hidden = !(name === "run" ? run : (analysis.layers[name] ?? analysis[name]));
    }
    for (const { layer, box } of this.layerBoxes) box.checked = this.layers.includes(layer);
    this.drawRemark(analysis);
    const times = run && this.matchingTimes(analysis.settings);
    this.drawTable(this.kind.tableRows(analysis, times));
    this.onPaper.textContent = settingsInWords(analysis.settings, this.table);
    this.publish({ ...this.published(analysis), run });
  }

  drawComparison(analysis) {
    const { pinned, comparison: words } = this;
    words.textContent = pinned ? comparison(analysis, pinned, this.table) : "";
    words.hidden = this.legend.pinned.hidden = !pinned;
    // The place of this entry is kept, so that the curves stay where they are.
    this.legend.ghost.style.visibility = this.gesture.before ? "visible" : "hidden";
    this.pinButton.textContent = pinned ? "Unpin" : "Pin";
    this.pinButton.disabled = !pinned && Boolean(analysis.stop || analysis.pending);
  }

  drawMoment(width) {
    const { analysis } = this;
    const blocked = analysis.stop !== null;
    const step = this.step();
    const run = this.matchingRun(analysis.settings);
    const losses = blocked ? null : this.kind.losses(analysis, step);
    const linear = this.model.get("linear");
    this.player.draw(analysis, { step, losses, linear });
    const { table, views } = this;
    const look = { width: this.picture?.widthIn(width), run, linear, table, ...views };
    this.publish(this.picture?.draw(analysis, step, look));
    for (const part of this.panel.parts) part.hidden = blocked || this.isSimple; // none is drawn
    const chosen = this.model.get("step") >= 0;
    this.chart.drawCursor(step, losses, chosen);
    this.upper?.drawCursor(blocked ? null : step);
    if (blocked) return;
    const panel = this.isSimple ? {} : this.panel.draw(analysis, step, width);
    this.publish({ step, ...panel });
  }

  /** Whether everything but the step is as in this state. */
  isAt(state) {
    const others = Object.keys(state).filter((name) => name !== "step");
    return others.every((name) => `${state[name]}` === `${this.model.get(name)}`);
  }

  drawStatus(waiting) {
    const { state } = this.link;
    const words = (state === "gone" ? GONE : this.model.get("message")) || this.wish;
    this.message.textContent = words;
    this.message.hidden = !words;
    const progress = this.model.get("progress");
    const running = this.link.live && progress.of > 0;
    this.link.owe(waiting || running);
    this.runButton.hidden = state === "page";
    this.runButton.disabled = running;
    for (const part of [this.stopButton, this.progressBar, this.progressText]) {
      part.hidden = !running;
    }
    if (running) {
      this.progressBar.max = progress.of;
      this.progressBar.value = progress.done;
      this.progressText.textContent = `${count(progress.done)} of ${count(progress.of)} steps`;
    }
    const { share = 1, running: trains = false, paused } = this.solver;
    this.pauseButton.hidden = !trains;
    this.pauseButton.textContent = paused ? "Go on training" : "Pause training";
    this.drawingBar.hidden = share === 1;
    this.drawingBar.value = share;
    this.drawRun(this.matchingRun(this.settings()));
    const page = this.place.inNotebook ? WHERE.closed : this.kind.where.page;
    const where = { ...WHERE, ...this.kind.where, page };
    this.where.textContent = where[waiting ? "waiting" : state];
    this.keepFocus();
    this.publish({ mode: state });
  }

  drawRun(run) {
    const when = this.link.state === "page" ? ", when this page was made" : "";
    const words = run && this.kind.runSentence(run, this.model.get("run_times"), when);
    this.descent.textContent = words ?? "";
    this.descent.hidden = !run;
  }

  /** A button that was hidden or disabled under the reader's finger must not give keys away. */
  keepFocus() {
    if (!this.focused?.hidden && !this.focused?.disabled) return;
    this.focused = null;
    this.root.focus({ preventScroll: true });
  }

  /** The last run of gradient descent, if it belongs to these settings. */
  matchingRun(settings) {
    const run = this.model.get("run");
    if (!run.settings) return null;
    const others = Object.keys(settings).filter((name) => !THRESHOLDS.includes(name));
    return others.every((name) => run.settings[name] === settings[name]) ? run : null;
  }

  matchingTimes(settings) {
    const times = this.model.get("run_times");
    return THRESHOLDS.every((name) => times[name] === settings[name]) ? times : null;
  }

  /** What tests and benchmarks read. */
  published(analysis) {
    const { settings: state, steps, train, test, times, stop, layers, horizon } = analysis;
    const problem = { [this.kind.problemTrait]: analysis[this.kind.problemTrait] };
    const more = this.kind.published?.(analysis);
    return { state, ...problem, steps, train, test, times, stop, layers, horizon, ...more };
  }

  publish(shown) {
    const root = /** @type {any} */ (this.root);
    root.__grokedu = { ...root.__grokedu, ...shown };
  }

  /** What must not happen on every frame: announcements and the address. */
  later() {
    if (this.place.written === undefined) this.place.write(this.address()); // needs no address
    this.quietTimer ??= setTimeout(() => {
      this.quietTimer = null;
      const words = `${this.sentence.textContent} ${this.comparison.textContent}`.trim();
      if (this.announced !== undefined && words !== this.announced) {
        this.announcement.textContent = words;
      }
      this.announced = words;
      this.place.write(this.address());
    }, QUIET_TIME);
  }
}

/**
 * The curves of another run up to `horizon`, with its times.
 * @param {import("./types").Analysis | null} analysis
 */
function curvesOf(analysis, horizon) {
  if (!analysis?.train) return null;
  const { steps, train, test, tail, run, times, stop, pending } = analysis;
  const all = {
    steps: [...steps, ...(tail?.steps ?? [])],
    train: [...train, ...(tail?.train ?? [])],
    test: [...test, ...(tail?.test ?? [])],
  };
  const known = analysis.horizon;
  if (known >= horizon || stop || pending) return { ...all, times };
  for (const step of logSteps(horizon, POINTS).filter((step) => step > known)) {
    all.steps.push(step);
    all.train.push(run.train.at(step));
    all.test.push(run.test.at(step));
  }
  return { ...all, times };
}
