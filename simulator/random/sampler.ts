/**
 * Draws: sequential streams of uniforms, one per purpose; a law compiled into a table of its quantile function; blocks of
 * draws of a law; and draws of discrete values.
 */
import xor128 from "seedrandom/lib/xor128.js";
import { invariant } from "../base/errors.ts";
import { purposeKey, type RandomStream } from "./keyed-random.ts";
import type { Law, Sampler } from "./law.ts";

/** Uniforms come in steps no finer than 2^-53; quantile functions are never asked for 0 or 1. */
const SMALLEST = 2 ** -54;
const LARGEST = 1 - 2 ** -53;

/** The middle of the unit interval, [1/16, 15/16), in equal cells. */
const CENTRE_FROM = 1 / 16;
const CENTRE_CELLS = 4096;
const CENTRE_SCALE = CENTRE_CELLS / (1 - 2 * CENTRE_FROM);

/** Each tail: octaves [2^-(k+1), 2^-k) for k = 4 to 23, equal cells within each; beyond, the exact quantile. */
const FIRST_OCTAVE = 4;
const OCTAVES = 20;
const TAIL_END = 2 ** -(FIRST_OCTAVE + OCTAVES);
const OCTAVE_CELLS = 256;
const OCTAVE_NODES = OCTAVE_CELLS + 1;
const LOWER = CENTRE_CELLS + 1;
const UPPER = LOWER + OCTAVES * OCTAVE_NODES;
const NODES = UPPER + OCTAVES * OCTAVE_NODES;

/**
 * Compiles a law into a table of its quantile function: exact at the nodes, straight lines between them. Cells shrink
 * by octaves towards both ends, so that an exponential's quantiles and mean are within 1e-6, at a few nanoseconds a
 * draw. Costs about 14,000 quantile evaluations, once for each law object.
 *
 * @param draws about how many values will be drawn; for few of them no table is made, and the values are the same
 * @throws MeridianError INVARIANT_BROKEN for a law whose quantiles are not finite
 */
export function compileSampler(law: Law, draws = Number.POSITIVE_INFINITY): Sampler {
  if (law.sample !== undefined) return law.sample;
  let sampler = COMPILED.get(law);
  if (sampler === undefined) {
    if (draws < TABLE_DRAWS_MIN) return (u) => drawWithoutTable(law, u);
    const table = tableOf(law);
    TABLES.set(law, table);
    sampler = tableSampler(table, law.quantile);
    COMPILED.set(law, sampler);
  }
  return sampler;
}

/** Samplers hold no state, so one per law serves every class, replication and strategy. */
const COMPILED = new WeakMap<Law, Sampler>();
const TABLES = new WeakMap<Law, Float64Array>();

function tableSampler(table: Float64Array, quantile: Sampler): Sampler {
  return (u) => (isCentral(u) ? centreAt(table, u) : tailAt(table, quantile, u));
}

function isCentral(u: number): boolean {
  return u >= CENTRE_FROM && u <= 1 - CENTRE_FROM;
}

function centreAt(table: Float64Array, u: number): number {
  const x = (u - CENTRE_FROM) * CENTRE_SCALE;
  const i = x | 0;
  const a = table[i]!;
  return a + (x - i) * (table[i + 1]! - a);
}

function tailAt(table: Float64Array, quantile: Sampler, u: number): number {
  const v = u < 0.5 ? u : 1 - u;
  if (v < TAIL_END) return quantile(u < SMALLEST ? SMALLEST : Math.min(u, LARGEST));
  const octave = Math.clz32(v * 2 ** 32);
  const x = (v * OCTAVE_SCALE[octave]! - 1) * OCTAVE_CELLS;
  const i = x | 0;
  const j = (u < 0.5 ? LOWER : UPPER) + (octave - FIRST_OCTAVE) * OCTAVE_NODES + i;
  const a = table[j]!;
  return a + (x - i) * (table[j + 1]! - a);
}

