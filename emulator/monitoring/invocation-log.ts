import type { ServiceErrorName } from "../http/errors.ts";
import type { InferenceOperation } from "../http/router.ts";

/** How one inference request ended: the one fact from which log, metrics and audit are made. */
export interface InvocationOutcome {
  readonly requestId: string;
  /** Milliseconds since 1970. */
  readonly timestampMs: number;
  /** Source region. */
  readonly region: string;
  /** Where it ran; undefined if it ran nowhere. */
  readonly inferenceRegion: string | undefined;
  readonly operation: InferenceOperation;
  /** Profile id, application profile ARN or model id. */
  readonly modelId: string;
  readonly inputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  /** Tokens that the answer runs to, whether or not its caller stayed to its end; 0 where there was none. */
  readonly wholeOutputTokens: number;
  /** What it settled to against the tokens-per-minute quota; of interest where it succeeded. */
  readonly estimatedQuotaTokens: number;
  /** At the service, without the network; undefined where it was refused. */
  readonly latencyMs: number | undefined;
  readonly firstTokenMs: number | undefined;
  readonly requestMetadata: Readonly<Record<string, string>>;
  /** Undefined for success; `ClientClosed` where the caller left before the end. */
  readonly error: ServiceErrorName | "ClientClosed" | undefined;
}

/** A record as model invocation logging writes it. Source: Amazon Bedrock User Guide, Model invocation logging. */
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

export interface LogIdentity {
  readonly accountId: string;
  readonly arn: string;
}

/** Bodies are left out: a log holds counts, never a prompt, a header or a credential. */
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

/** Keeps the latest outcomes of a fleet and counts where every request ran. */
export interface InvocationLog {
  add(outcome: InvocationOutcome): void;
  readonly recent: Ring<InvocationOutcome>;
  /** Requests by source region and by where they ran (`none` where refused), in order of first sight. */
  audit(): readonly AuditRow[];
}

export interface AuditRow {
  readonly region: string;
  readonly modelId: string;
  readonly inferenceRegion: string;
  readonly requests: number;
  readonly outputTokens: number;
}

const KEPT_OUTCOMES = 10_000;

/** @param sink called with every outcome, e.g. to write records to a file */
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

/** The last `capacity` items, oldest first when read: what keeps logs of a long run from growing. */
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
