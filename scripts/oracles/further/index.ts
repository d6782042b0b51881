import type { Oracle } from "../oracle.ts";
import { LIMITS } from "./limits.ts";
import { MONEY } from "./money.ts";
import { ROUTED } from "./networks.ts";
import { QUEUES } from "./queues.ts";

/** Further rows of the reference file's families, with values from `closed-forms.ts` and `chains.ts`. */
export const FURTHER_ORACLES: readonly Oracle[] = [...QUEUES, ...ROUTED, ...LIMITS, ...MONEY];
