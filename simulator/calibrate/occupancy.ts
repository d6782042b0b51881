/** Occupancy reconstruction: which calls were in service together, and for how long, under an assumed discipline. */
import { EventHeap } from "../base/event-queue.ts";
import type { Calls } from "./calls.ts";

/** Up to this many calls each number has its own bin; beyond, bins are 5 % wide. */
const EXACT_MAX = 40;
const BIN_GROWTH = Math.log(1.05);

function binOf(calls: number): number {
  if (calls <= EXACT_MAX) return calls;
  return EXACT_MAX + 1 + Math.floor(Math.log(calls / (EXACT_MAX + 1)) / BIN_GROWTH);
}

/** Calls that a bin stands for. */
function callsOfBin(bin: number): number {
  if (bin <= EXACT_MAX) return Math.max(1, bin);
  return (EXACT_MAX + 1) * Math.exp((bin - EXACT_MAX - 0.5) * BIN_GROWTH);
}

/**
 * The occupancy implied by a measurement if `servers` calls were served at a time, first come, first served: when the
 * service of each call began, and for how long each of its parts ran beside how many others.
 */
export interface Occupancy {
  /** When service began, ms; with prompts read one at a time, when its prompt began to be read. */
  readonly startMs: Float64Array;
  /** Calls in service when it began, including itself. */
  readonly atStart: Float64Array;
  /** Calls that a bin stands for. */
  readonly binCalls: Float64Array;
  /** Time that a call's prompt part spent in each bin, ms: `call * bins + bin`. */
  readonly promptMs: Float64Array;
  /** The same of its output part, while no prompt was read, and while one was. */
  readonly outputMs: Float64Array;
  readonly outputBesidePromptMs: Float64Array;
  /** First bin in which a call was, and the one after its last: most see few of the bins. */
  readonly binFrom: Int32Array;
  readonly binTo: Int32Array;
}

export interface OccupancyOptions {
  /** Calls served at a time; Infinity = no limit. */
  readonly servers: number;
  /** Prompts are read one at a time. */
  readonly isSerial: boolean;
  /** Which calls in service make up the load. */
  readonly counts: "all" | "decoding";
  /** The whole of each call counts as its prompt part. */
  readonly isWhole: boolean;
}

/** Reconstructs the occupancy, or returns that of an earlier call with the same arguments. */
export function occupancyOf(calls: Calls, options: OccupancyOptions): Occupancy {
  const known = KNOWN.get(calls) ?? new Map<string, Occupancy>();
  KNOWN.set(calls, known);
  const key = `${options.servers} ${options.isSerial} ${options.counts} ${options.isWhole}`;
  const found = known.get(key) ?? newOccupancy(calls, options);
  known.delete(key);
  known.set(key, found);
  if (known.size > KNOWN_MAX) known.delete(known.keys().next().value!);
  return found;
}

/** Variants share the latest reconstructions of the same calls; each takes some megabytes. */
const KNOWN = new WeakMap<Calls, Map<string, Occupancy>>();
const KNOWN_MAX = 16;

function newOccupancy(calls: Calls, options: OccupancyOptions): Occupancy {
  const begins = serviceStarts(calls, options.servers);
  const startMs = options.isSerial ? readingStarts(calls, begins) : begins;
  const firstMs = Float64Array.from(calls.firstMs, (ms, i) =>
    options.isWhole || Number.isNaN(ms) ? calls.endMs[i]! : ms,
  );
  return sweep(calls, { begins, startMs, firstMs }, options);
}

/**
 * Service starts under first come, first served, ms: a call waits until fewer than `servers` of the calls before it are
 * left, that is until the servers-th latest of their ends.
 */
export function serviceStarts(calls: Calls, servers: number): Float64Array {
  const startMs = Float64Array.from(calls.atMs);
  if (servers === Number.POSITIVE_INFINITY) return startMs;
  const latest = new EventHeap();
  for (let i = 0; i < calls.count; i++) {
    if (latest.size === servers) startMs[i] = Math.max(calls.atMs[i]!, latest.topMs);
    latest.push(calls.endMs[i]!, i);
    if (latest.size > servers) latest.pop();
  }
  return startMs;
}

/** Starts of reading when prompts are read one at a time, in order of arrival. */
function readingStarts(calls: Calls, begins: Float64Array): Float64Array {
  const startMs = Float64Array.from(begins);
  let freeMs = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < calls.count; i++) {
    startMs[i] = Math.max(begins[i]!, freeMs);
    const firstMs = calls.firstMs[i]!;
    if (!Number.isNaN(firstMs)) freeMs = Math.max(freeMs, firstMs);
  }
  return startMs;
}

