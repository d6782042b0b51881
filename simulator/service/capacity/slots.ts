/** The model `slots`: servers and a queue. */
import { z } from "zod";
import { EventHeap } from "../../base/event-queue.ts";
import { durationMs } from "../../base/schema-forms.ts";
import type { SlotTable } from "../../base/slot-table.ts";
import type { Sampler } from "../../random/law.ts";
import { createLaw, lawSchema, leastDraw } from "../../random/laws/index.ts";
import { compileSampler } from "../../random/sampler.ts";
import { ATTEMPT, ATTEMPT_FLOAT, ATTEMPT_FLOATS, ATTEMPT_INTS } from "../attempt-table.ts";
import {
  CAPACITY_EVENT,
  type CapacityContext,
  type CapacityEvent,
  type CapacityModel,
  type Discipline,
} from "./capacity.ts";
import { ProcessorSharing, type ServersSpec } from "./processor-sharing.ts";
import { NOTHING_DUE, Station } from "./station.ts";
import { positiveLimit, type QueueSpec, queueOf, queueShape, refusingKeys } from "./waiting-line.ts";

// A file's own constants are folded into its code; imported ones are looked up at each use (docs/model/performance.md).
const PLACE = ATTEMPT;
const FLOAT = ATTEMPT_FLOAT;
const INTS = ATTEMPT_INTS;
const FLOATS = ATTEMPT_FLOATS;
const NOTHING = NOTHING_DUE;
const FINISHED = CAPACITY_EVENT.finished;

/** Weight of the newest service time in the moving mean behind the expected delay. */
const MEAN_WEIGHT = 0.01;

export interface SlotsSpec extends ServersSpec, QueueSpec {
  readonly kind: "slots";
  readonly discipline: Discipline | "processor-sharing";
}

const schema = z
  .strictObject({
    kind: z.literal("slots"),
    servers: positiveLimit.meta({ description: "Calls served at a time: a number, or unlimited" }),
    service: lawSchema("durationMs")
      .default({ kind: "constant", value: 0 })
      .meta({ description: "Service time of a call, apart from its tokens" }),
    perInputToken: durationMs.default(0).meta({ description: "Added for each uncached input token" }),
    perOutputToken: durationMs.default(0).meta({ description: "Added for each output token" }),
    discipline: z.enum(["fcfs", "priority", "processor-sharing"]).optional().meta({
      description:
        "Which call is served next: first come, by priority level, or all at a shared rate; priority where targets have the tiers priority, flex or reserved, else fcfs, unless given",
    }),
    ...queueShape,
  })
  .superRefine((block, context) => {
    if (block.discipline !== "processor-sharing") return;
    for (const key of ["patience", "maxQueueDelay", "background"] as const) {
      if (block[key] === undefined) continue;
      const message = `processor-sharing serves all calls at once and has no ${key}: leave it out`;
      context.addIssue({ code: "custom", path: [key], message });
    }
  });

/** A number of servers and a queue, or one rate that all calls share. */
export const slots: CapacityModel<SlotsSpec, typeof schema> = {
  kind: "slots",
  summary: "Servers and a queue: closed forms, provisioned throughput, simple worlds",
  schema,
  isQueueing: true,
  toSpec: (block, usual) => ({
    kind: "slots",
    servers: block.servers,
    service: block.service,
    perInputTokenMs: block.perInputToken,
    perOutputTokenMs: block.perOutputToken,
    discipline: block.discipline ?? usual,
    ...queueOf(block),
  }),
  scaleTo: (spec, units) => ({ ...spec, servers: spec.servers * units, waitingRoom: spec.waitingRoom * units }),
  isStreaming: ({ perOutputTokenMs }) => perOutputTokenMs > 0,
  ignoresPriority: ({ discipline }) => discipline !== "priority",
  refusedInGateway: (block) => [
    ...refusingKeys(block),
    ...(["perInputToken", "perOutputToken"] as const).filter((key) => block[key] > 0),
  ],
  throughputs: ({ servers, service, perInputTokenMs, perOutputTokenMs }) => {
    if (servers === Number.POSITIVE_INFINITY) return [];
    const { mean } = createLaw(service);
    const perCall = Number.isFinite(mean) ? mean : 0;
    const unitsPerMs = (occupied: number) => Math.max(0, Math.round(servers - occupied));
    return [{ perCall, perInputToken: perInputTokenMs, perOutputToken: perOutputTokenMs, unitsPerMs }];
  },
  leastMs: ({ service, perInputTokenMs, perOutputTokenMs }, input, output) =>
    leastDraw(service) + input * perInputTokenMs + output * perOutputTokenMs,
  workLaw: ({ service, discipline }) => (discipline === "processor-sharing" ? null : service),
  create: (spec, context, table) =>
    spec.discipline === "processor-sharing"
      ? new ProcessorSharing(spec, context, table)
      : new Slots(spec, context, table),
};

