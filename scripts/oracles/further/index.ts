import type { Oracle } from "../oracle.ts";
import { FEATURES } from "./features.ts";
import { LIMITS } from "./limits.ts";
import { MONEY } from "./money.ts";
import { ROUTED } from "./networks.ts";
import { QUEUES } from "./queues.ts";

/** Further rows, of the reference file's families and of what the harness adds to them, with values from `closed-forms.ts` and `chains.ts`. */
export const FURTHER_ORACLES: readonly Oracle[] = [...QUEUES, ...ROUTED, ...LIMITS, ...MONEY, ...FEATURES];
