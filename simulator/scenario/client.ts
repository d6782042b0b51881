/** `client`: how callers behave, their retries, time limits and hedges. */
import { z } from "zod";
import { count, durationMs, share, unionOf } from "../base/schema-forms.ts";
import type { BreakPolicy, TimeoutPolicy } from "../client/request-rules.ts";
import { createLaw, lawSchema } from "../random/laws/index.ts";
import type { ClientPlan, RetryPlan } from "./plan.ts";

const FAILURES = ["throttled", "unavailable", "error", "timeout"] as const;

const attempts = z.number().int().min(1).max(1000);

const exponentialBackoff = z.strictObject({
  base: durationMs.meta({ description: "Delay before the first retry" }),
  factor: z.number().min(1).default(2).meta({ description: "Growth with each further retry" }),
  cap: durationMs.default(20_000).meta({ description: "Longest delay" }),
  jitter: z
    .enum(["full", "equal", "none"])
    .default("full")
    .meta({ description: "full: uniform in [0, delay); equal: half fixed, half uniform; none: the delay itself" }),
});

const customSchema = z
  .strictObject({
    on: z
      .array(z.enum(FAILURES))
      .min(1)
      .default([...FAILURES])
      .meta({ description: "Failures that are tried again" }),
    maxAttempts: z
      .union([attempts, z.literal("unlimited")])
      .default(3)
      .meta({ description: "Attempts in all, the first included" }),
    backoff: z
      .union([
        z.strictObject({ grow: exponentialBackoff.meta({ description: "Delays that grow with each retry" }) }),
        lawSchema("durationMs"),
      ])
      .default({ kind: "constant", value: 0 })
      .meta({ description: "A law of delays, or { grow: { base, factor, cap, jitter } }" }),
    budget: z
      .strictObject({
        tokens: count.meta({ description: "Retries that may be outstanding before the budget is empty" }),
        refund: z
          .number()
          .min(0)
          .default(0.1)
          .meta({ description: "Given back by each request served without a retry" }),
      })
      .optional()
      .meta({ description: "Retry budget of each router" }),
  })
  .superRefine((custom, context) => {
    const isEndless = custom.maxAttempts === "unlimited" && custom.budget === undefined;
    const pauseMs = "grow" in custom.backoff ? custom.backoff.grow.base : createLaw(custom.backoff).mean;
    if (!isEndless || pauseMs > 0) return;
    const message = "unlimited attempts without a pause never end: give a backoff above 0, maxAttempts or a budget";
    context.addIssue({ code: "custom", path: ["backoff"], message });
  });

const sdkShape = {
  sdk: z.enum(["js", "python"]).default("python").meta({ description: "Whose constants" }),
  generation: z
    .enum(["2026", "previous"])
    .default("2026")
    .meta({ description: "Today's retry rules or the ones before" }),
  maxAttempts: attempts.optional().meta({ description: "Attempts in all; 3 unless given" }),
};

const legacySchema = z.strictObject({
  maxAttempts: attempts.optional().meta({ description: "Attempts in all; the SDK's own number unless given" }),
});

const litellmShape = {
  retries: z.number().int().min(0).max(100).default(2).meta({ description: "num_retries: attempts after the first" }),
  retryAfter: durationMs.default(0).meta({ description: "retry_after: least wait where there is one target" }),
};

const retrySchema = z
  .union([
    z.enum(["standard", "adaptive", "legacy", "litellm", "none"]),
    z.strictObject({ standard: z.strictObject(sdkShape).meta({ description: "The SDKs' standard mode" }) }),
    z.strictObject({
      adaptive: z.strictObject(sdkShape).meta({ description: "Standard, and a limit of the client's own rate" }),
    }),
    z.strictObject({ legacy: legacySchema.meta({ description: "The SDKs' older mode" }) }),
    z.strictObject({
      litellm: z.strictObject(litellmShape).meta({ description: "As LiteLLM's Router retries: at once elsewhere" }),
    }),
    z.strictObject({ custom: customSchema.meta({ description: "Rules of your own" }) }),
  ])
  .meta({
    description:
      "Retries: an AWS SDK mode (standard, adaptive, legacy), as LiteLLM's Router, none, or rules of your own",
  });

