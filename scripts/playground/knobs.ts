/**
 * What people turn first: load, price swing, quotas, a latency ceiling, the share of traffic that may move. Each knob
 * knows where it stands in a scenario, and writes its new value there, so that what is shown can be saved as a file.
 */
import { MeridianError, type Problem } from "../../simulator/base/errors.ts";
import { parseCount, parseDurationMs, parseShare } from "../../simulator/base/quantities.ts";
import { applyOverrides, type Override, writeOutAliases } from "../io/overrides.ts";
import { toPlain } from "../io/yaml-aliases.ts";
import { parseYaml, type YamlSource } from "../io/yaml-source.ts";
import { type Block, blockAt, entryOf, isBlock, listOf, stayingTraffic, timesFactor } from "./staying-traffic.ts";

export interface Knob {
  readonly id: string;
  readonly label: string;
  readonly unit: "times" | "share" | "seconds";
  readonly min: number;
  readonly max: number;
  /** Log: equal steps are equal factors. */
  readonly scale: "linear" | "log";
  /** What the scenario says as it is written. */
  readonly value: number;
  /** Why it cannot be turned; undefined where it can. */
  readonly fixed?: string;
  /** What a reader should know of how it is turned. */
  readonly hint?: string;
}

/** Values by the knob's id; a knob without one stands as the scenario says. */
export type KnobValues = Readonly<Record<string, number>>;

/** The scenario's knobs. @param plain the scenario as its YAML parses; anything else has no knobs */
export function knobsOf(plain: unknown): readonly Knob[] {
  if (!isBlock(plain)) return [];
  return [loadKnob(plain), swingKnob(plain), quotaKnob(plain), ...ceilingKnobs(plain), movableKnob(plain)];
}

/** What the values change in the scenario, as values put over its own. */
export function turned(plain: unknown, values: KnobValues): readonly Override[] {
  if (!isBlock(plain)) return [];
  const moved = (knob: Knob) => knob.fixed === undefined && (values[knob.id] ?? knob.value) !== knob.value;
  return knobsOf(plain)
    .filter(moved)
    .flatMap(({ id }) => changes(plain, id, values[id]!));
}

function changes(plain: Block, id: string, value: number): readonly Override[] {
  const origin = `slider ${id}`;
  if (id === "swing") return [{ path: ["world", "prices", "hourly"], value: hourlyOf(plain, value), origin }];
  if (id === "load") return [{ path: ["load"], value: timesFactor(plain.load, value), origin }];
  if (id === "movable") return stayingChanges(plain, value);
  if (id === "quota")
    return listOf(blockAt(plain, "world").quotas).flatMap((quota, i) =>
      isBlock(quota) ? [{ path: ["world", "quotas", i], value: scaledQuota(quota, value), origin }] : [],
    );
  const strategy = /^ceiling-(\d+)$/.exec(id)?.[1];
  if (strategy === undefined) return [];
  const at = Number(strategy);
  const { kind } = entryOf(listOf(plain.strategies)[at]);
  return [{ path: ["strategies", at, kind, "p95"], value: `${Math.round(value * 1_000)}ms`, origin }];
}

function stayingChanges(plain: Block, share: number): readonly Override[] {
  const before = listOf(plain.traffic);
  const { traffic } = stayingTraffic(plain, before, share);
  return traffic.flatMap((value, i) =>
    value === before[i] ? [] : [{ path: ["traffic", i], value, origin: "slider movable" }],
  );
}

function loadKnob(plain: Block): Knob {
  return {
    ...{ id: "load", label: "Load", unit: "times", min: 0.1, max: 10, scale: "log", value: 1 },
    ...(listOf(plain.traffic).some(isBlock) ? {} : { fixed: "there is no traffic" }),
  };
}

const FROM_TO = { unit: "share", min: 0, scale: "linear" } as const;

function swingKnob(plain: Block): Knob {
  const { hourly } = blockAt(plain, "world", "prices");
  const base = { id: "swing", label: "Price swing over the day", ...FROM_TO, max: 0.9 } as const;
  const hint = "A what-if: AWS publishes no price by the hour.";
  if (hourly === undefined || hourly === "flat") {
    return { ...base, value: 0, hint: `${hint} Peak above trough, at 15:00 local.` };
  }
  const { reading, share } = swingOf(hourly);
  if (share === undefined) return { ...base, value: 0, fixed: "prices follow a table or a recording" };
  return { ...base, value: Math.min(base.max, share), hint: `${hint} Reading: ${READINGS[reading] ?? reading}.` };
}

const READINGS: Readonly<Record<string, string>> = {
  peakToTrough: "peak above trough",
  troughBelowPeak: "trough below peak",
  plusMinus: "up and down from the mean",
  amplitude: "up and down from the mean",
};

function swingOf(hourly: unknown): { readonly reading: string; readonly share?: number } {
  const sine = blockAt(hourly, "sine");
  const swing = sine.swing === undefined ? { amplitude: sine.amplitude } : blockAt(sine, "swing");
  const [reading, text] = Object.entries(swing)[0] ?? ["", undefined];
  const value = text === undefined ? undefined : parseShare(String(text));
  if (value === undefined) return { reading };
  return { reading, share: reading === "peakToTrough" && !String(text).includes("%") ? value - 1 : value };
}

