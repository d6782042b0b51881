/** `traffic[].sessions`: what they may stand beside, and how long their prompts may get. */
import type { SessionSpec } from "../traffic/sessions.ts";
import type { ClassInput } from "./classes.ts";
import type { ModelPlan } from "./plan.ts";
import type { Problems } from "./problems.ts";

/**
 * The sessions of each class; null where it has none. Prompts are limited by the model's context window unless the
 * scenario says otherwise.
 *
 * @param modelOf   index of the model of each class
 * @param requests  whether a number of requests ends the run, and not only its duration
 */
export function resolveSessions(
  classes: readonly ClassInput[],
  models: readonly Pick<ModelPlan, "contextTokens">[],
  {
    modelOf,
    requests,
    problems,
  }: {
    readonly modelOf: (classIndex: number) => number;
    readonly requests: number | undefined;
    readonly problems: Problems;
  },
): readonly (SessionSpec | null)[] {
  return classes.map(({ sessions, deferrable, tokens }, i) => {
    if (sessions === undefined) return null;
    const where = `traffic[${i}].sessions`;
    if (deferrable) {
      const what = "a deferrable class has sessions: who waits for an answer before asking on cannot be put off";
      problems.add("SESSIONS_DEFERRABLE", where, what, "leave out deferrable: true, or sessions");
    }
    if (sessions.kind === "recorded") {
      if ((tokens?.input ?? tokens?.output ?? tokens?.prefix) !== undefined) {
        const what = "recorded sessions bring their lengths, and the class gives others";
        problems.add("SESSIONS_TOKENS", `traffic[${i}].tokens`, what, "leave out all of tokens but maxTokens");
      }
      return sessions;
    }
    if (sessions.turns === null && requests !== undefined) {
      const what = "sessions without an end cannot share a number of requests";
      problems.add("SESSIONS_UNLIMITED", `${where}.turns`, what, "end the run by duration, not by requests");
    }
    const contextMax = sessions.contextMax ?? models[modelOf(i)]!.contextTokens;
    return { ...sessions, contextMax: Number.isFinite(contextMax) ? contextMax : null };
  });
}