type Limits = Partial<Record<"connect" | "firstByte" | "idle" | "total", number | undefined>>;

/**
 * Time limits as SDKs have them unless told otherwise, ms. boto3: botocore 1.44.5 `connect_timeout` and `read_timeout`, which
 * is the socket's and so between bytes. java: AWS SDK for Java 2 `SdkHttpConfigurationOption` (read 30 s, connection 2 s).
 * go: AWS SDK for Go v2 `awshttp.BuildableClient` (dial 30 s; none for the answer). js: AWS SDK for JavaScript v3
 * `NodeHttp2Handler`: none.
 */
export const SDK_LIMITS = {
  boto3: { connect: 60_000, idle: 60_000 },
  java: { connect: 2_000, idle: 30_000 },
  go: { connect: 30_000 },
  js: {},
} as const satisfies Readonly<Record<string, Limits>>;

const SDK_NAMES = Object.keys(SDK_LIMITS) as (keyof typeof SDK_LIMITS)[];
const positive = durationMs.refine((ms) => ms > 0, "must be more than 0");

const limitsSchema = unionOf([
  z.enum(SDK_NAMES).meta({ description: "The limits that this SDK has unless told otherwise" }),
  z.strictObject({
    sdk: z.enum(SDK_NAMES).optional().meta({ description: "Start from the limits of this SDK" }),
    connect: positive.optional().meta({ description: "Of the way to the region" }),
    firstByte: positive.optional().meta({
      description: "From sending to the answer's first byte; of an answer that is not a stream, to its end",
    }),
    idle: positive.optional().meta({
      description: "Between bytes, and from sending to the first: boto3's read_timeout",
    }),
    total: positive.optional().meta({ description: "From sending to the last byte: the same as timeout" }),
  }),
]).meta({ description: "Time limits of one attempt, each its own" });

const brokenSchema = unionOf([
  z.enum(["never", "whole", "resume"]),
  z.strictObject({
    again: z.enum(["whole", "resume"]).meta({
      description: "whole: the request once more; resume: with what has come as its beginning, for the rest",
    }),
    max: z.number().int().min(1).max(100).default(2).meta({ description: "Calls made again for a request, at most" }),
    delay: durationMs.default(0).meta({ description: "Wait before each" }),
  }),
]).meta({
  description:
    "What the caller's own code does when an answer breaks off, comes empty or falls silent after it began, which no SDK retries; never unless given",
});

/** A duration, or the quantile of `p95`. */
const hedgeDelay = z.union(
  [
    z
      .string()
      .regex(/^p\d{1,2}(\.\d+)?$/)
      .transform((text) => ({ quantile: Number(text.slice(1)) / 100 }))
      .refine(({ quantile }) => quantile > 0, "must be above p0"),
    durationMs,
  ],
  { error: () => "write a duration, like 3s, or a quantile, like p95" },
);

export const clientSchema = z
  .strictObject({
    retry: retrySchema.default("standard"),
    streams: z.boolean().default(true).meta({
      description: "Answers are streamed (ConverseStream); false: they come whole (Converse)",
    }),
    timeout: positive.optional().meta({
      description: "Limit of one attempt, from sending to the last byte; none unless given",
    }),
    limits: limitsSchema.optional(),
    brokenStreams: brokenSchema.optional(),
    deadline: positive.optional().meta({ description: "Limit of a request over all its attempts; none unless given" }),
    hedge: z
      .strictObject({
        after: hedgeDelay.meta({
          description:
            "Silence after which a second attempt is sent: 3s, or a quantile of what answers take lately: p95",
        }),
        max: z.number().int().min(1).max(5).default(1).meta({ description: "Hedges per request" }),
        budget: share
          .pipe(z.number().positive().max(5))
          .optional()
          .meta({ description: "Most hedges over requests, of each router: 10%; no limit unless given" }),
      })
      .optional()
      .meta({ description: "Hedged requests: the first answer wins, losers are billed" }),
  })
  .superRefine(({ timeout, limits }, context) => {
    if (timeout === undefined || typeof limits !== "object" || limits.total === undefined) return;
    context.addIssue({
      code: "custom",
      path: ["limits", "total"],
      message: "is the same as timeout: give one of them",
    });
  })
  .meta({ description: "How callers behave" });
