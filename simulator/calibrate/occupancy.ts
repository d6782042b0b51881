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
 * Who was where when, read off the measurement itself: when the service of each call began if so many were served at a
 * time, first come, first served, and how long each part of it ran beside how many others.
 */
export interface Occupancy {
  /** Service began, ms. With prompts read one at a time: when its own prompt's turn came. */
  readonly startMs: Float64Array;
  /** Calls in service when it began, itself among them. */
  readonly atStart: Float64Array;
  /** Calls that a bin stands for. */
  readonly binCalls: Float64Array;
  /** Time that a call's prompt part spent in each bin, ms: `call * bins + bin`. */
  readonly promptMs: Float64Array;
  /** The same of its output part, while no prompt was being read, and while one was. */
  readonly outputMs: Float64Array;
  readonly outputBesidePromptMs: Float64Array;
}

export interface OccupancyOptions {
  readonly servers: number;
  readonly isSerial: boolean;
  readonly counts: "all" | "decoding";
  /** The whole of each call counts as its prompt part. */
  readonly isWhole: boolean;
}

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

/** Variants share the last few readings of the same calls; each takes some megabytes. */
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
 * Service starts under first come, first served: the call waits until fewer than `servers` of those before it are
 * left, so until the servers-th latest of their ends.
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

/** Prompts are read one after the other, in order of arrival. */
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
  /** Service begins; the prompt's turn comes; the first token leaves. */
  readonly begins: Float64Array;
  readonly startMs: Float64Array;
  readonly firstMs: Float64Array;
}

/** Kinds of change, in the order in which those of one instant take place. */
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
  return { startMs, atStart, binCalls, promptMs, outputMs, outputBesidePromptMs };
}

type Change = readonly [ms: number, kind: number, call: number];

function changesInOrder(calls: Calls, { begins, startMs, firstMs }: Times): readonly Change[] {
  const changes: Change[] = [];
  for (let i = 0; i < calls.count; i++) {
    const endMs = calls.endMs[i]!;
    // A call that, by this reading, began after it had ended was there for no time at all.
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

/** Who is in a phase now. */
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