/**
 * Draws many values at once: `count` values of the law into `out`, one per uniform. They are the same as the law's
 * sampler gives, and faster, since the loop over the table is one function for all laws.
 */
export type BlockSampler = (uniforms: Float64Array, out: Float64Array, count: number) => void;

/** The block form of `compileSampler`. */
export function compileBlockSampler(law: Law): BlockSampler {
  const sample = compileSampler(law);
  const table = TABLES.get(law);
  if (table === undefined) {
    return (uniforms, out, count) => {
      for (let n = 0; n < count; n++) out[n] = sample(uniforms[n]!);
    };
  }
  return (uniforms, out, count) => {
    for (let n = 0; n < count; n++) {
      const u = uniforms[n]!;
      out[n] = isCentral(u) ? centreAt(table, u) : tailAt(table, law.quantile, u);
    }
  };
}

/** A table costs as much as so many draws that compute both ends of their cell. */
const TABLE_DRAWS_MIN = 5000;

/** The same value as from the table. */
function drawWithoutTable(law: Law, u: number): number {
  if (isCentral(u)) {
    const x = (u - CENTRE_FROM) * CENTRE_SCALE;
    const i = x | 0;
    const a = finiteQuantile(law, centreNode(i));
    return a + (x - i) * (finiteQuantile(law, centreNode(i + 1)) - a);
  }
  const v = u < 0.5 ? u : 1 - u;
  if (v < TAIL_END) return law.quantile(u < SMALLEST ? SMALLEST : Math.min(u, LARGEST));
  const octave = Math.clz32(v * 2 ** 32);
  const x = (v * OCTAVE_SCALE[octave]! - 1) * OCTAVE_CELLS;
  const i = x | 0;
  const [low, high] = [tailNode(octave, i), tailNode(octave, i + 1)];
  const a = finiteQuantile(law, u < 0.5 ? low : 1 - low);
  return a + (x - i) * (finiteQuantile(law, u < 0.5 ? high : 1 - high) - a);
}

/** Where on the unit interval the nodes of the centre lie. */
function centreNode(i: number): number {
  return CENTRE_FROM + i / CENTRE_SCALE;
}

/** The same of the lower tail; those of the upper one are as far from 1. */
function tailNode(octave: number, i: number): number {
  return 2 ** -(octave + 1) * (1 + i / OCTAVE_CELLS);
}

function finiteQuantile(law: Law, u: number): number {
  const value = law.quantile(u);
  invariant(Number.isFinite(value), `the quantiles of ${law.name} are finite`);
  return value;
}

/** 2^(k+1) for octave k, so that v·scale lies in [1, 2). */
const OCTAVE_SCALE = Float64Array.from({ length: 33 }, (_, k) => 2 ** (k + 1));

function tableOf(law: Law): Float64Array {
  const table = new Float64Array(NODES);
  for (let i = 0; i <= CENTRE_CELLS; i++) table[i] = law.quantile(centreNode(i));
  for (let octave = 0; octave < OCTAVES; octave++) {
    for (let i = 0; i <= OCTAVE_CELLS; i++) {
      const v = tailNode(FIRST_OCTAVE + octave, i);
      table[LOWER + octave * OCTAVE_NODES + i] = law.quantile(v);
      table[UPPER + octave * OCTAVE_NODES + i] = law.quantile(1 - v);
    }
  }
  invariant(table.every(Number.isFinite), `the quantiles of ${law.name} are finite`);
  return table;
}

/**
 * Samples discrete values: the first whose cumulative share exceeds u. A guide table starts the search near its end,
 * so a draw costs a few nanoseconds however many values there are.
 *
 * @param values the values in the order of their shares
 * @param upTo   cumulative share up to and including each value, ascending, the last one 1
 */
