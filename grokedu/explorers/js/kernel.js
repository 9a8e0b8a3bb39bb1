// The link to Python: whether a kernel is there, busy or gone.

const ANSWER_TIME = 3000; // ms that a kernel has to answer before we doubt that it is there
const LONGEST_TIME = 8 * ANSWER_TIME; // between the questions to a kernel that stays busy
const GRACE = 500; // ms for an answer that travels with the word that the kernel is done
const ENDED = ["starting", "restarting", "autorestarting", "terminating", "dead"]; // of a kernel

/**
 * States: "page" (no kernel has ever answered), "live", "busy", "gone".
 *
 * Python answers every "hello" with a "welcome". A kernel that has dealt with our hello and sent
 * no welcome is another one than the kernel that made this widget. What else the notebook tells of
 * its kernel may come late or never, so whatever is sent or heard is followed by a hello.
 */
export class KernelLink {
  constructor(model, onChange) {
    this.model = model;
    this.onChange = onChange;
    this.state = "page";
    this.met = false; // whether a kernel has ever answered
    this.owed = false;
    this.unanswered = 0; // questions in a row
    this.timers = {};
    this.onMessage = (message) => {
      if (message.type === "welcome") this.hear();
    };
    this.onCut = () => {
      if (this.met) this.become("gone");
      this.ask();
    };
    model.on("msg:custom", this.onMessage);
    model.on("comm_live_update", this.onCut); // the notebook has lost its kernel
    this.kernel = model.widget_manager?.kernel; // JupyterLab's
    this.onStatus = (_, status) => {
      if (ENDED.includes(status)) this.onCut();
    };
    this.kernel?.statusChanged?.connect(this.onStatus);
    this.kernel?.disposed?.connect(this.onCut); // shut down, or another one chosen
    this.ask();
  }

  close() {
    this.model.off("msg:custom", this.onMessage);
    this.model.off("comm_live_update", this.onCut);
    this.kernel?.statusChanged?.disconnect(this.onStatus);
    this.kernel?.disposed?.disconnect(this.onCut);
    for (const name of Object.keys(this.timers)) this.cancel(name);
  }

  get live() {
    return this.state === "live";
  }

  /** Send a message to Python; in a static page nobody receives it. */
  send(message, onStatus = (_status) => {}) {
    try {
      this.model.send(message, { iopub: { status: onStatus } });
    } catch {
      if (this.met) this.become("gone");
    }
  }

  /** Send a message that Python answers. */
  ask(message = { type: "hello" }) {
    const time = Math.min(ANSWER_TIME * 2 ** this.unanswered, LONGEST_TIME);
    this.cancel("silence");
    this.after("answer", time, () => this.doubt());
    this.send(message, (status) => this.watchStatus(status));
  }

  /** Something went to Python or came from it: ask in a while whether it is still there. */
  expect() {
    const nobody = this.state === "page" && !this.kernel;
    if (nobody || this.timers.silence || this.timers.answer) return;
    this.after("silence", ANSWER_TIME, () => this.ask());
  }

  /** Whether Python is working for us, so that more must come from it. */
  owe(owed) {
    this.owed = owed;
    if (owed) this.expect();
  }

  /** A sign of life. */
  hear() {
    this.met = true;
    this.unanswered = 0;
    for (const name of ["answer", "silence", "grace"]) this.cancel(name);
    this.become("live");
    if (this.owed) this.expect();
  }

  /** A sign of life, unless it comes from a saved page or is the last word of a kernel that ended. */
  hearNews() {
    if (this.state !== "live" && this.state !== "busy") return;
    this.hear();
    this.expect();
  }

  watchStatus(status) {
    if (status.content?.execution_state !== "idle" || !this.timers.answer) return;
    this.after("grace", GRACE, () => this.giveUp());
  }

  /**
   * No answer in time: a kernel at work will give one, an idle one has perhaps not got the
   * question, and where the notebook does not say which it is, only more questions help.
   */
  doubt() {
    if (this.state === "gone" || (this.state === "page" && !this.kernel)) return;
    this.unanswered += 1;
    const idle = this.kernel?.status === "idle";
    if (idle && this.unanswered > 1) {
      this.giveUp();
      return;
    }
    if (!idle) this.become("busy");
    this.ask();
  }

  giveUp() {
    this.cancel("answer");
    this.unanswered = 0;
    this.become(this.met ? "gone" : "page");
  }

  become(state) {
    if (state === this.state) return;
    this.state = state;
    this.onChange();
  }

  after(name, time, act) {
    this.cancel(name);
    this.timers[name] = setTimeout(() => {
      this.timers[name] = null;
      act();
    }, time);
  }

  cancel(name) {
    clearTimeout(this.timers[name]);
    this.timers[name] = null;
  }
}
