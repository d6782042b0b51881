/** A strategy of the user's own, from its code: the same text runs in Node, in a worker, in k6 and in a browser. */
import { MeridianError, type Problem } from "../base/errors.ts";
import { defineStrategy } from "./define-strategy.ts";
import { SHED, type Strategy, type StrategyDefinition, type TargetView } from "./strategy.ts";

/** Definitions by their code: many routers are made of one. */
const known = new Map<string, StrategyDefinition>();

/**
 * The definition that a bundled script exports, with every choice of its instances checked.
 *
 * @param source a script that sets the variable `exported` to the module's exports, as a bundler writes it
 * @param name   of the file, for messages
 * @throws MeridianError (usage) STRATEGY_FILE when the code fails or exports no strategy; STRATEGY_DEFINITION
 */
export function strategyFromSource(source: string, name: string): StrategyDefinition {
  const before = known.get(source);
  if (before !== undefined) return before;
  const exported = run(source, name);
  const found = exported.default ?? exported.strategy ?? Object.values(exported).find(isDefinition);
  if (!isDefinition(found)) {
    const what = `${name} exports no strategy (it exports ${Object.keys(exported).join(", ") || "nothing"})`;
    throw fault(name, what, "export one object with name, summary, options, signals and create");
  }
  const definition = checked(defineStrategy(found), name);
  known.set(source, definition);
  return definition;
}

/** Globals that would make a run unrepeatable, or that k6 does not have. It is a help, not a prison. */
const SHADOWED = ["Date", "performance", "crypto", "setTimeout", "setInterval", "fetch", "process", "globalThis"];

/** A strategy's code as a function of the names that it may not reach, which it gets as undefined, and of `Math`. */
type StrategyScript = (math: Math) => unknown;

/** Scripts that were made ahead of time, by code. */
const prepared = new Map<string, StrategyScript>();

/**
 * The text of a function that runs a strategy's code: for pages whose policy lets no text be run as code, which get it as
 * a part of their own script and hand it to `prepareStrategy`.
 */
export function strategyScriptText(source: string): string {
  return `function(${["Math", ...SHADOWED].join()}){${bodyOf(source)}}`;
}

/** From now on a strategy of this code is run by this function, made of `strategyScriptText`. */
export function prepareStrategy(source: string, script: (math: Math) => unknown): void {
  prepared.set(source, script);
}

function bodyOf(source: string): string {
  return `"use strict";\n${source}\nreturn exported;`;
}

function scriptOf(source: string, name: string): StrategyScript {
  const known = prepared.get(source);
  if (known !== undefined) return known;
  try {
    return new Function("Math", ...SHADOWED, bodyOf(source)) as StrategyScript;
  } catch (error) {
    if (!(error instanceof EvalError)) throw error;
    const fix = "save the scenario and open it again: the page then has the code from the start";
    throw fault(name, "this page runs no code that came after it was opened", fix);
  }
}

function run(source: string, name: string): Readonly<Record<string, unknown>> {
  const math = Object.create(Math, {
    random: {
      value: () => {
        throw fault(name, "it calls Math.random", "draw from the stream that choose is given: random.next()");
      },
    },
  });
  try {
    return scriptOf(source, name)(math) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw asFault(error, name, "its code fails when it is loaded");
  }
}

function isDefinition(value: unknown): value is StrategyDefinition {
  return typeof value === "object" && value !== null && typeof (value as StrategyDefinition).create === "function";
}

/** The same definition, whose instances are held to the contract. */
function checked(definition: StrategyDefinition, name: string): StrategyDefinition {
  return {
    ...definition,
    create(options, context) {
      const strategy = guarded(name, "create fails", () => definition.create(options, context));
      if (typeof strategy?.choose !== "function") {
        throw fault(
          name,
          "create returns no object with choose",
          "return { choose(request, targets, nowMs, random) { ... } }",
        );
      }
      return new CheckedStrategy(strategy, name);
    },
  };
}

class CheckedStrategy implements Strategy {
  private readonly own: Strategy;
  private readonly name: string;
  readonly observe?: NonNullable<Strategy["observe"]>;
  readonly scoreOf?: NonNullable<Strategy["scoreOf"]>;

  constructor(own: Strategy, name: string) {
    this.own = own;
    this.name = name;
    if (own.observe !== undefined) {
      this.observe = (outcome) => guarded(name, "observe fails", () => own.observe!(outcome));
    }
    if (own.scoreOf !== undefined) {
      this.scoreOf = (...call) => guarded(name, "scoreOf fails", () => own.scoreOf!(...call));
    }
  }

  choose(...call: Parameters<Strategy["choose"]>): number {
    const [, targets, nowMs] = call;
    let choice: number;
    try {
      choice = this.own.choose(...call);
    } catch (error) {
      throw asFault(error, this.name, "choose fails");
    }
    if (isLegal(choice, targets, nowMs)) return choice;
    const { eligible, eligibleCount } = targets;
    throw new MeridianError("usage", {
      code: "STRATEGY_BAD_CHOICE",
      what: `it returned ${choice} at ${nowMs} ms, which is neither an eligible target nor a later instant`,
      where: `strategy ${this.name}`,
      fix: `return one of targets.eligible, here ${eligible.slice(0, eligibleCount).join(", ")}; deferUntil(a later ms); or SHED`,
    });
  }
}

function isLegal(choice: number, { eligible, eligibleCount }: TargetView, nowMs: number): boolean {
  if (choice < 0) return choice === SHED || -1 - choice >= nowMs;
  for (let i = 0; i < eligibleCount; i++) if (eligible[i] === choice) return true;
  return false;
}

function guarded<T>(name: string, what: string, part: () => T): T {
  try {
    return part();
  } catch (error) {
    throw asFault(error, name, what);
  }
}

function asFault(error: unknown, name: string, what: string): MeridianError {
  if (error instanceof MeridianError) return error;
  // A bundle has its own copy of the package's code, and so of the class.
  const { problems } = error as { readonly problems?: readonly Problem[] };
  if (Array.isArray(problems)) return new MeridianError("usage", problems as readonly Problem[], { cause: error });
  const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return fault(name, `${what}: ${why}`, "run it alone with meridian conformance, which tries it in many situations");
}

function fault(name: string, what: string, fix: string): MeridianError {
  return new MeridianError("usage", { code: "STRATEGY_FILE", what, where: `strategy ${name}`, fix });
}
