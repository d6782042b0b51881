/**
 * Options of V8 that the engine wants. Plain JavaScript without dependencies: the launcher sets them before it loads anything
 * else. Then no code is being compiled that they would cut short, and the folder in which Node keeps compiled code, which is
 * named after them, serves the threads of a run as well.
 */
import { setFlagsFromString } from "node:v8";

/** Bytecode that V8 may inline into one function; its default of 920 cuts the path of a request into a dozen calls. */
const INLINED_BYTECODE_MAX = 2_500;

/** The first Node whose V8 has the compiler in question, and the option. */
const MAGLEV_NODE_MAJOR = 22;

/**
 * Lets V8 inline the engine's path per request: a fifth less time (docs/model/performance.md). Call it where jobs run,
 * before the first one; it holds for the whole process and changes no result.
 */
export function tuneCompiler() {
  avoidMiscompiledLoops();
  setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${INLINED_BYTECODE_MAX}`);
}

/**
 * Keeps V8's middle compiler out of loops that are already running. There it makes objects share a number that each should
 * have for itself: a result that was kept changed when the next one was made, in one of some fourteen runs of `simulate` (Node
 * 24.21; none of 150 without it, docs/model/performance.md). It holds for the process and its threads.
 */
function avoidMiscompiledLoops() {
  if (Number(process.versions.node.split(".")[0]) >= MAGLEV_NODE_MAJOR) setFlagsFromString("--no-maglev-osr");
}
