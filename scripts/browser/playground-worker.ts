/**
 * The playground's Web Worker: the engine, the check of scenarios and the pictures, without Node's parts. `bundle.ts`
 * makes it one file. It answers every `Ask` with `Reply` messages.
 */
import "./without-eval.ts";
import type { Ask, Reply } from "../playground/messages.ts";
import { PlaygroundSession } from "../playground/session.ts";

/** What a worker's global object has that is used here; the types of Node do not know it. */
interface WorkerScope {
  onmessage: (event: { readonly data: Ask }) => void;
  postMessage(reply: Reply): void;
}

const scope = globalThis as unknown as WorkerScope;

const session = new PlaygroundSession({
  post: (reply) => scope.postMessage(reply),
  nowMs: () => performance.now(),
  pause: () => new Promise((resolve) => setTimeout(resolve, 0)),
});

scope.onmessage = ({ data }) => void session.handle(data);
