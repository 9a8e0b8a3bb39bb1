// What every explorer does: reads the model, draws, and turns what the reader does into state.
//
// A kind of explorer extends ExplorerView and says how its problem is drawn and analyzed.

import { legal } from "./address.js";
import { LossChart, stageBands } from "./chart.js";
import { add, button, create } from "./dom.js";
import { nameControls } from "./names.js";
import { positionOf, stepAt } from "./steps.js";
import { count, settingsInWords } from "./words.js";

const ANSWER_TIME = 3000; // ms that a kernel has to answer
const QUIET_TIME = 600; // ms between announcements to screen readers and changes of the address
const PLAY_TIME = 8000; // ms to play a whole run
const SCRUB_STEPS = 1000;
const DRAWN_KEPT = 8;

/**
 * A subclass gives
 *   kind             its name, which is also the word that its addresses begin with
 *   addresses        how its state is written as an address
 *   problemTrait     where Python puts the problem that it drew
 *   identity(settings), identityOf(problem)   equal if the problem is that of the settings
 *   drawProblem(settings), analyze(settings, problem)
 *   legendEntries, buildPanel(root), drawPanel(step, width), losses(step)
 *   sentenceOf(analysis), rows(analysis, runTimes), runSentence(run, times, when), runLabel
 *   modeSentence(mode, waiting)
 * and may give buildOptions(root), prepare(settings, problem), drawExtras(analysis, run), published.
 */
export class ExplorerView {
  constructor(model, element) {
    this.model = model;
    this.mode = "page"; // until a kernel answers
    this.drawn = new Map();
    this.stopped = [];
    this.build(element);
    this.connect();
    this.readAddress();
    this.schedule();
  }

  // -------------------------------------------------------------- elements

  build(element) {
    const root = create("div", { class: "grokedu-plot", "data-kind": this.kind });
    this.root = root;
    this.problem = add(root, "p", { class: "gk-problem", role: "status" });
    this.sentence = add(root, "p", { class: "gk-sentence" });
    this.announcement = add(root, "p", { class: "gk-aside", "aria-live": "polite" });
    this.legend = this.buildLegend(root);
    const charts = add(root, "div");
    this.chart = new LossChart(charts, {
      onThreshold: (name, value) => this.moveThreshold(name, value),
      onScrub: (step) => this.scrub(step),
    });
    this.buildPlayer(root);
    this.panelParts = this.buildPanel(root);
    this.buildOptions(root);
    this.buildTable(root);
    this.buildActions(root);
    this.modeLine = add(root, "p", { class: "gk-mode" });
    element.append(root);
  }

  buildLegend(root) {
    const legend = add(root, "div", { class: "gk-legend" });
    const entry = (key, text, color) => {
      const span = add(legend, "span");
      const mark = add(span, "i", { class: key });
      if (color) mark.style.color = `var(--gk-${color})`;
      span.append(text);
      return span;
    };
    entry("", "training loss", "train");
    entry("", "test loss", "test");
    const entries = Object.entries(this.legendEntries);
    return Object.fromEntries(entries.map(([name, [key, text]]) => [name, entry(key, text)]));
  }

  buildOptions() {}

  /** Work that a redraw needs; null as long as the old picture should stay. */
  prepare() {
    return "";
  }

  drawExtras() {}

  buildPlayer(root) {
    const row = add(root, "div", { class: "gk-row gk-player" });
    this.playButton = button(row, "Play", () => this.togglePlay());
    this.scrubber = add(row, "input", {
      type: "range",
      min: 0,
      max: SCRUB_STEPS,
      step: 1,
      "aria-label": "step of the run",
    });
    this.scrubber.addEventListener("input", () => {
      this.pause();
      this.scrub(stepAt(this.scrubber.value / SCRUB_STEPS, this.analysis.horizon));
    });
    const stages = add(row, "div", { class: "gk-stages", role: "group", "aria-label": "go to" });
    this.stageButtons = ["I", "II", "III"].map((roman, i) =>
      button(stages, `stage ${roman}`, () => this.showStage(i + 1)),
    );
  }

  buildTable(root) {
    const table = add(root, "table");
    add(
      table,
      "caption",
      {},
      "When it overfits (t₁), when it generalizes (t₂), and the delay between",
    );
    const head = add(add(table, "thead"), "tr");
    for (const text of ["", "t₁", "t₂", "delay"]) {
      if (text) add(head, "th", { scope: "col" }, text);
      else add(head, "td");
    }
    this.tableBody = add(table, "tbody");
    this.onPaper = add(root, "p", { class: "gk-on-paper" });
  }

