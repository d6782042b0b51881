/** Endpoints of foreign physics for calibration: they share no code with the simulator's capacity models. */
import type { CallRow } from "../../../simulator/calibrate/calls.ts";
import { purposeStream } from "../../../simulator/random/sampler.ts";

/** A call that a caller makes: instant and size in tokens. */
export interface Ask {
  readonly atMs: number;
  readonly input: number;
  readonly output: number;
}

/** An endpoint written from its own definition, in small time steps or as a simple queue. */
export interface Foreign {
  readonly name: string;
  /** Calls per second that keep it busy without a growing backlog. */
  readonly perS: number;
  /** First token and end of each, ms. */
  readonly serve: (asks: readonly Ask[], u: () => number) => readonly (readonly [firstMs: number, endMs: number])[];
}

/** Poisson calls of lognormal sizes. */
export function asksOf(seed: number, perS: number, count: number): readonly Ask[] {
  const stream = purposeStream(seed, "foreign/asks");
  const u = () => stream.next();
  let atMs = 0;
  return Array.from({ length: count }, () => {
    atMs += (-Math.log(1 - u()) * 1000) / perS;
    return {
      atMs,
      input: Math.max(5, Math.round(lognormal(u, 400, 0.8))),
      output: Math.max(1, Math.round(lognormal(u, 90, 0.7))),
    };
  });
}

/** The calls as the endpoint serves them. */
export function callsFrom(foreign: Foreign, asks: readonly Ask[], seed: number): readonly CallRow[] {
  const stream = purposeStream(seed, "foreign/service");
  const times = foreign.serve(asks, () => stream.next());
  return asks.map(({ atMs, input, output }, i) => ({
    atMs,
    firstMs: times[i]![0],
    endMs: Math.round(times[i]![1]),
    inputTokens: input,
    outputTokens: output,
    isServed: true,
  }));
}

export const FOREIGN: readonly Foreign[] = [
  {
    name: "workers in line, service by tokens",
    perS: 5.5,
    serve: (asks, u) =>
      workers(asks, 10, ({ input, output }) => {
        const noise = lognormal(u, 1, 0.2);
        return [(80 + 0.15 * input) * noise, (output - 1) * 9 * noise];
      }),
  },
  {
    name: "workers in line, two kinds of noise",
    perS: 5,
    serve: (asks, u) =>
      workers(asks, 12, ({ input, output }) => {
        const noise = u() < 0.1 ? 3 : 0.78;
        return [(120 + 0.1 * input) * lognormal(u, 1, 0.1), (output - 1) * 12 * noise];
      }),
  },
  {
    name: "steps with a token budget",
    perS: 8,
    serve: (asks) => steps(asks, { batch: 32, budget: 512, base: 8, each: 0.35, token: 0.03 }),
  },
  {
    name: "steps stopped by whole prompts",
    perS: 4.5,
    serve: (asks) => steps(asks, { batch: 64, budget: 1e9, base: 10, each: 0.5, token: 0.08 }),
  },
  {
    name: "steps with a small batch",
    perS: 5.5,
    serve: (asks) => steps(asks, { batch: 12, budget: 1024, base: 9, each: 0.2, token: 0.02 }),
  },
  { name: "shared rate with a cap", perS: 4, serve: (asks, u) => shared(asks, u, (n) => Math.min(1, 6 / n)) },
  { name: "shared rate, bent", perS: 5, serve: (asks, u) => shared(asks, u, (n) => 1 / (1 + 0.01 * n ** 1.5)) },
  {
    name: "latency set on arrival by the calls inside",
    perS: 5.5,
    serve: (asks, u) => {
      const ends: number[] = [];
      return asks.map(({ atMs, input, output }) => {
        const inside = ends.filter((end) => end > atMs).length;
        const slow = 1 + 0.008 * inside ** 1.5;
        const first = atMs + (150 + 0.2 * input) * slow * lognormal(u, 1, 0.3);
        const end = first + (output - 1) * 10 * slow * (u() < 0.05 ? 2.5 : 0.92);
        ends.push(end);
        return [first, end];
      });
    },
  },
  { name: "prompts one at a time, then tokens by load", perS: 5.5, serve: (asks, u) => twoStage(asks, u) },
  {
    name: "whole answers from workers",
    perS: 5.5,
    serve: (asks, u) =>
      workers(asks, 10, ({ input, output }) => [(60 + 0.1 * input + 9 * output) * lognormal(u, 1, 0.35), 0]),
  },
  {
    name: "no load effect, heavy tail",
    perS: 10,
    serve: (asks, u) =>
      asks.map(({ atMs, input, output }) => {
        const first = atMs + 100 + 0.12 * input + (u() < 0.03 ? 1500 * u() : 0) + 30 * u();
        return [first, first + (output - 1) * 11 * lognormal(u, 1, 0.5)];
      }),
  },
];

