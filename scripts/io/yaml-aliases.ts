/** Aliases of a YAML text: each `*name` needs a `&name` before it, and there may be so many. */
import { type Document, isAlias, isNode, visit } from "yaml";
import type { Problem } from "../../simulator/base/errors.ts";

const ALIASES_MAX = 100;

/**
 * The first `*name` without a `&name` before it, as a list of one problem; empty where all are known.
 *
 * @param at names the line of an offset
 */
export function unknownAlias(document: Document.Parsed, at: (offset: number) => string): readonly Problem[] {
  const anchors = new Set<string>();
  const found: Problem[] = [];
  visit(document, (_key, node) => {
    if (isAlias(node)) {
      if (anchors.has(node.source)) return undefined;
      found.push({
        code: "SCENARIO_ALIASES",
        what: `"*${node.source}" is a reference to "&${node.source}", which does not stand before it`,
        where: at(node.range?.[0] ?? 0),
        fix: `write the part out here, or &${node.source} before the part that is meant; a text that begins with * needs quotes`,
      });
      return visit.BREAK;
    }
    if (isNode(node) && node.anchor !== undefined) anchors.add(node.anchor);
    return undefined;
  });
  return found;
}

/** Plain data of the document. Aliases are capped, so that a few lines cannot unfold into gigabytes. */
export function toPlain(document: Document.Parsed, file: string): { value: unknown } | { problem: Problem } {
  try {
    return { value: document.toJS({ maxAliasCount: ALIASES_MAX }) as unknown };
  } catch (error) {
    return {
      problem: {
        code: "SCENARIO_ALIASES",
        what: `aliases cannot be unfolded (${error instanceof Error ? error.message : "unknown reason"})`,
        where: file,
        fix: `write the repeated parts out; at most ${ALIASES_MAX} uses of aliases are unfolded`,
      },
    };
  }
}
