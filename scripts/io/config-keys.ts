/**
 * Keys of a configuration: which are known at a path of its zod schema and what the documentation says of a value; of one that
 * is unknown or missing, which was meant, or where it belongs.
 */
import type { Problem } from "../../simulator/base/errors.ts";
import { nearNames, suggest } from "../../simulator/base/near-names.ts";
import { anotherName, kindAsKey, levelLeftOut } from "./meant-forms.ts";
import type { KeyContext, Placed } from "./placed-problem.ts";
import { isMapAt, valueAt } from "./schema-map.ts";
import { type ConfigPath, formatPath, guessIn } from "./yaml-source.ts";

/**
 * A misspelt key is one mistake, but zod reports it up to three times: the key is unknown, the right one is missing,
 * and the map around it fails its own check. Keeps the first.
 */
export function withoutEchoes(all: readonly Placed[]): readonly Placed[] {
  const echoed = new Set<string>();
  for (const { problem, path, meant, isName } of all) {
    if (isName === true) echoed.add(`SCENARIO_INVALID_VALUE ${formatPath(path.slice(0, -1))}`);
    if (meant !== undefined) echoed.add(`SCENARIO_MISSING_KEY ${formatPath(meant)}`);
    if (problem.code !== "SCENARIO_UNKNOWN_KEY") continue;
    const parent = path.slice(0, -1);
    echoed.add(`SCENARIO_INVALID_VALUE ${formatPath(parent)}`);
    const guess = guessIn(problem.fix);
    if (guess !== undefined) echoed.add(`SCENARIO_MISSING_KEY ${formatPath([...parent, guess])}`);
  }
  const left = all.filter(({ problem, path }) => !echoed.has(`${problem.code} ${formatPath(path)}`));
  return renamed(onePerPlace(withoutBroken(withoutRest(left))));
}

/** Where one problem says how a map is written, what is said of the map's other keys is an echo. */
function withoutRest(all: readonly Placed[]): readonly Placed[] {
  const speakers = new Map<string, Placed>();
  for (const each of all) {
    const map = formatPath(each.path.slice(0, -1));
    if (each.isWhole === true && !speakers.has(map)) speakers.set(map, each);
  }
  return all.filter((each) => {
    const speaker = speakers.get(formatPath(each.path.slice(0, -1)));
    return speaker === undefined || each === speaker || each.problem.code !== "SCENARIO_UNKNOWN_KEY";
  });
}

/** A comma that was to be part of a number has broken it in two: what is said of the first half is false. */
function withoutBroken(all: readonly Placed[]): readonly Placed[] {
  const broken = all.flatMap(({ path, isHalf }) => (isHalf === true ? [formatPath(path.slice(0, -1))] : []));
  return all.filter(({ path, isHalf }) => isHalf === true || !broken.includes(formatPath(path.slice(0, -1))));
}

/** Of a value that breaks several rules the one that says what to write, or else the first. */
function onePerPlace(all: readonly Placed[]): readonly Placed[] {
  const isWrong = ({ problem }: Placed) => problem.code === "SCENARIO_INVALID_VALUE";
  return all.filter((each) => {
    if (!isWrong(each)) return true;
    const here = all.filter((other) => isWrong(other) && formatPath(other.path) === formatPath(each.path));
    return each === (here.find(({ problem }) => problem.fix?.startsWith("write ")) ?? here[0]);
  });
}

/** Where a map has one key too many and one too few, one was meant as the other. */
function renamed(all: readonly Placed[]): readonly Placed[] {
  const inMap = (code: string, { path }: Placed) =>
    all.filter(
      (each) => each.problem.code === code && formatPath(each.path.slice(0, -1)) === formatPath(path.slice(0, -1)),
    );
  return all.flatMap((each) => {
    const unknown = inMap("SCENARIO_UNKNOWN_KEY", each);
    const missing = inMap("SCENARIO_MISSING_KEY", each);
    const isPair = unknown.length === 1 && missing.length === 1 && each.path.length > 0;
    if (!isPair || guessIn(unknown[0]!.problem.fix) !== undefined || unknown[0]!.meant !== undefined) return [each];
    if (each === missing[0]) return [];
    if (each !== unknown[0]) return [each];
    const fix = `did you mean "${missing[0]!.path.at(-1)}"?`;
    return [{ ...each, problem: { ...each.problem, fix } }];
  });
}

export function unknownKey(path: ConfigPath, key: string, context: KeyContext): Placed {
  const half = brokenNumber(path, key, context);
  if (half !== undefined) return half;
  const named = nameAsKey(path, key, context);
  if (named !== undefined) return named;
  const known = context.schema.keysAt(path);
  const kind = kindAsKey(path, key, context);
  if (kind !== undefined) return kind;
  const below = ownerBelow(path, key, context);
  const another = below === undefined ? anotherName(key, known) : undefined;
  const owner = below ?? (another === undefined ? ownerAbove(path, key, context) : undefined);
  if (owner === undefined && another === undefined && nearNames(key, known).length === 0) {
    const left = levelLeftOut(path, key, context);
    if (left !== undefined) return left;
  }
  const where = context.where([...path, key]);
  const fix = owner === undefined ? suggest(another ?? key, known) : ownerFix(key, owner, path);
  const problem = known.includes(key)
    ? wrongKind(path, key, where, context)
    : { code: "SCENARIO_UNKNOWN_KEY", what: `unknown key "${key}"`, where, fix };
  return { problem, path: [...path, key], meant: owner && [...owner, key] };
}

