// An explorer's place on its page: the address that is its own, links that set it, scrolling.

import { split } from "./address.js";

const MOUNTED = "grokedu-mounted";

export class Place {
  /**
   * @param {HTMLElement} root
   * @param {string} kind
   * @param {{onState: (text: string) => void, onStart: () => void}} callbacks
   */
  constructor(root, kind, { onState, onStart }) {
    this.root = root;
    this.kind = kind;
    this.onState = onState;
    this.onStart = onStart;
    this.written = undefined;
    this.stopper = new AbortController();
    const { signal } = this.stopper;
    window.addEventListener("hashchange", () => this.followHash(), { signal });
    document.addEventListener("click", (event) => this.followLink(event), {
      signal,
      capture: true,
    });
    document.addEventListener(MOUNTED, () => this.makeRoom(), { signal });
  }

  /** Once the root is on the page: take over the state of the address, and show it. */
  arrive() {
    this.name = this.ownName();
    document.dispatchEvent(new Event(MOUNTED));
    const text = this.ownState(location.hash);
    if (this.inNotebook || text === null) return;
    this.take(text);
    const { signal } = this.stopper;
    requestAnimationFrame(() => this.show());
    // What is above may still grow.
    if (document.readyState !== "complete") {
      window.addEventListener("load", () => this.show(), { signal, once: true });
    }
  }

  leave() {
    this.stopper.abort();
  }

  /** JupyterLab's page belongs to the notebooks in it, of which there may be several. */
  get inNotebook() {
    return document.body.hasAttribute("data-jp-theme-light");
  }

  get scope() {
    return this.inNotebook ? this.root.closest(".jp-NotebookPanel, .jp-Notebook") : document;
  }

  /** The first explorer of a kind is called after it, the next kind-2. */
  ownName() {
    const all = this.scope?.querySelectorAll(`.grokedu-explorer[data-kind="${this.kind}"]`) ?? [];
    const place = [...all].indexOf(this.root);
    return place > 0 ? `${this.kind}-${place + 1}` : this.kind;
  }

  ownState(hash) {
    const address = split(hash);
    return address?.name === this.ownName() ? address.state : null;
  }

  take(text) {
    this.written = null; // the address is put right when the picture is there
    this.onState(text);
  }

  /** Explorers further up the page may appear later, and then the address was theirs. */
  makeRoom() {
    const before = this.name;
    this.name = this.ownName();
    if (before === this.name || this.inNotebook) return;
    if (split(location.hash)?.name === before) this.onStart();
    const text = this.ownState(location.hash);
    if (text !== null) this.take(text);
  }

  followHash() {
    if (this.inNotebook) return;
    const text = this.ownState(location.hash);
    if (text !== null) this.take(text);
    else if (location.hash === "") {
      this.written = undefined;
      this.onStart();
    }
  }

  /** A link in the prose sets the state even if the address is already there. */
  followLink(event) {
    const link = event.target.closest?.(`a[href*="#${this.kind}"]`);
    if (!link || !this.scope?.contains(link)) return;
    const text = this.ownState(link.getAttribute("href").replace(/^[^#]*/, ""));
    if (text === null) return;
    if (this.inNotebook) event.preventDefault();
    this.take(text);
    requestAnimationFrame(() => this.show()); // once the new words have their place
  }

  /** Bring sentence and curves into view. */
  show() {
    const view = this.root.querySelector(".gk-view");
    const fits = view.getBoundingClientRect().height < 0.8 * window.innerHeight;
    view.scrollIntoView({ block: fits ? "nearest" : "start" });
  }

  /** Keep the address up to date; the page's own state needs none. */
  write(address) {
    if (this.inNotebook) return;
    const before = this.written;
    this.written = address;
    if (before === undefined || before === address) return;
    history.replaceState(history.state, "", address);
  }
}
