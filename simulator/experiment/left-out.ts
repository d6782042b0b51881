/** Which strategies a verdict leaves out, and why: they miss an objective, do not serve, or fail more. */
import type { RunResult, Standing, StrategyResult } from "./result.ts";
import { failedText, shareText } from "./standing.ts";
import { objectivesText } from "./verdict-parts.ts";

/**
 * One sentence for each reason for which strategies are left out.
 *
 * @param pool  those that stand best
 * @param sound those of them that do not fail more
 */
export function leftOutTexts(
  classes: RunResult["classes"],
  standings: readonly Standing[],
  { pool, sound }: { readonly pool: readonly StrategyResult[]; readonly sound: readonly StrategyResult[] },
): readonly string[] {
  return [missersText(classes, standings), failersText(standings), failMoreText(pool, sound)];
}

/** Those that do not serve. */
export function failersText(standings: readonly Standing[]): string {
  const failers = standings.filter(({ level }) => level === "fails requests" || level === "unstable");
  const each = failers.map(({ strategy, reason }) => `${strategy} (${reason})`);
  return leftOut(failers.length === 1 ? "it does not serve" : "they do not serve", each);
}

function missersText(classes: RunResult["classes"], standings: readonly Standing[]): string {
  const missers = standings.filter(({ level }) => level === "misses objectives");
  const missingOf = (standing: Standing) => standing.classes.filter(({ isKept }) => isKept === false);
  const targets = new Set(missers.flatMap(missingOf).map(({ targetShare }) => targetShare));
  const common = targets.size === 1 ? [...targets][0]! : null;
  const each = missers.map((standing) => {
    const missing = missingOf(standing).map(({ name }) => name);
    return `${standing.strategy} (${objectivesText(classes, [standing], missing, common)})`;
  });
  const what = common === null ? "an objective" : shareText(common);
  return leftOut(`${missers.length === 1 ? "it misses" : "they miss"} ${what}`, each);
}

function failMoreText(pool: readonly StrategyResult[], sound: readonly StrategyResult[]): string {
  const more = pool.filter((each) => !sound.includes(each));
  const each = more.map(({ name, total }) => `${name} (${failedText(total.failedShare.value ?? 0)} of the requests)`);
  return leftOut(more.length === 1 ? "it fails more" : "they fail more", each);
}

const NAMED_MAX = 3;

function leftOut(why: string, each: readonly string[]): string {
  if (each.length === 0) return "";
  const more = each.length > NAMED_MAX ? ` and ${each.length - NAMED_MAX} more` : "";
  return `Left out because ${why}: ${each.slice(0, NAMED_MAX).join("; ")}${more}.`;
}
