/** A client of Bedrock that routes each call with the strategy that was simulated, and keeps a log of its decisions. */
import {
  BedrockRuntimeClient,
  type BedrockRuntimeClientConfig,
  type ConverseCommand,
  type ConverseCommandOutput,
  type ConverseStreamCommand,
  type ConverseStreamCommandOutput,
  type InvokeModelCommand,
  type InvokeModelCommandOutput,
  type InvokeModelWithResponseStreamCommand,
  type InvokeModelWithResponseStreamCommandOutput,
} from "@aws-sdk/client-bedrock-runtime";
import { suggest } from "../../simulator/base/near-names.ts";
import { DAY_MS } from "../../simulator/base/time.ts";
import { DecisionLog, type DecisionRecord } from "../../simulator/bench/decision-log.ts";
import { type LiveOptions, type LivePlan, livePlanOfTargets } from "../../simulator/bench/live-plan.ts";
import { ReplayRouter } from "../../simulator/bench/router.ts";
import type { AttemptAnswer, AttemptOrder } from "../../simulator/bench/router-io.ts";
import type { RequestRow, ScheduledRequest } from "../../simulator/bench/rows.ts";
import { purposeKey } from "../../simulator/random/keyed-random.ts";
import { definitionOf } from "../../simulator/strategies/index.ts";
import {
  type Answer,
  drain,
  failedAnswer,
  kindOf,
  LEFT,
  type Output,
  ROUTABLE,
  type RoutableCommand,
  SERVED,
  watched,
} from "./calls.ts";
import { DecisionFile } from "./decision-file.ts";
import { after, badChoice, endError, guarded, type LimitWatch, timeLimit, usage, watchLimits } from "./ends.ts";

/** How a client calls and what it writes. */
export interface RoutedClientOptions {
  /** Configuration of the SDK's client of a region: credentials, endpoint, request handler. The SDK's defaults unless given. */
  readonly client?: (region: string) => BedrockRuntimeClientConfig;
  /** File to which every decision is appended as a line of JSON, or a function that takes each record. */
  readonly log?: string | ((record: DecisionRecord) => void);
  /** Where on the scenario's clock the client begins, ms; the time of day unless given, so that hourly prices are right. */
  readonly beginAtMs?: number;
}

/** What a caller says of one call beside the call itself. All are optional. */
export interface CallOptions {
  /** Class whose objective, residency rule and targets hold; needed where several classes use the model. */
  readonly class?: string;
  /** Where the caller is, by the scenario's name of an origin; the first unless given. */
  readonly origin?: string;
  /** Tokens of the whole prompt; estimated from its text unless given. */
  readonly inputTokens?: number;
  /** Name of what many prompts begin with, and its tokens, for strategies that keep such calls together. */
  readonly prefix?: { readonly name: string; readonly tokens: number };
  /** Name of the conversation that the call belongs to, for strategies that keep those together. */
  readonly session?: string;
  /** Ends the call. */
  readonly abortSignal?: AbortSignal;
}

/** A request that its caller awaits. */
interface OpenCall {
  readonly command: RoutableCommand;
  readonly kind: NonNullable<ReturnType<typeof kindOf>>;
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly outputs: Map<number, unknown>;
  readonly inFlight: Set<AbortController>;
  /** The request has ended: its caller's signal, which may live for long, is let go. */
  readonly ended: () => void;
  lastError: unknown;
  /** The caller has a stream that has begun. */
  isHandedOver: boolean;
  isLeft: boolean;
}

/**
 * Routes Converse, ConverseStream, InvokeModel and InvokeModelWithResponseStream with a strategy of Meridian, by the very
 * code that simulations and benches run: residency first, then the strategy, then retries, time limits and hedges. Make
 * one with {@link RoutedBedrockClient.fromScenario}, or from targets alone. One instance is one router: share it.
 *
 * @example
 * const client = new RoutedBedrockClient({
 *   strategy: "least-latency",
 *   targets: ["us-east-1", "us-west-2"].map((region) => ({ region, models: { nova: "us.amazon.nova-pro-v1:0" } })),
 * });
 * // const answer = await client.send(new ConverseCommand({ modelId: "nova", messages }));
 * await client.close();
 */