  buildActions(root) {
    const row = add(root, "div", { class: "gk-row" });
    this.drawButton = button(row, "Draw again", () => this.drawAgain());
    this.runButton = button(row, this.runLabel, () => this.runDescent());
    this.stopButton = button(row, "Stop", () => this.send({ type: "stop" }));
    this.progressBar = add(row, "progress", { "aria-label": this.runLabel });
    this.progressText = add(row, "span", { class: "gk-note" });
    button(row, "Reset", () => this.reset());
    this.linkButton = button(row, "Copy link", () => this.copyLink());
    this.descent = add(root, "p", { class: "gk-note gk-descent" });
  }

  // -------------------------------------------------------------- events

  connect() {
    const onChange = () => this.redrawSoon();
    this.model.on("change", onChange);
    // Only Python sends a problem, so a kernel that was busy is back.
    const onProblem = () => {
      if (this.mode === "lost") this.mode = "live";
    };
    this.model.on(`change:${this.problemTrait}`, onProblem);
    const onMessage = (message) => this.receive(message);
    this.model.on("msg:custom", onMessage);
    const onHash = () => this.readAddress();
    window.addEventListener("hashchange", onHash);
    const onClick = (event) => this.followLink(event);
    document.addEventListener("click", onClick, true);
    const resize = new ResizeObserver(() => {
      this.width = this.root.clientWidth;
      this.nameControls();
      this.schedule();
    });
    resize.observe(this.root);
    this.stopped.push(
      () => this.model.off("change", onChange),
      () => this.model.off(`change:${this.problemTrait}`, onProblem),
      () => this.model.off("msg:custom", onMessage),
      () => window.removeEventListener("hashchange", onHash),
      () => document.removeEventListener("click", onClick, true),
      () => resize.disconnect(),
      () => this.stopNaming?.(),
    );
    this.send({ type: "hello" });
  }

  nameControls() {
    this.stopNaming ??= nameControls(this.root);
  }

  /** Send a message to Python; in a static page nobody receives it. */
  send(message) {
    try {
      this.model.send(message);
    } catch {
      // No comm: a page without a kernel.
    }
  }

  receive(message) {
    if (message.type !== "welcome") return;
    this.mode = "live";
    clearTimeout(this.answerTimer);
    this.answerTimer = null;
    this.schedule();
  }

  /** Expect an answer from Python; without one, say what to do and go on alone. */
  expectAnswer() {
    if (this.answerTimer) return;
    this.answerTimer = setTimeout(() => {
      this.answerTimer = null;
      this.mode = "lost";
      this.schedule();
    }, ANSWER_TIME);
  }

  close() {
    this.pause();
    this.closed = true;
    cancelAnimationFrame(this.frame);
    clearTimeout(this.answerTimer);
    clearTimeout(this.quietTimer);
    for (const stop of this.stopped) stop();
  }

  // -------------------------------------------------------------- state

  settings() {
    const ranges = this.model.get("ranges");
    const values = {};
    for (const name of this.addresses.settings)
      values[name] = legal(name, this.model.get(name), ranges);
    return values;
  }

  change(state) {
    for (const [name, value] of Object.entries(state)) this.model.set(name, value);
    this.model.save_changes();
  }

  moveThreshold(name, value) {
    if (value !== null) this.change({ [name]: legal(name, value, this.model.get("ranges")) });
    this.schedule();
  }

  scrub(step) {
    // Python does not need the step, and a drag would send hundreds.
    this.model.set("step", step);
  }

  get layers() {
    return this.model.get("layers") ?? [];
  }

  drawAgain() {
    const [lowest, highest] = this.model.get("ranges").seed;
    const { seed } = this.settings();
    this.change({ seed: seed < highest ? seed + 1 : lowest });
  }

  reset() {
    this.pause();
    this.change(structuredClone(this.model.get("initial")));
  }

  runDescent() {
    this.send({ type: "run" });
    this.expectAnswer();
  }

  // -------------------------------------------------------------- address

  readAddress() {
    const state = this.addresses.parse(location.hash, this.model.get("ranges"));
    if (state) this.change(state);
  }

  /** A link in the prose sets the state even if the address is already there. */
  followLink(event) {
    const link = event.target.closest?.(`a[href*="${this.addresses.prefix}"]`);
    if (!link) return;
    const hash = link.getAttribute("href");
    const state = this.addresses.parse(hash.slice(hash.indexOf("#")), this.model.get("ranges"));
    if (!state) return;
    if (this.inNotebook) event.preventDefault();
    this.change(state);
    if (closestPlot(link, this.kind) === this.root) this.root.scrollIntoView({ block: "nearest" });
  }

  get inNotebook() {
    return this.mode !== "page" || document.body.hasAttribute("data-jp-theme-light");
  }

  writeAddress(address) {
    if (this.inNotebook || address === this.address) return;
    history.replaceState(history.state, "", address);
    this.address = address;
  }

