/**
 * What every capacity model promises. `Capacity` is the running mechanism, `CapacityModel` what a model's file exports:
 * one registry line in `index.ts` makes it known everywhere.
 */
import type { z } from "zod";
import type { SlotTable } from "../../base/slot-table.ts";

/**
 * Serving capacity of one endpoint (destination region x model). Every mechanism takes the instant as an argument and
 * keeps its own agenda, so the simulator drives it by the event clock and the emulator by the wall clock.
 */
export interface Capacity {
  /** When something happens next inside, ms; Infinity when nothing is due. */
  readonly nextMs: number;
  /** Sequences or calls being served now. */
  readonly inService: number;
  readonly waiting: number;
  /** Takes an attempt into service or into the queue, or refuses it. */
  offer(nowMs: number, attempt: number): Offer;
  /**
   * Lets happen what is due at `nextMs`, one event at a time.
   * FINISHED and ABANDONED name the attempt in `subject`; FIRST_TOKEN too; QUIET is an inner change.
   */
  advance(): CapacityEvent;
  readonly subject: number;
  /** True when an offer now would start at once. */
  hasRoom(): boolean;
  /** Delay that an arrival now should expect in the queue, ms. */
  expectedQueueDelayMs(): number;
  /**
   * Whether a call that may use only this share of the queue's places and of its longest delay must not join now.
   * False where it would start at once, and where nobody waits.
   */
  isCrowded(share: number): boolean;
  /** Changes the share of capacity that is there: 1 = all, 0.5 = a brownout, 0 = none starts. */
  setCapacityFactor(nowMs: number, factor: number): void;
  /** The machines are lost: everybody inside leaves, in service first; returns the attempts. */
  evict(nowMs: number): readonly number[];
  /** Where all sequences decode in step: token steps done by an instant at the present pace. To pace a stream by. */
  stepsAt?(nowMs: number): number;
  /** Time of a step at the present pace, ms; Infinity while nothing moves. */
  readonly stepMs?: number;
}

/** Answer to an offer. */
export const OFFER = { started: 0, queued: 1, refused: 2 } as const;
export type Offer = (typeof OFFER)[keyof typeof OFFER];

/** What `advance` let happen. */
export const CAPACITY_EVENT = { quiet: 0, firstToken: 1, finished: 2, abandoned: 3 } as const;
export type CapacityEvent = (typeof CAPACITY_EVENT)[keyof typeof CAPACITY_EVENT];

/** Where an endpoint stands on the clock and in the random numbers. */
export interface CapacityContext {
  /** Seed of this endpoint's own draws (background). */
  readonly seed: number;
  /** Key of the service draws, made per (request, attempt). */
  readonly serviceKey: number;
  readonly patienceKey: number;
  /** Local hour of day at ms 0 of the run. */
  readonly localHourAtStart: number;
  /** Told when service begins of an attempt whose tokens are fixed from then on: evenly between these instants. */
  readonly onStart?: (attempt: number, firstTokenMs: number, endMs: number) => void;
}

/** Priority levels of calls, 0 served first. */
export const QUEUE_LEVELS = 4;
/** Level of a call of the standard tier from a class that says nothing of its priority. */
export const STANDARD_LEVEL = 1;

/** Who is served next where the scenario names no discipline. */
export type Discipline = "fcfs" | "priority";

/** The form of a capacity block in a scenario: a strict object told from the others by its `kind`. */
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
  /** Calls may wait in line, and others may be on the same machines: then the spec has the keys of `QueueSpec`. */
  readonly isQueueing: boolean;
  /** The engine's form of a block. @param usual the discipline where the block names none */
  toSpec(block: z.output<Form>, usual: Discipline): Spec;
  /** The machines of so many model units from those of one; 1 changes nothing. */
  scaleTo(spec: Spec, units: number): Spec;
  /** Whether an answer's first token may come before its last. */
  isStreaming(spec: Spec): boolean;
  /** Whether calls wait there in an order that takes no notice of their level. */
  ignoresPriority(spec: Spec): boolean;
  /** Keys of a block that a gateway cannot have: it lets every request wait and does not see its tokens. */
  refusedInGateway(block: z.output<Form>): readonly string[];
  /** The running mechanism. @param table rows of the attempts that it will be offered, by slot */
  create(spec: Spec, context: CapacityContext, table: SlotTable): Capacity;
}
