/** The five questions of `meridian init` on a terminal. */
import { isCancel, text } from "@clack/prompts";
import { interrupted } from "../io/worker-pool.ts";
import { type Answers, answersFrom, FAULTS, type Question } from "./first-scenario.ts";

const MESSAGES: Readonly<Record<Question, string>> = {
  regions: "Which regions may be called? The first is home.",
  model: "Which model? Its Bedrock id.",
  rate: "How many calls at the busiest time of the day? (2/s, 300/min, 50k/d)",
  objective: "Within what time should 95 % of the answers be complete?",
  quota: "How many tokens a minute does your quota allow in each region? (200k, 1.5M, none)",
};

/** Where the questions are asked: stdin and stderr, or streams of a test. */
export type AskStreams = NonNullable<Pick<Parameters<typeof text>[0], "input" | "output">>;

/**
 * Asks what was not given. Enter takes what is shown.
 *
 * @throws MeridianError INTERRUPTED on Ctrl-C and Escape: nothing was written
 */
export async function askFor(
  base: Answers,
  given: Readonly<Partial<Record<Question, string>>>,
  { signal, streams }: { readonly signal: AbortSignal; readonly streams: AskStreams },
): Promise<Answers> {
  const shown: Readonly<Record<Question, string>> = {
    regions: base.regions.join(", "),
    model: base.model,
    rate: base.rate,
    objective: base.objective,
    quota: base.quota ?? "none",
  };
  const answers: Partial<Record<Question, string>> = { ...given };
  for (const question of Object.keys(MESSAGES) as Question[]) {
    if (answers[question] !== undefined || (question === "rate" && base.recorded !== null)) continue;
    const answer = await text({
      message: MESSAGES[question],
      placeholder: shown[question],
      defaultValue: shown[question],
      validate: (typed) => (typed === undefined || typed.trim() === "" ? undefined : FAULTS[question](typed.trim())),
      signal,
      ...streams,
    });
    if (isCancel(answer)) throw interrupted();
    answers[question] = answer.trim();
  }
  return answersFrom(answers, base);
}
