import type { Oracle } from "../oracle.ts";

/** Further rows of the reference file's families, with values from `closed-forms.ts`. */
export const FURTHER_ORACLES: readonly Oracle[] = [];