export type ClientInput = z.output<typeof clientSchema>;

/**
 * The client of a scenario or of one strategy; Infinity where there is no limit.
 *
 * @param targets how many there are: LiteLLM waits before a retry only where there is no other
 */
export function clientPlanOf(input: ClientInput, targets: number): ClientPlan {
  return {
    retry: retryPlanOf(input.retry, targets),
    timeout: timeoutOf(input),
    isStreaming: input.streams,
    broken: breakPolicyOf(input.brokenStreams),
    hedge:
      input.hedge === undefined
        ? { afterMs: Number.POSITIVE_INFINITY, quantile: 0, hedgesMax: 0, budgetShare: Number.POSITIVE_INFINITY }
        : {
            afterMs: typeof input.hedge.after === "number" ? input.hedge.after : Number.POSITIVE_INFINITY,
            quantile: typeof input.hedge.after === "number" ? 0 : input.hedge.after.quantile,
            hedgesMax: input.hedge.max,
            budgetShare: input.hedge.budget ?? Number.POSITIVE_INFINITY,
          },
  };
}

function timeoutOf({ timeout, deadline, limits }: ClientInput): TimeoutPolicy {
  const own: Limits & { sdk?: (typeof SDK_NAMES)[number] | undefined } =
    typeof limits === "string" ? { sdk: limits } : (limits ?? {});
  const usual: Limits = own.sdk === undefined ? {} : SDK_LIMITS[own.sdk];
  const limit = (name: keyof Limits): number => own[name] ?? usual[name] ?? Number.POSITIVE_INFINITY;
  return {
    attemptMs: timeout ?? limit("total"),
    requestMs: deadline ?? Number.POSITIVE_INFINITY,
    connectMs: limit("connect"),
    firstByteMs: limit("firstByte"),
    idleMs: limit("idle"),
  };
}

function breakPolicyOf(input: ClientInput["brokenStreams"]): BreakPolicy {
  if (input === undefined || typeof input === "string") return { again: input ?? "never", callsMax: 2, delayMs: 0 };
  return { again: input.again, callsMax: input.max, delayMs: input.delay };
}

function retryPlanOf(retry: ClientInput["retry"], targets: number): RetryPlan {
  if (retry === "litellm") return { mode: "litellm", retryAfterMs: 0, isLone: targets === 1 };
  if (typeof retry === "string") return { mode: retry };
  if ("custom" in retry) return customPlanOf(retry.custom);
  if ("litellm" in retry) {
    const { retries, retryAfter } = retry.litellm;
    return { mode: "litellm", maxAttempts: retries + 1, retryAfterMs: retryAfter, isLone: targets === 1 };
  }
  if ("legacy" in retry) return { mode: "legacy", ...definedOnly({ maxAttempts: retry.legacy.maxAttempts }) };
  const mode = "standard" in retry ? "standard" : "adaptive";
  const { sdk, generation, maxAttempts } = "standard" in retry ? retry.standard : retry.adaptive;
  return { mode, sdk, generation, ...definedOnly({ maxAttempts }) };
}

function customPlanOf(custom: z.output<typeof customSchema>): RetryPlan {
  const { backoff } = custom;
  return {
    mode: "custom",
    on: custom.on,
    maxAttempts: custom.maxAttempts === "unlimited" ? null : custom.maxAttempts,
    backoff:
      "grow" in backoff
        ? {
            kind: "exponential",
            baseMs: backoff.grow.base,
            factor: backoff.grow.factor,
            capMs: backoff.grow.cap,
            jitter: backoff.grow.jitter,
          }
        : backoff.kind === "constant"
          ? // A wait that is always the same needs no law: benches and gateways can keep it too.
            { kind: "exponential", baseMs: backoff.value, factor: 1, capMs: backoff.value, jitter: "none" }
          : { kind: "law", law: backoff },
    ...(custom.budget === undefined ? {} : { budget: custom.budget }),
  };
}

function definedOnly(entry: { readonly maxAttempts: number | undefined }): { maxAttempts?: number } {
  return entry.maxAttempts === undefined ? {} : { maxAttempts: entry.maxAttempts };
}
