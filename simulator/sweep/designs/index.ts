/** The registry of designs. A new one is one file and one line here. */
import type { Design } from "../job.ts";
import { grid } from "./grid.ts";
import { latinHypercube } from "./latin-hypercube.ts";
import { list } from "./list.ts";
import { sensitivity } from "./sensitivity.ts";
import { sobol } from "./sobol.ts";
import { tornado } from "./tornado.ts";

export const DESIGNS: readonly Design[] = [grid, list, latinHypercube, sobol, sensitivity, tornado];
