/** `traffic[].sessions`: what they may stand beside, and how long their prompts may get. */
import type { SessionSpec } from "../traffic/sessions.ts";
import type { ClassPlan, ModelPlan } from "./plan.ts";
import type { Problems } from "./problems.ts";
import type { Scenario } from "./schema.ts";

/**
 * The sessions of each class; null where it has none. Prompts are limited by the model's context window unless the
 * scenario says otherwise.
 */
export function resolveSessions(
  { traffic: classes, requests, slices }: Pick<Scenario, "traffic" | "requests" | "slices">,
  models: readonly Pick<ModelPlan, "contextTokens">[],
  plans: readonly Pick<ClassPlan, "model">[],
  problems: Problems,
): readonly (SessionSpec | null)[] {
  return classes.map(({ sessions, deferrable, tokens }, i) => {
    if (sessions === undefined) return null;
    const where = `traffic[${i}].sessions`;
    if (slices !== undefined) {
      const what = "sessions begin in one slice of a run and end in another, where they are not known";
      problems.add("SESSIONS_SLICES", where, what, "leave out slices, or sessions");
    }
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
    const contextMax = sessions.contextMax ?? models[plans[i]!.model]!.contextTokens;
    return { ...sessions, contextMax: Number.isFinite(contextMax) ? contextMax : null };
  });
}
