import { setFlagsFromString } from "node:v8";

/** Bytecode that V8 may inline into one function; its default of 920 cuts the path of a request into a dozen calls. */
const INLINED_BYTECODE_MAX = 5_000;

/**
 * Lets V8 inline the engine's path per request: a fifth less time (docs/model/performance.md). And keeps the space for
 * young objects as large as it is: next to nothing of a run survives in it, so growing would only take memory. Call it
 * where jobs run, before the first one; it holds for the whole process and changes no result.
 */
export function tuneCompiler(): void {
  setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${INLINED_BYTECODE_MAX}`);
  setFlagsFromString("--semi-space-growth-factor=1");
}