/**
 * c servers and a queue: first come, first served, or non-preemptive priorities; limited or unlimited waiting room;
 * impatience; any service law. With c = 1 and no limits this is M/G/1, with no waiting room Erlang's loss system.
 */
export class Slots extends Station<SlotsSpec> {
  declare private readonly sample: Sampler;
  private readonly completions = new EventHeap();
  declare private readonly hasPerToken: boolean;
  declare private available: number;
  declare private meanServiceMs: number;

  constructor(spec: SlotsSpec, context: CapacityContext, table: SlotTable) {
    super(spec, context, table, spec.discipline === "priority");
    const law = createLaw(spec.service);
    this.sample = compileSampler(law);
    this.meanServiceMs = law.mean;
    this.hasPerToken = spec.perInputTokenMs > 0 || spec.perOutputTokenMs > 0;
    this.available = spec.servers;
    if (this.background !== null) this.countServers();
    this.refresh();
  }

  hasRoom(): boolean {
    return this.inService < this.available && this.line.length === 0;
  }

  expectedQueueDelayMs(): number {
    if (this.hasRoom()) return 0;
    return this.available > 0
      ? ((this.waitingWork + 1) * this.meanServiceMs) / this.available
      : Number.POSITIVE_INFINITY;
  }

  protected draw(attempt: number): boolean {
    const { floats, ints } = this.table;
    const from = attempt * FLOATS;
    let workMs = this.drawnWork(this.sample, attempt);
    if (this.hasPerToken) {
      const perOutputTokenMs = this.spec.perOutputTokenMs * floats[from + FLOAT.decodeFactor]!;
      const outputMs = ints[attempt * INTS + PLACE.outputTokens]! * perOutputTokenMs;
      workMs += this.uncached(attempt) * this.spec.perInputTokenMs + outputMs;
    }
    floats[from + FLOAT.work] = workMs;
    return true;
  }

  protected fits(_attempt: number): boolean {
    return this.inService < this.available;
  }

  /** Calls. */
  protected workOf(_attempt: number): number {
    return 1;
  }

  protected start(nowMs: number, attempt: number): void {
    this.inService++;
    this.completions.push(this.begin(nowMs, attempt), attempt);
  }

  protected serve(): CapacityEvent | typeof NOTHING_DUE {
    const nowMs = this.nextMs;
    if (this.completions.topMs > nowMs) return NOTHING;
    this.subject = this.completions.peek();
    if (this.line.length > 0 && this.inService <= this.available) {
      const next = this.takeFromLine();
      this.completions.replaceTop(this.begin(nowMs, next), next);
    } else {
      this.completions.pop();
      this.inService--;
    }
    this.refresh();
    return FINISHED;
  }

  protected override resize(nowMs: number): void {
    this.countServers();
    super.resize(nowMs);
  }

  protected settle(_nowMs: number): void {
    this.refresh();
  }

  protected ownNextMs(): number {
    return this.completions.topMs;
  }

  protected clear(_nowMs: number): readonly number[] {
    return this.completions.drain();
  }

  /** Marks the start of service; returns its end. */
  private begin(nowMs: number, attempt: number): number {
    const { floats, ints } = this.table;
    const from = attempt * FLOATS;

    const workMs = floats[from + FLOAT.work]!;
    const endMs = nowMs + workMs;
    floats[from + FLOAT.startedMs] = nowMs;
    // Without token times the answer comes whole at the end; with them, token by token.
    floats[from + FLOAT.firstTokenMs] =
      this.spec.perOutputTokenMs > 0
        ? endMs -
          Math.max(0, ints[attempt * INTS + PLACE.outputTokens]! - 1) *
            this.spec.perOutputTokenMs *
            floats[from + FLOAT.decodeFactor]!
        : endMs;
    this.meanServiceMs += MEAN_WEIGHT * (workMs - this.meanServiceMs);
    this.context.onStart?.(attempt, floats[from + FLOAT.firstTokenMs]!, endMs);
    return endMs;
  }

  private countServers(): void {
    this.available = Math.max(0, Math.round(this.spec.servers * this.factor - this.occupied()));
  }
}