/** The hourly prices of a swing, in the reading and with the peak that the scenario has. */
function hourlyOf(plain: Block, share: number): unknown {
  if (share < 0.005) return "flat";
  const { hourly } = blockAt(plain, "world", "prices");
  const percent = `${Math.round(share * 1_000) / 10}%`;
  if (!isBlock(hourly)) return { sine: { swing: { peakToTrough: percent }, peakAt: "15:00 local" } };
  const sine = blockAt(hourly, "sine");
  const { reading } = swingOf(hourly);
  if (reading === "amplitude") return { sine: { ...sine, amplitude: percent } };
  return { sine: { ...sine, swing: { [reading]: percent } } };
}

function quotaKnob(plain: Block): Knob {
  const quotas = listOf(blockAt(plain, "world").quotas).filter(isBlock);
  const limited = quotas.some((quota) => LIMITS.some((key) => scaledLimit(quota[key], 2) !== quota[key]));
  return {
    ...{ id: "quota", label: "Quotas", unit: "times", min: 0.1, max: 10, scale: "log", value: 1 },
    ...(limited ? {} : { fixed: "the scenario states no limit" }),
  };
}

const LIMITS = ["tokensPerMinute", "tokensPerDay", "requests"] as const;

function scaledQuota(quota: Block, factor: number): Block {
  const scaled = LIMITS.filter((key) => quota[key] !== undefined).map((key) => [key, scaledLimit(quota[key], factor)]);
  return { ...quota, ...Object.fromEntries(scaled) };
}

function scaledLimit(limit: unknown, factor: number): unknown {
  if (isBlock(limit)) {
    const { burst, ...rest } = limit;
    const own = burst === undefined ? {} : { burst: scaledLimit(burst, factor) };
    return { ...rest, limit: scaledLimit(limit.limit, factor), ...own };
  }
  const count = limit === undefined ? undefined : parseCount(String(limit));
  return count === undefined ? limit : Math.max(1, Math.round(count * factor));
}

/** One for each strategy that states a ceiling. */
function ceilingKnobs(plain: Block): readonly Knob[] {
  const found = listOf(plain.strategies).flatMap((strategy, at): Knob[] => {
    const { kind, label, options } = entryOf(strategy);
    const ms = options.p95 === undefined ? undefined : parseDurationMs(String(options.p95));
    if (ms === undefined || ms <= 0) return [];
    const seconds = ms / 1_000;
    return [
      {
        ...{ id: `ceiling-${at}`, label: `Latency ceiling of ${label}`, unit: "seconds", scale: "log" },
        ...{ min: seconds / 4, max: seconds * 4, value: seconds },
        ...(label === kind ? {} : { hint: "The strategy keeps its name, whatever that says." }),
      },
    ];
  });
  if (found.length > 0) return found;
  const fixed = "no strategy states one: cheapest-within: { p95: 8s }";
  return [{ id: "ceiling", label: "Latency ceiling", unit: "seconds", min: 1, max: 60, scale: "log", value: 1, fixed }];
}

function movableKnob(plain: Block): Knob {
  const base = {
    id: "movable",
    label: "Traffic that may leave its home region",
    ...FROM_TO,
    max: 1,
    value: 1,
  } as const;
  const { traffic, left } = stayingTraffic(plain, listOf(plain.traffic), 0.5);
  if (traffic.length === listOf(plain.traffic).length)
    return {
      ...base,
      fixed: left.length === 0 ? "there is no traffic" : `no target in the home region of ${left.join(", ")}`,
    };
  const without = left.length === 0 ? "" : ` Without ${left.join(", ")}.`;
  return { ...base, hint: `The rest of each class may use targets of its callers' main region only.${without}` };
}

/** A text that parses as YAML; whether it is a scenario is not known. */
export interface ScenarioText {
  readonly text: string;
  readonly plain: unknown;
}

/**
 * Parses a text for the knobs. Repeated parts (aliases) are written out, since a knob may change one of them alone.
 *
 * @returns the text, or what is wrong with it as YAML
 */
export function scenarioText(text: string, file: string): ScenarioText | readonly Problem[] {
  const source = parseYaml(text, file);
  if (!("document" in source)) return source;
  const plain = toPlain(source.document, file);
  if ("problem" in plain) return [plain.problem];
  return {
    text: writeOutAliases(source.document) ? source.document.toString({ lineWidth: 0 }) : text,
    plain: plain.value,
  };
}

/**
 * The text with the values of the knobs.
 *
 * @param values by the knob's id
 * @throws MeridianError usage SET_NO_PLACE where a value has no place to go
 */
export function turnedText({ text, plain }: ScenarioText, file: string, values: KnobValues): string {
  const overrides = turned(plain, values);
  if (overrides.length === 0) return text;
  const source = parseYaml(text, file) as YamlSource;
  const { problems } = applyOverrides(source, overrides);
  if (problems.length > 0) throw new MeridianError("usage", problems);
  return source.document.toString({ lineWidth: 0 });
}
