/**
 * The playground's Web Worker: the engine, the check of scenarios and the pictures, without Node's parts. `bundle.ts`
 * makes it one file. It answers every `Ask` with `Reply` messages.
 */
import "./without-eval.ts";
import { prepareStrategy } from "../../simulator/client/own-strategy.ts";
import type { Ask, Reply } from "../playground/messages.ts";
import { PlaygroundSession } from "../playground/session.ts";

/** What a worker's global object has that is used here; the types of Node do not know it. */
interface WorkerScope {
  onmessage: (event: { readonly data: Ask }) => void;
  postMessage(reply: Reply): void;
  /** Code of the user's own strategies and the functions that run it, see `workerWith`. */
  readonly meridianStrategies?: readonly (readonly [source: string, script: (math: Math) => unknown])[];
}

const scope = globalThis as unknown as WorkerScope;

for (const [source, script] of scope.meridianStrategies ?? []) prepareStrategy(source, script);

const session = new PlaygroundSession({
  post: (reply) => scope.postMessage(reply),
  nowMs: () => performance.now(),
  pause: () => new Promise((resolve) => setTimeout(resolve, 0)),
});

scope.onmessage = ({ data }) => void session.handle(data);