interface Times {
  /** When service begins, the prompt begins to be read, and the first token leaves. */
  readonly begins: Float64Array;
  readonly startMs: Float64Array;
  readonly firstMs: Float64Array;
}

/** Kinds of change, in the order of their effect within one instant. */
const END = 0;
const FIRST = 1;
const READ = 2;
const BEGIN = 3;

function sweep(calls: Calls, { begins, startMs, firstMs }: Times, options: OccupancyOptions): Occupancy {
  const { count, endMs } = calls;
  const order = changesInOrder(calls, { begins, startMs, firstMs });
  const peak = peakOf(order);
  const bins = binOf(peak) + 1;
  const binCalls = Float64Array.from({ length: bins }, (_, bin) => callsOfBin(bin));
  const promptMs = new Float64Array(count * bins);
  const outputMs = new Float64Array(count * bins);
  const outputBesidePromptMs = new Float64Array(count * bins);
  const atStart = new Float64Array(count);
  const prompts = new ActiveList(count);
  const outputs = new ActiveList(count);
  let inService = 0;
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const [ms, kind, call] of order) {
    if (ms > lastMs) {
      const inside = options.counts === "all" ? inService : Math.max(1, outputs.length);
      const bin = binOf(inside);
      const into = prompts.length > 0 ? outputBesidePromptMs : outputMs;
      prompts.each((i) => {
        promptMs[i * bins + bin]! += ms - lastMs;
      });
      outputs.each((i) => {
        into[i * bins + bin]! += ms - lastMs;
      });
      lastMs = ms;
    }
    if (kind === BEGIN) {
      inService++;
      atStart[call] = inService;
    } else if (kind === READ) prompts.add(call);
    else if (kind === FIRST) {
      prompts.remove(call);
      if (endMs[call]! > ms) outputs.add(call);
    } else {
      prompts.remove(call);
      outputs.remove(call);
      inService--;
    }
  }
  const times = { promptMs, outputMs, outputBesidePromptMs };
  return { startMs, atStart, binCalls, ...times, ...binRanges(times, count, bins) };
}

function binRanges(
  { promptMs, outputMs, outputBesidePromptMs }: Pick<Occupancy, "promptMs" | "outputMs" | "outputBesidePromptMs">,
  count: number,
  bins: number,
): Pick<Occupancy, "binFrom" | "binTo"> {
  const binFrom = new Int32Array(count).fill(bins);
  const binTo = new Int32Array(count);
  for (let i = 0, at = 0; i < count; i++) {
    for (let bin = 0; bin < bins; bin++, at++) {
      if (promptMs[at] === 0 && outputMs[at] === 0 && outputBesidePromptMs[at] === 0) continue;
      if (binFrom[i] === bins) binFrom[i] = bin;
      binTo[i] = bin + 1;
    }
  }
  return { binFrom, binTo };
}

type Change = readonly [ms: number, kind: number, call: number];

function changesInOrder(calls: Calls, { begins, startMs, firstMs }: Times): readonly Change[] {
  const changes: Change[] = [];
  for (let i = 0; i < calls.count; i++) {
    const endMs = calls.endMs[i]!;
    // A call that would have begun after its end spent no time in service.
    changes.push([Math.min(begins[i]!, endMs), BEGIN, i]);
    if (startMs[i]! < firstMs[i]!) changes.push([startMs[i]!, READ, i]);
    if (firstMs[i]! < endMs) changes.push([firstMs[i]!, FIRST, i]);
    changes.push([endMs, END, i]);
  }
  return changes.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
}

function peakOf(changes: readonly Change[]): number {
  let inside = 0;
  let peak = 1;
  for (const [, kind] of changes) {
    if (kind === BEGIN) peak = Math.max(peak, ++inside);
    else if (kind === END) inside--;
  }
  return peak;
}

/** The calls in a phase at the moment: constant-time add and remove. */
class ActiveList {
  length = 0;
  private readonly members: Int32Array;
  private readonly places: Int32Array;

  constructor(size: number) {
    this.members = new Int32Array(size);
    this.places = new Int32Array(size).fill(-1);
  }

  add(call: number): void {
    this.places[call] = this.length;
    this.members[this.length++] = call;
  }

  remove(call: number): void {
    const place = this.places[call]!;
    if (place < 0) return;
    const last = this.members[--this.length]!;
    this.members[place] = last;
    this.places[last] = place;
    this.places[call] = -1;
  }

  each(visit: (call: number) => void): void {
    for (let i = 0; i < this.length; i++) visit(this.members[i]!);
  }
}
