/** Sessions: callers whose next request follows the answer to the last one. Their spec, their YAML form, their turns. */
import { z } from "zod";
import { count, unionOf } from "../base/schema-forms.ts";
import { type LawSpec, lawSchema } from "../random/laws/index.ts";
import type { ArrivalSpec } from "./arrivals/index.ts";
import type { TokenSpec } from "./tokens.ts";
import type { Recording } from "./traffic.ts";

/** What the caller does after a turn that was not served: asks on all the same, or leaves. */
type AfterFailure = "continue" | "end";

/** Sessions by laws. Their arrivals begin them; `tokens.input` is the first prompt. */
export interface DrawnSessions {
  readonly kind: "drawn";
  /** Requests of a session; null for as many as the run has time for. */
  readonly turns: LawSpec | null;
  /** From the end of a turn to the next request, ms. */
  readonly thinkMs: LawSpec;
  /** New input tokens of each later turn: what the caller adds to the conversation so far. */
  readonly message: LawSpec;
  /** A turn whose prompt would be longer is not sent, and ends the session; null for the model's context window. */
  readonly contextMax: number | null;
  readonly afterFailure: AfterFailure;
  /** Whether the whole conversation can be served from a prompt cache; otherwise `tokens.prefix` alone. */
  readonly cache: boolean;
}

/** Sessions as a recording has them: rows with one session id follow each other. */
export interface RecordedSessions {
  readonly kind: "recorded";
  /** Null for the recorded ones: from an answer to the next request. */
  readonly thinkMs: LawSpec | null;
  readonly afterFailure: AfterFailure;
  readonly cache: boolean;
}

export type SessionSpec = DrawnSessions | RecordedSessions;

const afterFailure = z.enum(["continue", "end"]).default("continue").meta({
  description: "After a turn that was not served: continue without its answer, or end the session",
});
const cache = z.boolean().default(true).meta({
  description: "Whether each prompt is cached to its end, for the next turn to read; otherwise tokens.prefix alone",
});

const drawn = z
  .strictObject({
    turns: unionOf([z.literal("unlimited").transform(() => null), lawSchema("count")]).meta({
      description: "Requests of a session, rounded, at least 1; unlimited: until the run ends",
    }),
    thinkTime: lawSchema("durationMs").meta({ description: "From the end of a turn to the session's next request" }),
    message: lawSchema("count").meta({ description: "Tokens that each later turn adds to the conversation so far" }),
    contextMax: count
      .refine((tokens) => tokens >= 1, "contextMax must be at least 1")
      .optional()
      .meta({ description: "Longest prompt: a turn beyond it ends the session; the model's window unless given" }),
    afterFailure,
    cache,
  })
  .transform(
    ({ turns, thinkTime, message, contextMax, ...rest }): SessionSpec => ({
      kind: "drawn",
      turns,
      thinkMs: thinkTime,
      message,
      contextMax: contextMax ?? null,
      ...rest,
    }),
  );

const recorded = z
  .strictObject({
    recorded: z.literal(true).meta({ description: "Turns and lengths as the recording has them" }),
    thinkTime: lawSchema("durationMs").optional().meta({
      description: "From the end of a turn to the next request; as recorded unless given, which needs latencies",
    }),
    afterFailure,
    cache,
  })
  .transform(
    ({ thinkTime, afterFailure, cache }): SessionSpec => ({
      kind: "recorded",
      thinkMs: thinkTime ?? null,
      afterFailure,
      cache,
    }),
  );

/** The YAML form: `{ turns: 6, thinkTime: 30s, message: 200 }`, or `recorded`. */
export const sessionsSchema: z.ZodType<SessionSpec> = unionOf([
  z
    .literal("recorded")
    .transform((): SessionSpec => ({ kind: "recorded", thinkMs: null, afterFailure: "continue", cache: true })),
  recorded,
  drawn,
]).meta({
  description: "Conversations: arrivals begin them, and each further turn follows the answer to the one before",
});

/** Ids kept for a session without a limit: at a turn every ten seconds, they last for two weeks. */
export const TURNS_MAX = 131_072;

/** What follows the first request of a session. Turns are counted from 0; `session` is as the traffic's column has it. */
export interface Turns {
  readonly cache: boolean;
  readonly endsOnFailure: boolean;
  /** Tokens; Infinity for no limit. */
  readonly contextMax: number;
  /** Requests of the session. */
  count(session: number): number;
  /** From the end of the turn before to this one, ms. */
  thinkMs(session: number, turn: number): number;
  /** The whole prompt. @param contextTokens of the conversation so far */
  inputTokens(session: number, turn: number, contextTokens: number): number;
  outputTokens(session: number, turn: number): number;
  /** 0 = not set. */
  maxTokens(session: number, turn: number, outputTokens: number): number;
  /** Of the prompt, what a cache could keep, where a recording tells; all of it otherwise. */
  cacheableTokens(session: number, turn: number, inputTokens: number): number;
}

/** The parts of a class that its sessions follow from. */
export interface SessionTraffic {
  /** Keys the draws. */
  readonly name: string;
  readonly arrivals: ArrivalSpec;
  readonly tokens?: TokenSpec;
  readonly sessions?: SessionSpec;
  readonly recordings?: Readonly<Record<string, Recording>>;
}
