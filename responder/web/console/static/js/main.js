// Everything here makes a page that works without it quicker or livelier.

import * as clock from "./clock.js";
import * as editor from "./editor.js";
import * as keys from "./keys.js";
import * as live from "./live.js";
import * as refresh from "./refresh.js";

clock.start();
editor.start();
keys.start();
refresh.start();
live.start();