export class RoutedBedrockClient {
  private readonly plan: LivePlan;
  private readonly options: RoutedClientOptions;
  private readonly router: ReplayRouter;
  private readonly clients = new Map<string, BedrockRuntimeClient>();
  private readonly open = new Map<number, OpenCall>();
  private readonly decisions: DecisionLog;
  private readonly file: DecisionFile | undefined;
  private readonly beganMs: number;
  private readonly beginAtMs: number;
  private requests = 0;
  private isClosed = false;

  /** @throws MeridianError usage for targets, classes or options that are wrong */
  constructor(options: (LiveOptions | { readonly plan: LivePlan }) & RoutedClientOptions) {
    this.plan = "plan" in options ? options.plan : livePlanOfTargets(options);
    this.options = options;
    const { replay, startMs, definition = definitionOf(replay.strategy) } = this.plan;
    const dayMs = replay.pricesRepeatMs ?? DAY_MS;
    const sinceMs = Date.now() - startMs;
    this.beginAtMs = options.beginAtMs ?? sinceMs - Math.floor(sinceMs / dayMs) * dayMs;
    this.beganMs = performance.now();
    const { log } = options;
    this.file = typeof log === "string" ? new DecisionFile(log) : undefined;
    const write = typeof log === "function" ? log : (record: DecisionRecord) => this.file?.write(record);
    this.decisions = new DecisionLog(this.plan, Date.now() - this.beginAtMs, write);
    const io = {
      nowMs: () => this.nowMs(),
      after,
      send: (order: AttemptOrder, done: (answer: AttemptAnswer) => void) => this.attempt(order, done),
      attemptEnded: this.decisions.attemptEnded.bind(this.decisions),
      requestEnded: (row: RequestRow) => this.requestEnded(row),
    };
    const refuse = (requestId: number, choice: number): void => {
      const entry = this.open.get(requestId);
      if (entry !== undefined) entry.lastError = badChoice(definition.name, choice);
    };
    this.router = new ReplayRouter(replay, io, guarded(definition, refuse));
  }

  send(command: ConverseCommand, call?: CallOptions): Promise<ConverseCommandOutput>;
  send(command: ConverseStreamCommand, call?: CallOptions): Promise<ConverseStreamCommandOutput>;
  send(command: InvokeModelCommand, call?: CallOptions): Promise<InvokeModelCommandOutput>;
  send(
    command: InvokeModelWithResponseStreamCommand,
    call?: CallOptions,
  ): Promise<InvokeModelWithResponseStreamCommandOutput>;
  /**
   * Sends a call where the strategy says. `modelId` is the scenario's name of the model, its id, or that of a profile: it
   * says which model, the strategy says which target. A promise of a call that may wait lasts as long as the strategy lets
   * it wait.
   *
   * @throws the SDK's error of the last attempt; MeridianError ROUTER_SHED, ROUTER_DEADLINE, ROUTER_NO_TARGET (kind
   *         environment), ROUTER_COMMAND, ROUTER_MODEL, ROUTER_CLASS, ROUTER_ORIGIN,
   *         ROUTER_CLOSED (kind usage)
   */
  async send(command: RoutableCommand, call: CallOptions = {}): Promise<unknown> {
    const kind = kindOf(command);
    if (kind === undefined) {
      const what = `${(command as object).constructor.name} cannot be routed`;
      throw usage(
        "ROUTER_COMMAND",
        what,
        `those that can are ${ROUTABLE.join(", ")}; send others with a client of a region`,
      );
    }
    if (this.isClosed) {
      throw usage("ROUTER_CLOSED", "the client was closed", "close it when its last call has ended, or make another");
    }
    call.abortSignal?.throwIfAborted();
    const request = this.request(command, kind, call);
    const { requestId } = request;
    return new Promise((resolve, reject) => {
      const open = { command, kind, resolve, reject, outputs: new Map(), inFlight: new Set<AbortController>() };
      const onAbort = () => this.leave(requestId, entry);
      const ended = () => call.abortSignal?.removeEventListener("abort", onAbort);
      const entry: OpenCall = { ...open, ended, lastError: undefined, isHandedOver: false, isLeft: false };
      this.open.set(requestId, entry);
      this.decisions.began(request);
      call.abortSignal?.addEventListener("abort", onAbort);
      this.router.start(request);
    });
  }

