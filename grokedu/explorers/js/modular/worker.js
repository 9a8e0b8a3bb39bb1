// Trains beside the page; trainer.js carries this script as text.

import { Engine } from "./engine.js";

const SLICE = 50; // ms between news
const page = /** @type {any} */ (self);

// A timer would wait some milliseconds each time.
const channel = new MessageChannel();
let next = () => {};
channel.port1.onmessage = () => next();

const engine = new Engine(
  (id, news) => page.postMessage({ id, news }),
  SLICE,
  (work) => {
    next = work;
    channel.port2.postMessage(null);
  },
);
page.onmessage = ({ data }) => engine.hear(data);
