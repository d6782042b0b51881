/** The fleet's log of inference requests: outcomes, records in the service's format, and an audit of where they ran. */
import type { ServiceErrorName } from "../http/errors.ts";
import type { InferenceOperation } from "../http/router.ts";

/** How one inference request ended; log, metrics and audit are all derived from it. */
export interface InvocationOutcome {
  readonly requestId: string;
  /** Milliseconds since 1970. */
  readonly timestampMs: number;
  /** Source region. */
  readonly region: string;
  /** Region that ran it; undefined if none did. */
  readonly inferenceRegion: string | undefined;
  readonly operation: InferenceOperation;
  /** Profile id, application profile ARN or model id. */
  readonly modelId: string;
  readonly inputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  /** Length of the complete answer, even if the caller disconnected early; 0 without an answer. */
  readonly wholeOutputTokens: number;
  /** Tokens-per-minute quota use after the call; meaningful for successful calls. */
  readonly estimatedQuotaTokens: number;
  /** Latency at the service, without the network, ms; undefined if refused. */
  readonly latencyMs: number | undefined;
  readonly firstTokenMs: number | undefined;
  readonly requestMetadata: Readonly<Record<string, string>>;
  /** Undefined for success; `ClientClosed` if the caller disconnected before the end. */
  readonly error: ServiceErrorName | "ClientClosed" | undefined;
}

/** A record in the format of model invocation logging. Source: Amazon Bedrock User Guide, Model invocation logging. */
export interface InvocationLogRecord {
  readonly schemaType: "ModelInvocationLog";
  readonly schemaVersion: "1.0";
  readonly timestamp: string;
  readonly accountId: string;
  readonly identity: { readonly arn: string };
  readonly region: string;
  readonly requestId: string;
  readonly operation: InferenceOperation;
  readonly modelId: string;
  readonly errorCode?: string;
  readonly input: {
    readonly inputContentType: "application/json";
    readonly inputTokenCount: number;
    readonly cacheReadInputTokenCount: number;
    readonly cacheWriteInputTokenCount: number;
  };
  readonly output?: {
    readonly outputContentType: "application/json";
    readonly outputTokenCount: number;
  };
  readonly inferenceRegion?: string;
  readonly requestMetadata?: Readonly<Record<string, string>>;
}

/** Account and principal of all requests of a fleet. */
export interface LogIdentity {
  readonly accountId: string;
  readonly arn: string;
}

/** Formats an outcome as a log record. Bodies are left out: a record has counts, never a prompt, header or credential. */
export function toLogRecord(outcome: InvocationOutcome, identity: LogIdentity): InvocationLogRecord {
  const { inferenceRegion, requestMetadata, error } = outcome;
  return {
    schemaType: "ModelInvocationLog",
    schemaVersion: "1.0",
    timestamp: new Date(outcome.timestampMs).toISOString(),
    accountId: identity.accountId,
    identity: { arn: identity.arn },
    region: outcome.region,
    requestId: outcome.requestId,
    operation: outcome.operation,
    modelId: outcome.modelId,
    ...(error === undefined ? {} : { errorCode: error }),
    input: {
      inputContentType: "application/json",
      inputTokenCount: outcome.inputTokens,
      cacheReadInputTokenCount: outcome.cacheReadTokens,
      cacheWriteInputTokenCount: outcome.cacheWriteTokens,
    },
    ...(inferenceRegion === undefined
      ? {}
      : { output: { outputContentType: "application/json", outputTokenCount: outcome.outputTokens }, inferenceRegion }),
    ...(Object.keys(requestMetadata).length === 0 ? {} : { requestMetadata }),
  };
}

/** The latest outcomes of a fleet, and counts of where requests ran. */
export interface InvocationLog {
  add(outcome: InvocationOutcome): void;
  readonly recent: Ring<InvocationOutcome>;
  /** Requests by source region, model and region that ran them (`none` if refused), in order of first occurrence. */
  audit(): readonly AuditRow[];
}

/** Requests of one source region and model that ran in one region. */
export interface AuditRow {
  readonly region: string;
  readonly modelId: string;
  readonly inferenceRegion: string;
  readonly requests: number;
  readonly outputTokens: number;
}

const KEPT_OUTCOMES = 10_000;

/** @param sink called with every outcome, for example to write records to a file */
export function createInvocationLog(sink: (outcome: InvocationOutcome) => void = () => {}): InvocationLog {
  const recent = createRing<InvocationOutcome>(KEPT_OUTCOMES);
  const rows = new Map<string, { -readonly [K in keyof AuditRow]: AuditRow[K] }>();
  return {
    recent,
    add(outcome) {
      recent.push(outcome);
      const inferenceRegion = outcome.inferenceRegion ?? "none";
      const key = `${outcome.region} ${outcome.modelId} ${inferenceRegion}`;
      let row = rows.get(key);
      if (row === undefined) {
        row = { region: outcome.region, modelId: outcome.modelId, inferenceRegion, requests: 0, outputTokens: 0 };
        rows.set(key, row);
      }
      row.requests++;
      row.outputTokens += outcome.outputTokens;
      sink(outcome);
    },
    audit: () => [...rows.values()],
  };
}

/** A buffer of the last `capacity` items, so that the log of a long run does not grow. */
interface Ring<T> {
  push(item: T): void;
  /** The newest `limit` items, oldest first. */
  last(limit: number): readonly T[];
  /** All items ever pushed. */
  readonly total: number;
}

export function createRing<T>(capacity: number): Ring<T> {
  const items: T[] = [];
  let total = 0;
  return {
    push(item) {
      items[total % capacity] = item;
      total++;
    },
    last(limit) {
      const count = Math.max(0, Math.min(limit, total, capacity));
      return Array.from({ length: count }, (_, index) => items[(total - count + index) % capacity]!);
    },
    get total() {
      return total;
    },
  };
}