  /** Ends what is under way, writes the log to the end and closes the connections. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.router.cutOff();
    for (const client of this.clients.values()) client.destroy();
    this.clients.clear();
    await this.file?.close();
  }

  private nowMs(): number {
    return performance.now() - this.beganMs + this.beginAtMs;
  }

  private request(command: RoutableCommand, kind: OpenCall["kind"], call: CallOptions): ScheduledRequest {
    const { replay } = this.plan;
    const classIndex = this.classOf(String(command.input.modelId), call.class);
    const { model } = replay.classes[classIndex]!;
    const origin = call.origin ?? replay.origins[0]!;
    const originIndex = replay.origins.indexOf(origin);
    if (originIndex < 0) throw usage("ROUTER_ORIGIN", `no origin "${origin}"`, suggest(origin, replay.origins));
    const estimate = () => Math.max(1, Math.round(kind.characters(command.input) / replay.charsPerToken[model]!));
    const maxTokens = kind.maxTokens(command.input);
    return {
      requestId: this.requests++,
      arrivalMs: this.nowMs(),
      classIndex,
      originIndex,
      inputTokens: call.inputTokens ?? estimate(),
      outputTokens: maxTokens,
      maxTokens,
      prefixTokens: call.prefix?.tokens ?? 0,
      prefixId: call.prefix === undefined ? -1 : purposeKey(0, call.prefix.name) >>> 1,
      sessionId: call.session === undefined ? -1 : purposeKey(0, call.session) >>> 1,
    };
  }

  private classOf(modelId: string, name: string | undefined): number {
    const { replay, modelNames } = this.plan;
    const names = replay.classes.map((each) => each.name);
    const models = modelNames.flatMap((known, m) => (known.includes(modelId) ? [m] : []));
    if (models.length === 0)
      throw usage("ROUTER_MODEL", `no target sells the model "${modelId}"`, suggest(modelId, modelNames.flat()));
    const fit = replay.classes.flatMap((each, c) => (models.includes(each.model) ? [c] : []));
    if (name !== undefined) {
      const index = names.indexOf(name);
      if (fit.includes(index)) return index;
      const what = index < 0 ? `no class "${name}"` : `class "${name}" does not use the model "${modelId}"`;
      throw usage("ROUTER_CLASS", what, `classes with it are ${fit.map((c) => names[c]).join(", ") || "none"}`);
    }
    if (fit.length === 1) return fit[0]!;
    const fix = `say which: client.send(command, { class: "${names[fit[0] ?? 0]}" })`;
    throw usage("ROUTER_CLASS", `${fit.length} classes use the model "${modelId}"`, fix);
  }

  private attempt(order: AttemptOrder, done: (answer: AttemptAnswer) => void): void {
    const { requestId } = order.request;
    const open = this.open.get(requestId)!;
    this.decisions.sent(requestId);
    const settle = (answer: Answer) => done({ ...answer, endedMs: this.nowMs() });
    void this.call(order, open, settle).catch((error: unknown) => {
      open.lastError = error;
      settle(failedAnswer(error, open.isHandedOver));
    });
  }

  private async call(order: AttemptOrder, open: OpenCall, settle: (answer: Answer) => void): Promise<void> {
    const { target, model, request, ordinal } = order;
    const { replay } = this.plan;
    const { region, calledIds } = replay.targets[target]!;
    const controller = new AbortController();
    open.inFlight.add(controller);
    const limits = watchLimits(order, () => controller.abort());
    const over = (answer: Answer): void => {
      limits.stop();
      open.inFlight.delete(controller);
      settle(answer);
    };
    const failed = (error: unknown, isBegun: boolean): void => {
      const isLate = limits.passedMs !== undefined;
      open.lastError = isLate ? timeLimit(limits.passedMs, error) : error;
      const answer = failedAnswer(error, isBegun);
      const isGivenUp = isLate || open.isLeft;
      over(
        isGivenUp ? { ...answer, kind: "timeout", isFinal: isBegun, status: 0, error: isLate ? "" : "left" } : answer,
      );
    };
    const sentMs = this.nowMs();
    try {
      const command = open.kind.at(open.command.input, calledIds[model]!);
      const output = (await this.clientOf(region).send(command as ConverseCommand, {
        abortSignal: controller.signal,
      })) as Output;
      limits.heard();
      const served = { ...SERVED, status: 200, serviceRequestId: output.$metadata?.requestId ?? "" };
      if (!open.kind.isStream) {
        open.outputs.set(ordinal, output);
        over({ ...served, usage: open.kind.usage(output) });
        return;
      }
      this.stream(output, open, { requestId: request.requestId, served, sentMs, limits, over, failed });
    } catch (error) {
      failed(error, false);
    }
  }

  /** Hands the first stream that begins over to the caller; a hedge's later one is read to its end, as it is billed. */
  private stream(output: Output, open: OpenCall, ends: StreamEnds): void {
    let usage: AttemptAnswer["usage"] = null;
    let ttftMs = Number.NaN;
    const name = output.stream === undefined ? "body" : "stream";
    const events = watched(output[name]!, {
      onFirst: () => {
        ttftMs = this.nowMs() - ends.sentMs;
      },
      onWait: () => ends.limits.awaited(),
      onEvent: (event) => {
        ends.limits.heard();
        usage = open.kind.usage(event) ?? usage;
      },
      onEnd: (isWhole) => {
        // Who stops reading has what was wanted; nothing is to be learnt from how long it took.
        if (!isWhole) this.router.leave(ends.requestId);
        // After an abort the SDK's stream just ends: without its last event it is not a whole answer.
        const isCut = usage === null && (!isWhole || open.isLeft);
        ends.over({ ...ends.served, ...(isCut ? LEFT : {}), ttftMs, usage });
      },
      onError: (error) => ends.failed(error, true),
    });
    if (open.isHandedOver) {
      void drain(events);
      return;
    }
    open.isHandedOver = true;
    this.router.answerBegan(ends.requestId);
    open.resolve({ ...output, [name]: events });
  }