export function lognormal(u: () => number, mean: number, cv: number): number {
  const s2 = Math.log(1 + cv * cv);
  const normal = Math.sqrt(-2 * Math.log(1 - u())) * Math.cos(2 * Math.PI * u());
  return mean * Math.exp(Math.sqrt(s2) * normal - s2 / 2);
}

/** Each free worker takes the call that has waited longest. */
function workers(
  asks: readonly Ask[],
  count: number,
  service: (ask: Ask) => readonly [toFirst: number, rest: number],
): [number, number][] {
  const free = new Array<number>(count).fill(0);
  return asks.map((ask) => {
    const w = free.indexOf(Math.min(...free));
    const [toFirst, rest] = service(ask);
    const first = Math.max(free[w]!, ask.atMs) + toFirst;
    free[w] = first + rest;
    return [first, first + rest];
  });
}

interface StepSpec {
  readonly batch: number;
  /** Tokens of prompts and answers in a step at most. */
  readonly budget: number;
  readonly base: number;
  readonly each: number;
  readonly token: number;
}

/** A step engine: every step writes a token for each call past its prompt, and reads prompts in turn. */
function steps(asks: readonly Ask[], spec: StepSpec): [number, number][] {
  const out = asks.map((): [number, number] => [0, 0]);
  const line: number[] = [];
  const inside: { call: number; toRead: number; toWrite: number }[] = [];
  let next = 0;
  let now = 0;
  while (next < asks.length || line.length > 0 || inside.length > 0) {
    if (line.length === 0 && inside.length === 0) now = Math.max(now, asks[next]!.atMs);
    while (next < asks.length && asks[next]!.atMs <= now) line.push(next++);
    while (inside.length < spec.batch && line.length > 0) {
      const call = line.shift()!;
      inside.push({ call, toRead: asks[call]!.input, toWrite: asks[call]!.output });
    }
    const writing = inside.filter(({ toRead }) => toRead === 0);
    let budget = spec.budget - writing.length;
    let read = 0;
    const ready: typeof inside = [];
    for (const each of inside) {
      if (each.toRead === 0 || budget <= 0) continue;
      const part = Math.min(each.toRead, budget);
      each.toRead -= part;
      budget -= part;
      read += part;
      if (each.toRead === 0) ready.push(each);
    }
    now += spec.base + spec.each * (writing.length + ready.length) + spec.token * read;
    for (const each of [...writing, ...ready]) {
      if (each.toWrite === asks[each.call]!.output) out[each.call]![0] = now;
      if (--each.toWrite > 0) continue;
      out[each.call]![1] = now;
      inside.splice(inside.indexOf(each), 1);
    }
  }
  return out;
}

const TICK_MS = 1;

/** All inside go on at a rate that depends on how many they are; the first token comes when the prompt's work is done. */
function shared(asks: readonly Ask[], u: () => number, rate: (inside: number) => number): [number, number][] {
  const out = asks.map((): [number, number] => [0, 0]);
  const inside: { call: number; prompt: number; rest: number }[] = [];
  let next = 0;
  for (let now = 0; next < asks.length || inside.length > 0; now += TICK_MS) {
    while (next < asks.length && asks[next]!.atMs <= now) {
      const { input, output } = asks[next]!;
      inside.push({
        call: next++,
        prompt: (90 + 0.1 * input) * lognormal(u, 1, 0.1),
        rest: (output - 1) * 8 * lognormal(u, 1, 0.25),
      });
    }
    const done = TICK_MS * rate(inside.length);
    for (let i = inside.length - 1; i >= 0; i--) {
      const each = inside[i]!;
      if (each.prompt > 0) {
        each.prompt -= done;
        if (each.prompt <= 0) out[each.call]![0] = now + TICK_MS;
      } else each.rest -= done;
      if (each.prompt > 0 || each.rest > 0) continue;
      out[each.call]![1] = now + TICK_MS;
      inside.splice(i, 1);
    }
  }
  return out;
}

/** Prompts one at a time; then each token takes longer the more calls decode, with noise at every token. */
function twoStage(asks: readonly Ask[], u: () => number): [number, number][] {
  let free = 0;
  const firsts = asks.map(({ atMs, input }) => {
    free = Math.max(free, atMs) + 20 + 0.18 * input * (0.8 + 0.4 * u());
    return free;
  });
  const out = firsts.map((first): [number, number] => [first, first]);
  const writing: { call: number; left: number; at: number }[] = [];
  let next = 0;
  for (let now = 0; next < asks.length || writing.length > 0; now += TICK_MS) {
    while (next < asks.length && firsts[next]! <= now) {
      writing.push({ call: next, left: asks[next]!.output - 1, at: now });
      next++;
    }
    for (let i = writing.length - 1; i >= 0; i--) {
      const each = writing[i]!;
      while (each.at <= now && each.left > 0) {
        each.at += 10 * (1 + 0.05 * writing.length) * (0.5 + u());
        each.left--;
      }
      if (each.left > 0 || each.at > now) continue;
      out[each.call]![1] = Math.max(firsts[each.call]!, each.at);
      writing.splice(i, 1);
    }
  }
  return out;
}