  async copyLink() {
    const link = location.href.split("#")[0] + this.currentAddress();
    try {
      await navigator.clipboard.writeText(link);
      this.say(this.linkButton, "Copied");
    } catch {
      window.prompt("Copy this link", link);
    }
  }

  currentAddress() {
    return this.addresses.format(this.settings(), this.model.get("step"), this.layers);
  }

  say(element, text) {
    const before = element.dataset.text ?? element.textContent;
    element.dataset.text = before;
    element.textContent = text;
    setTimeout(() => (element.textContent = before), 1500);
  }

  // -------------------------------------------------------------- playing

  togglePlay() {
    if (this.playing) this.pause();
    else this.play();
  }

  play() {
    const { horizon, times } = this.analysis;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      const milestones = [0, times.overfit, times.generalize, horizon].filter((s) => s !== null);
      this.playInJumps(milestones.sort((a, b) => a - b));
      return;
    }
    let position = positionOf(this.step(), horizon);
    if (position > 0.999) position = 0;
    let before = performance.now();
    const advance = (now) => {
      position = Math.min(1, position + Math.max(now - before, 0) / PLAY_TIME);
      before = now;
      this.scrub(stepAt(position, this.analysis.horizon));
      if (position < 1) this.playing = requestAnimationFrame(advance);
      else this.pause();
    };
    this.playing = requestAnimationFrame(advance);
    this.playButton.textContent = "Pause";
  }

  /** For readers who asked for less motion: only the milestones, a second and a half apart. */
  playInJumps(milestones) {
    const next = () => {
      this.scrub(milestones.shift());
      if (milestones.length) this.jumpTimer = setTimeout(next, 1500);
      else this.pause();
    };
    this.playing = true;
    this.playButton.textContent = "Pause";
    next();
  }

  pause() {
    if (!this.playing) return;
    cancelAnimationFrame(this.playing);
    clearTimeout(this.jumpTimer);
    this.playing = null;
    this.playButton.textContent = "Play";
  }

  showStage(stage) {
    this.pause();
    const band = this.bands().find((candidate) => candidate.stage === stage);
    if (!band) return;
    const { horizon } = this.analysis;
    const middle = (positionOf(band.from, horizon) + positionOf(band.to, horizon)) / 2;
    this.scrub(stepAt(middle, horizon));
  }

  bands() {
    const { times, horizon, stop, pending } = this.analysis;
    return stop || pending ? [] : stageBands(times, horizon);
  }

  /** The scrubbed step; t1 as long as the reader has not moved it. */
  step() {
    const chosen = this.model.get("step");
    const step = chosen >= 0 ? chosen : (this.analysis.times.overfit ?? 0);
    return Math.min(step, this.analysis.horizon);
  }

  // -------------------------------------------------------------- drawing

  /**
   * Redraw as soon as the reader's event is over: the next frame then shows it, and drawing
   * passes the time that is left until that frame.
   */
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
    const settings = this.settings();
    const problem = this.problemFor(settings);
    const waiting = problem === null;
    const work = waiting ? null : this.prepare(settings, problem);
    if (work !== null) {
      const key = JSON.stringify([settings, this.layers, width, this.mode]);
      const inputs = [problem, work, this.model.get("run"), this.model.get("run_times")];
      if (key !== this.key || inputs.some((input, i) => input !== this.inputs[i])) {
        this.key = key;
        this.inputs = inputs;
        this.drawAll(this.analyze(settings, problem), width);
      }
      this.drawMoment(width);
    }
    this.drawStatus(waiting);
    this.later();
  }

  /** The problem of these settings: Python's if it is the one, else drawn here; null: wait. */
  problemFor(settings) {
    const sent = this.model.get(this.problemTrait);
    const key = this.identity(settings);
    if (this.identityOf(sent) === key) {
      clearTimeout(this.answerTimer);
      this.answerTimer = null;
      return sent;
    }
    if (this.mode === "live") {
      this.expectAnswer();
      return null;
    }
    if (!this.drawn.has(key)) {
      if (this.drawn.size >= DRAWN_KEPT) this.drawn.delete(this.drawn.keys().next().value);
      this.drawn.set(key, this.drawProblem(settings));
    }
    return this.drawn.get(key);
  }

  drawAll(analysis, width) {
    this.analysis = analysis;
    const run = this.matchingRun(analysis.settings);
    this.chart.draw(analysis, { width, ranges: this.model.get("ranges"), run });
    this.sentence.textContent = this.sentenceOf(analysis);
    this.legend.run.hidden = !run;
    this.drawExtras(analysis, run);
    this.drawTable(this.rows(analysis, run && this.matchingTimes(analysis.settings)));
    this.onPaper.textContent = settingsInWords(analysis.settings);
    const stages = this.bands().map((band) => band.stage);
    this.stageButtons.forEach((stage, i) => {
      stage.disabled = !stages.includes(i + 1);
      stage.setAttribute("aria-pressed", false);
    });
    this.publish(analysis, run);
  }

  drawMoment(width) {
    const { analysis } = this;
    const blocked = analysis.stop !== null;
    for (const part of this.panelParts) part.hidden = blocked;
    this.playButton.disabled = this.scrubber.disabled = blocked;
    if (blocked) {
      this.pause();
      this.chart.drawCursor(0, null);
      return;
    }
    const step = this.step();
    this.chart.drawCursor(step, this.losses(step));
    const shown = this.drawPanel(step, width);
    this.scrubber.value = Math.round(SCRUB_STEPS * positionOf(step, analysis.horizon));
    this.scrubber.setAttribute("aria-valuetext", `step ${count(step)}`);
    const here = this.bands().find(({ from, to }) => step >= from && step <= to)?.stage;
    for (const [i, stage] of this.stageButtons.entries()) {
      stage.setAttribute("aria-pressed", here === i + 1);
    }
    this.root.__grokedu = { ...this.root.__grokedu, step, ...shown };
  }

  drawTable(rows) {
    const body = document.createDocumentFragment();
    for (const { label, cells, note } of rows) {
      const line = add(body, "tr", note ? { class: "gk-explained" } : {});
      add(line, "th", { scope: "row" }, label);
      for (const cell of cells) add(line, "td", {}, cell);
      if (note) add(add(body, "tr"), "td", { class: "gk-note", colspan: 4 }, note);
    }
    this.tableBody.replaceChildren(body);
  }

  drawStatus(waiting) {
    const problem =
      this.mode === "lost"
        ? "No kernel answers: run the cell above again, or wait if it is busy. Until then this figure computes by itself."
        : this.model.get("problem");
    this.problem.textContent = problem;
    this.problem.hidden = !problem;
    const live = this.mode === "live";
    const progress = this.model.get("progress");
    const running = live && progress.of > 0;
    this.runButton.hidden = this.mode === "page";
    this.runButton.disabled = running;
    for (const part of [this.stopButton, this.progressBar, this.progressText])
      part.hidden = !running;
    if (running) {
      this.progressBar.max = progress.of;
      this.progressBar.value = progress.done;
      this.progressText.textContent = `${count(progress.done)} of ${count(progress.of)} steps`;
    }
    const run = this.matchingRun(this.settings());
    const when = this.mode === "page" ? ", when this page was made" : "";
    this.descent.textContent = run ? this.runSentence(run, this.model.get("run_times"), when) : "";
    this.descent.hidden = !run;
    this.modeLine.textContent = this.modeSentence(this.mode, waiting);
    this.root.__grokedu = { ...this.root.__grokedu, mode: this.mode };
  }

  /** The last run of gradient descent, if it belongs to these settings. */
  matchingRun(settings) {
    const run = this.model.get("run");
    if (!run.settings) return null;
    const thresholds = ["train_threshold", "test_threshold"];
    const same = this.addresses.settings.every(
      (name) => thresholds.includes(name) || run.settings[name] === settings[name],
    );
    return same ? run : null;
  }

  matchingTimes(settings) {
    const times = this.model.get("run_times");
    const same = ["train_threshold", "test_threshold"].every(
      (name) => times[name] === settings[name],
    );
    return same ? times : null;
  }

  /** What tests and benchmarks read. */
  publish(analysis, run) {
    const { settings: state, steps, train, test, times, stop, layers, horizon } = analysis;
    const problem = { [this.problemTrait]: analysis[this.problemTrait] };
    const shown = { state, ...problem, steps, train, test, times, stop, layers, horizon, run };
    this.root.__grokedu = { ...shown, mode: this.mode, ...this.published };
  }

  /** What must not happen on every frame: announcements and the address. */
  later() {
    this.address ??= this.currentAddress(); // the page's own state, which needs none
    this.quietTimer ??= setTimeout(() => {
      this.quietTimer = null;
      const words = this.sentence.textContent;
      if (this.announced !== undefined && words !== this.announced) {
        this.announcement.textContent = words;
      }
      this.announced = words;
      this.writeAddress(this.currentAddress());
    }, QUIET_TIME);
  }
}

/** The explorer on the page that is nearest to a link. */
function closestPlot(link, kind) {
  const place = link.getBoundingClientRect().top;
  const distance = (plot) => Math.abs(plot.getBoundingClientRect().top - place);
  const plots = document.querySelectorAll(`.grokedu-plot[data-kind="${kind}"]`);
  return [...plots].sort((a, b) => distance(a) - distance(b))[0];
}
