// The ridge explorer in the browser: one random ridge problem and its exact curves.

import { explorer } from "../explorer.js";
import { ridge } from "./kind.js";

export default explorer(ridge);
