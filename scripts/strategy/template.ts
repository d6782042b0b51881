/** The file that `meridian strategy new` and `meridian init --strategy` write: a strategy that works, to be changed. */
import { writeFile } from "node:fs/promises";
import { basename, extname } from "node:path";
import { EXIT_CODES, MeridianError } from "../../simulator/base/errors.ts";
import type { Terminal } from "../io/terminal.ts";
import { environmentProblem } from "../io/text-files.ts";

/**
 * Writes the template; a file that is there is never overwritten.
 *
 * @param file its name is the strategy's: lower case with hyphens, ending with .ts, .mts, .js or .mjs
 * @returns the exit code
 * @throws MeridianError STRATEGY_NAME, STRATEGY_FILE_EXISTS, STRATEGY_NOT_WRITTEN
 */
export async function beginStrategy(file: string, terminal: Pick<Terminal, "note" | "out">): Promise<number> {
  const extension = extname(file);
  const name = basename(file, extension);
  if (![".ts", ".mts", ".js", ".mjs"].includes(extension) || !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    const what = `"${file}" is not a name for a strategy's file`;
    const fix = "lower case with hyphens, ending with .ts or .js: mine.ts";
    throw new MeridianError("usage", { code: "STRATEGY_NAME", what, where: file, fix });
  }
  await writeFile(file, strategyTemplate(name, extension.endsWith("ts")), { flag: "wx" }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST")
      throw new MeridianError(
        "environment",
        environmentProblem("STRATEGY_NOT_WRITTEN", error, file, "choose a folder that can be written to"),
      );
    const what = `${file} is there already`;
    throw new MeridianError("usage", { code: "STRATEGY_FILE_EXISTS", what, where: file, fix: "give another name" });
  });
  terminal.note(`wrote ${file}`);
  terminal.out(`Try it: meridian conformance ${file}`);
  terminal.out(`Use it: strategies: [{ file: ./${basename(file)} }] in a scenario of the same folder`);
  return EXIT_CODES.ok;
}

/** @param name lower case with hyphens @param isTypeScript with types, or plain JavaScript */
export function strategyTemplate(name: string, isTypeScript: boolean): string {
  const types = isTypeScript ? "" : "// @ts-check\n";
  const asConst = isTypeScript ? " as const" : "";
  return `${types}/**
 * Strategy \`${name}\`: the cheapest target that did not fail lately.
 *
 * In a scenario:   strategies: [{ file: ./${name}.${isTypeScript ? "ts" : "js"}, options: { cooldown: 20s } }]
 * Try it:          npx meridian conformance ${name}.${isTypeScript ? "ts" : "js"}
 *
 * It must be pure: no clock, no Math.random, no packages. Draw from \`random\`, keep state in the instance, and allocate
 * nothing per decision.
 */
import { checkOptions, defineStrategy } from "meridian/strategies";

const options = {
  cooldown: { type: "durationMs", default: 30_000, doc: "How long a target is left alone after a failure" },
}${asConst};

export const strategy = defineStrategy({
  name: "${name}",
  summary: "Takes the cheapest target that did not fail lately.",
  options,
  // Only the columns of \`targets\` that are named here are kept up to date.
  signals: ["price"],
  // One call for each router: what is kept here is its own.
  create(given, context) {
    const cooldownMs = checkOptions("${name}", options, given, context).number("cooldown");
    const failedMs = new Float64Array(context.targetIds.length).fill(-Infinity);
    return {
      choose(request, targets, nowMs) {
        const { eligible, eligibleCount, priceInUsdPerMTok } = targets;
        let best = -1;
        for (let i = 0; i < eligibleCount; i++) {
          const target = eligible[i]${isTypeScript ? "!" : ""};
          // Not where the last attempt of this request just failed, and not where another did a moment ago.
          if (target === request.previousTarget || nowMs - failedMs[target]${isTypeScript ? "!" : ""} < cooldownMs) continue;
          if (best < 0 || priceInUsdPerMTok[target]${isTypeScript ? "!" : ""} < priceInUsdPerMTok[best]${isTypeScript ? "!" : ""}) best = target;
        }
        return best >= 0 ? best : eligible[0]${isTypeScript ? "!" : ""};
      },
      observe({ target, kind, nowMs }) {
        if (kind !== "ok") failedMs[target] = nowMs;
      },
    };
  },
});
`;
}
