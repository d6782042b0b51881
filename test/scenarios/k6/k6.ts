import { ensureK6 } from "../../../scripts/bench/k6-program.ts";

/** The k6 of these tests; built when there is none, so that they never pass by not running. */
export const k6ForTests = () => ensureK6({ env: process.env, signal: new AbortController().signal, note: () => {} });