/** `west: { weighted: ... }` where `{ name: west, weighted: ... }` is meant: a name as the key of what it names. */
function nameAsKey(path: ConfigPath, key: string, { value, schema, where }: KeyContext): Placed | undefined {
  const known = schema.keysAt(path);
  const at: ConfigPath = [...path, key];
  const below = isMapAt(value, at) ? Object.keys(valueAt(value, at) as object) : [];
  if (!known.includes("name") || known.includes(key) || below.length === 0) return undefined;
  if (!below.every((each) => each !== "name" && known.includes(each))) return undefined;
  const fix = `write { name: ${key}, ${below.map((each) => `${each}: ...`).join(", ")} }`;
  const what = `unknown key "${key}": a name is no key`;
  return { problem: { code: "SCENARIO_UNKNOWN_KEY", what, where: where(at), fix }, path: at, isName: true };
}

/** The half of a number after a comma, which YAML takes for another entry: `{ input: 1,200 }`. */
function brokenNumber(path: ConfigPath, key: string, context: KeyContext): Placed | undefined {
  const map = valueAt(context.value, path);
  if (!/^\d/.test(key) || typeof map !== "object" || map === null) return undefined;
  if ((map as Record<string, unknown>)[key] !== null) return undefined;
  const halves = Object.entries(map).filter(([, value]) => Number.isInteger(value));
  const joined = ([name, before]: readonly [string, unknown]) =>
    `${name}: ${before}${/^\d{3}(?!\d)/.test(key) ? "" : "."}${key}`;
  // A map does not keep the place of a key that is a whole number.
  const fix = halves.length === 0 ? "write thousands without a comma" : `write ${halves.map(joined).join(", or ")}`;
  const what = `a comma begins the next entry here, and "${key}" is none`;
  return {
    problem: { code: "SCENARIO_UNKNOWN_KEY", what, where: context.where([...path, key]), fix },
    path: [...path, key],
    isHalf: true,
  };
}

/** A key that another form of the same block knows, such as that of another kind. */
function wrongKind(path: ConfigPath, key: string, where: string, { value }: KeyContext): Problem {
  const kind = valueAt(value, [...path, "kind"]);
  const what =
    typeof kind === "string"
      ? `a ${formatPath(path.slice(-1))} of kind ${kind} has no "${key}"`
      : `"${key}" does not go with what stands beside it`;
  return {
    code: "SCENARIO_UNKNOWN_KEY",
    what,
    where,
    fix: "remove it, or take the form that has it; see docs/reference/scenario.md",
  };
}

function ownerFix(key: string, owner: ConfigPath, path: ConfigPath): string {
  if (owner.length > path.length) return `indent it, so that it stands below ${formatPath(owner)}`;
  return owner.length === 0
    ? `move it to the left: ${key} is a key of the scenario itself`
    : `move it to the left, below ${formatPath(owner)}`;
}

/** The value beside a key, or in the last item of a list there, that may hold it: the key has slipped to the left. */
function ownerBelow(path: ConfigPath, key: string, { value, schema }: KeyContext, depth = 2): ConfigPath | undefined {
  const here = valueAt(value, path);
  if (depth === 0 || typeof here !== "object" || here === null) return undefined;
  const steps = Array.isArray(here) ? (here.length > 0 ? [here.length - 1] : []) : Object.keys(here).slice(0, 100);
  const below = steps.filter((step) => step !== key).map((step): ConfigPath => [...path, step]);
  const owner = below.find((each) => isMapAt(value, each) && schema.keysAt(each).includes(key));
  if (owner !== undefined) return owner;
  for (const each of below) {
    const found = ownerBelow(each, key, { value, schema } as KeyContext, depth - 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The nearest value around a key that may hold it: the key has slipped to the right. */
function ownerAbove(path: ConfigPath, key: string, { value, schema }: KeyContext): ConfigPath | undefined {
  for (let length = path.length - 1; length >= 0; length--) {
    const each = path.slice(0, length);
    // A key that stands there already was not to be there once more.
    const isFree = isMapAt(value, each) && !Object.hasOwn(valueAt(value, each) as object, key);
    if (isFree && schema.keysAt(each).includes(key)) return each;
  }
  return undefined;
}

export function missingKey(path: ConfigPath, context: KeyContext): Placed {
  const description = context.schema.descriptionAt(path);
  const words = context.schema.wordsAt(path);
  const oneOf = words.length === 0 ? "" : `, one of ${words.join(", ")}`;
  const problem = {
    code: "SCENARIO_MISSING_KEY",
    what: `${formatPath(path.slice(-1))} is missing`,
    where: context.where(path),
    fix: description === undefined ? `add ${formatPath(path.slice(-1))}${oneOf}` : `add it: ${description}`,
  };
  return { problem, path };
}