  private requestEnded(row: RequestRow): void {
    this.decisions.requestEnded(row);
    const open = this.open.get(row.i);
    if (open === undefined) return;
    this.open.delete(row.i);
    open.ended();
    if (row.w >= 0 && open.outputs.has(row.w)) open.resolve(open.outputs.get(row.w));
    else if (!open.isHandedOver) open.reject(endError(row.end, open.lastError, open.isLeft));
    if (row.w < 0) for (const controller of open.inFlight) controller.abort();
  }

  private leave(requestId: number, open: OpenCall): void {
    open.isLeft = true;
    this.router.leave(requestId);
    for (const controller of open.inFlight) controller.abort();
  }

  /** Retries are the router's, not the SDK's. */
  private clientOf(region: string): BedrockRuntimeClient {
    const known = this.clients.get(region);
    if (known !== undefined) return known;
    const client = new BedrockRuntimeClient({ region, ...this.options.client?.(region), maxAttempts: 1 });
    this.clients.set(region, client);
    return client;
  }
}

interface StreamEnds {
  readonly requestId: number;
  readonly served: Omit<Answer, "usage">;
  readonly sentMs: number;
  readonly limits: LimitWatch;
  readonly over: (answer: Answer) => void;
  readonly failed: (error: unknown, isBegun: boolean) => void;
}