export function stepSampler(values: Float64Array, upTo: Float64Array): Sampler {
  const last = values.length - 1;
  const cells = Math.min(65_536, Math.max(16, values.length));
  const guide = new Int32Array(cells);
  for (let cell = 0, i = 0; cell < cells; cell++) {
    while (i < last && upTo[i]! <= cell / cells) i++;
    guide[cell] = i;
  }
  return (u) => {
    let i = guide[(u * cells) | 0]!;
    while (i < last && upTo[i]! <= u) i++;
    return values[i]!;
  };
}

/**
 * Cumulative shares of relative weights; the last is exactly 1.
 *
 * @example [...cumulativeShares([1, 2, 1])] // => [0.25, 0.75, 1]
 */
export function cumulativeShares(weights: ArrayLike<number>): Float64Array {
  const upTo = new Float64Array(weights.length);
  let total = 0;
  for (let i = 0; i < upTo.length; i++) upTo[i] = total += weights[i]!;
  for (let i = 0; i < upTo.length; i++) upTo[i] = i === upTo.length - 1 ? 1 : upTo[i]! / total;
  return upTo;
}

/** A stream that can also be drawn from in blocks, at about 1 ns a draw. */
export interface BlockStream extends RandomStream {
  /** Writes the next `count` uniforms to the head of `out`: the same numbers that as many calls of `next` give. */
  fill(out: Float64Array, count: number): void;
}

/**
 * The stream of one purpose: `purposeStream(seed, "chat/arrivals")`. Streams of different seeds or purposes are
 * independent, and a new purpose changes no draws of another.
 *
 * The generator is xor128 (G. Marsaglia, "Xorshift RNGs", 2003) as seedrandom seeds it, with 32 random bits a draw.
 * It is linear in its seed, so seed and purpose are hashed first; otherwise four streams with related names would
 * cancel out.
 */
export function purposeStream(seed: number, purpose: string): BlockStream {
  let key = "";
  for (let word = 0; word < 4; word++) {
    key += (purposeKey(seed, `${purpose}#${word}`) >>> 0).toString(16).padStart(8, "0");
  }
  return new Xor128(xor128(key, { state: true }).state());
}

/**
 * seedrandom's recurrence on its own state: a closure for each stream is not inlined where several streams meet and
 * then costs five times as much. Gives the same numbers as the package's generator.
 */
class Xor128 implements BlockStream {
  declare private x: number;
  declare private y: number;
  declare private z: number;
  declare private w: number;

  constructor({ x, y, z, w }: { x: number; y: number; z: number; w: number }) {
    this.x = x;
    this.y = y;
    this.z = z;
    this.w = w;
  }

  next(): number {
    const t = this.x ^ (this.x << 11);
    this.x = this.y;
    this.y = this.z;
    this.z = this.w;
    this.w ^= (this.w >>> 19) ^ t ^ (t >>> 8);
    return (this.w >>> 0) * TO_UNIT;
  }

  fill(out: Float64Array, count: number): void {
    let { x, y, z, w } = this;
    for (let i = 0; i < count; i++) {
      const t = x ^ (x << 11);
      x = y;
      y = z;
      z = w;
      w ^= (w >>> 19) ^ t ^ (t >>> 8);
      out[i] = (w >>> 0) * TO_UNIT;
    }
    this.x = x;
    this.y = y;
    this.z = z;
    this.w = w;
  }
}

const TO_UNIT = 1 / 2 ** 32;

/** Most values of one block: few enough to stay in the processor's first-level cache. */
export const BLOCK = 1024;

/**
 * Draws values of a law in blocks: `draw(count)` gives the next `count` values (at most `BLOCK`) in a buffer that the
 * next call overwrites. Cutting the draws into blocks differently gives the same sequence.
 */
export function blockDraw(law: Law, stream: BlockStream): (count: number) => Float64Array {
  const sample = compileBlockSampler(law);
  const uniforms = new Float64Array(BLOCK);
  const values = new Float64Array(BLOCK);
  return (count) => {
    stream.fill(uniforms, count);
    sample(uniforms, values, count);
    return values;
  };
}
