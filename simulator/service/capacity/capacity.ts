/**
 * The contract of capacity models: `Capacity` is the running mechanism, `CapacityModel` what a model's file exports. A
 * line in `index.ts` registers it.
 */
import type { z } from "zod";
import type { SlotTable } from "../../base/slot-table.ts";
import type { LawSpec } from "../../random/laws/index.ts";

/**
 * Serving capacity of one endpoint (destination region x model). It takes instants as arguments and keeps its
 * own agenda, so the simulator drives it by the event clock and the emulator by the wall clock.
 */
export interface Capacity {
  /** When the next event is due, ms; Infinity when none is. */
  readonly nextMs: number;
  /** Sequences or calls being served now. */
  readonly inService: number;
  readonly waiting: number;
  /** Takes an attempt into service or into the queue, or refuses it. */
  offer(nowMs: number, attempt: number): Offer;
  /**
   * Processes one event that is due at `nextMs`. `subject` is then its attempt, unless the event is `internal`.
   */
  advance(): CapacityEvent;
  readonly subject: number;
  /** True when an offer now would start at once. */
  hasRoom(): boolean;
  /** Delay that an arrival now should expect in the queue, ms. */
  expectedQueueDelayMs(): number;
  /**
   * Whether a call that may use only this share of the queue's places and of its longest delay must not join now.
   * False where it would start at once, and where no call ever waits.
   */
  isCrowded(share: number): boolean;
  /** Changes the share of capacity that is there: 1 = all, 0.5 = a brownout, 0 = none starts. */
  setCapacityFactor(nowMs: number, factor: number): void;
  /** An outage: all attempts leave and are returned, those in service first. */
  evict(nowMs: number): readonly number[];
  /** Where all sequences decode in step: token steps done by an instant at the present pace, to pace a stream by. */
  stepsAt?(nowMs: number): number;
  /** Time of a step at the present pace, ms; Infinity while none is made. */
  readonly stepMs?: number;
}

/** Answer to an offer. */
export const OFFER = { started: 0, queued: 1, refused: 2 } as const;
export type Offer = (typeof OFFER)[keyof typeof OFFER];

/** What `advance` processed; `internal` concerns no single attempt, `marked` is a token that `marks` asked for. */
export const CAPACITY_EVENT = { internal: 0, firstToken: 1, finished: 2, abandoned: 3, marked: 4 } as const;
export type CapacityEvent = (typeof CAPACITY_EVENT)[keyof typeof CAPACITY_EVENT];

/** An endpoint's local time and the keys of its random draws. */
export interface CapacityContext {
  /** Seed of this endpoint's own draws (background). */
  readonly seed: number;
  /** Key of the service draws, made per (request, attempt). */
  readonly serviceKey: number;
  /** First attempts bring the draw that their work begins with in their rows (`workDraw`), as `workLaw` and the key give it. */
  readonly bringsWorkDraws?: boolean;
  readonly patienceKey: number;
  /** Local hour of day at ms 0 of the run. */
  readonly localHourAtStart: number;
  /** About how many attempts will come, where that is known: for few of them no tables are made. */
  readonly attempts?: number;
  /** Whether a first token is an event of its own, as it is unless this is false: no listener waits for it then. */
  readonly announcesFirsts?: boolean;
  /** Called when service begins of an attempt whose tokens are fixed from then on, evenly between these instants. */
  readonly onStart?: (attempt: number, firstTokenMs: number, endMs: number) => void;
  /**
   * Number of the token, from 1 and below the last, whose instant is an event of its own for this attempt; 0 = none. Of
   * models that do not call `onStart`.
   */
  readonly marks?: (attempt: number) => number;
}

/** Priority levels of calls, 0 served first. */
export const QUEUE_LEVELS = 4;
/** Level of a call of the standard tier from a class without a priority. */
export const STANDARD_LEVEL = 1;

/**
 * A limit of what an endpoint can do in a time, whatever comes when: calls take units of work, on average over their
 * noise, and so many units can be done in a ms.
 */
export interface Throughput {
  readonly perCall: number;
  /** Of input that no cache holds. */
  readonly perInputToken: number;
  readonly perOutputToken: number;
  /** @param occupied what other tenants take meanwhile, as `background` counts it */
  unitsPerMs(occupied: number): number;
}

/** Which call is served next where the scenario names no discipline. */
export type Discipline = "fcfs" | "priority";

/** The form of a capacity block in a scenario: a strict object identified by its `kind`. */
export type CapacityForm = z.ZodType<{ readonly kind: string }> & z.core.$ZodTypeDiscriminable;

/**
 * What each model's file exports, under the name of its kind.
 *
 * @typeParam Spec the model as plain data, numbers in ms and counts: what a resolved scenario stores
 * @typeParam Form its zod schema, whose output `toSpec` takes
 */
export interface CapacityModel<Spec extends { readonly kind: string }, Form extends CapacityForm> {
  /** The `kind` of the YAML block and of the spec. */
  readonly kind: Spec["kind"];
  /** One sentence for the editor's help. */
  readonly summary: string;
  /** The YAML block, with its defaults. */
  readonly schema: Form;
  /** Calls may wait in line and share the machines with other tenants; the spec then has the keys of `QueueSpec`. */
  readonly isQueueing: boolean;
  /** It holds what was measured; left out where the scenario states what it is. */
  readonly isMeasured?: boolean;
  /** The plain spec of a block. @param usual the discipline where the block names none */
  toSpec(block: z.output<Form>, usual: Discipline): Spec;
  /** The capacity of `units` model units from that of one; 1 changes nothing. */
  scaleTo(spec: Spec, units: number): Spec;
  /** Whether an answer's first token may come before its last. */
  isStreaming(spec: Spec): boolean;
  /** Whether calls wait in an order that ignores their level. */
  ignoresPriority(spec: Spec): boolean;
  /** Keys of a block that a gateway cannot have, since it lets every request wait and does not see its tokens. */
  refusedInGateway(block: z.output<Form>): readonly string[];
  /** What it can do at most, in as many ways as it is limited; left out where no limit is known. */
  throughputs?(spec: Spec): readonly Throughput[];
  /** Time of a call at an empty endpoint with the least noise, ms; left out where nothing is certain. */
  leastMs?(spec: Spec, inputTokens: number, outputTokens: number): number;
  /** Law of the draw that each attempt's work begins with, keyed by `serviceKey`; left out, or null, where there is not one. */
  workLaw?(spec: Spec): LawSpec | null;
  /** The running mechanism. @param table rows of the attempts that it will be offered, by slot */
  create(spec: Spec, context: CapacityContext, table: SlotTable): Capacity;
}
