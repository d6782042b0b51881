/** Rules that tag past calls and lines of a bill: `tag team=search where modelId like "*haiku*" and identity like "*"`. */
import { MeridianError, type Problem } from "./errors.ts";
import { didYouMean } from "./near-names.ts";

/** What rules may ask of a call or a line; a value that is not known fits no condition but `not like`. */
export const TAG_FIELDS = [
  "modelId",
  "region",
  "processingRegion",
  "identity",
  "account",
  "service",
  "usageType",
  "operation",
  "tenant",
  "class",
  "session",
] as const;
export type TagField = (typeof TAG_FIELDS)[number];

/** Values of one call or line. */
export type TagSubject = Readonly<Partial<Record<TagField, string | undefined>>>;

interface Condition {
  readonly field: TagField;
  readonly isNegated: boolean;
  readonly pattern: string;
}

export interface TagRule {
  readonly key: string;
  readonly value: string;
  /** All of them; a rule without any fits everything. */
  readonly conditions: readonly Condition[];
  readonly line: number;
}

const RULES_MAX = 1000;
const LINE_LENGTH_MAX = 2000;
const PROBLEMS_MAX = 20;

const HEAD = /^tag\s+([\w.:/@+-]{1,128})=("[^"]*"|[^\s"]+)\s*/i;
const CONDITION = /^([A-Za-z]+)\s+(not\s+like|like|is\s+not|is)\s+"([^"]*)"\s*/i;
/** Behind a rule, outside of quotes. */
const COMMENT = /\s#[^"]*$/;

/**
 * Reads a file of rules, one a line; `#` begins a comment, case does not count. Patterns are globs: `*` stands for any characters, `?` for
 * one, and case does not count. There are no regular expressions, so that no rule can take more than a moment.
 *
 * @param file for messages
 * @throws MeridianError usage TAG_RULE, with the problems of all lines
 * @example parseTagRules('tag team=search where modelId like "*haiku*"', "tags.txt")[0]?.value // => "search"
 */
export function parseTagRules(text: string, file: string): readonly TagRule[] {
  const problems: Problem[] = [];
  const rules: TagRule[] = [];
  text.split(/\r?\n/).forEach((raw, i) => {
    const written = raw.replace(COMMENT, "").trim();
    if (written === "" || written.startsWith("#")) return;
    const rule =
      written.length > LINE_LENGTH_MAX ? `a line has at most ${LINE_LENGTH_MAX} characters` : ruleOf(written, i + 1);
    if (typeof rule !== "string") rules.push(rule);
    else {
      const fix = 'write: tag team=search where modelId like "*haiku*" and identity like "*role/search-*"';
      problems.push({ code: "TAG_RULE", where: `${file}:${i + 1}`, what: rule, fix });
    }
  });
  if (rules.length > RULES_MAX)
    problems.push({ code: "TAG_RULE", where: file, what: `more than ${RULES_MAX} rules`, fix: "join rules by globs" });
  if (rules.length === 0 && problems.length === 0)
    problems.push({
      code: "TAG_RULE",
      where: file,
      what: "the file has no rule",
      fix: "write one a line, beginning with tag",
    });
  if (problems.length > 0) throw new MeridianError("usage", problems.slice(0, PROBLEMS_MAX));
  return rules;
}

/** A rule, or what is wrong with the line. */
function ruleOf(written: string, line: number): TagRule | string {
  const head = HEAD.exec(written);
  if (head === null) return "a rule begins with tag key=value; quote a value with spaces";
  const [matched, key, value] = head as unknown as [string, string, string];
  const rule = { key, value: value.replace(/^"|"$/g, ""), line };
  let rest = written.slice(matched.length);
  if (rest === "") return { ...rule, conditions: [] };
  const conditions: Condition[] = [];
  for (let word = "where"; rest !== ""; word = "and") {
    const begins = new RegExp(`^${word}\\s+`, "i").exec(rest);
    if (begins === null) return `${word} is expected at "${rest.slice(0, 40)}"`;
    const condition = CONDITION.exec(rest.slice(begins[0].length));
    if (condition === null)
      return `a condition is field like "pattern", at "${rest.slice(begins[0].length, begins[0].length + 40)}"`;
    const [text, name, operator, pattern] = condition as unknown as [string, string, string, string];
    const field = TAG_FIELDS.find((each) => each.toLowerCase() === name.toLowerCase());
    if (field === undefined)
      return `there is no field ${name}${didYouMean(name, TAG_FIELDS)}; fields are ${TAG_FIELDS.join(", ")}`;
    conditions.push({ field, isNegated: /not/i.test(operator), pattern });
    rest = rest.slice(begins[0].length + text.length);
  }
  return { ...rule, conditions };
}

/**
 * Whether a text fits a glob, without regard to case. Takes at most text × pattern steps, whatever the pattern.
 *
 * @example globMatches("arn:aws:iam::1:role/search-api", "*role/SEARCH-*") // => true
 * @example globMatches("aaaa", "a?a") // => false
 */
export function globMatches(text: string, pattern: string): boolean {
  const [value, glob] = [text.toLowerCase(), pattern.toLowerCase()];
  let [t, g, star, resume] = [0, 0, -1, 0];
  while (t < value.length) {
    if (g < glob.length && glob[g] === "*") {
      star = g++;
      resume = t;
    } else if (g < glob.length && (glob[g] === "?" || glob[g] === value[t])) {
      g++;
      t++;
    } else if (star >= 0) {
      // Let the last star take one character more, and try again behind it.
      g = star + 1;
      t = ++resume;
    } else return false;
  }
  while (glob[g] === "*") g++;
  return g === glob.length;
}

/** Applies rules, and counts what each tagged. */
export class Tagger {
  readonly rules: readonly TagRule[];
  /** By rule: how often it gave its tag. */
  readonly used: number[];

  constructor(rules: readonly TagRule[]) {
    this.rules = rules;
    this.used = rules.map(() => 0);
  }

  /**
   * The tags of a subject with those that it lacks; what is tagged stays as it is. The first rule that fits gives a
   * key its value.
   *
   * @param own tags that it has; an empty value is none
   */
  tagsOf(subject: TagSubject, own: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    let tags = own;
    this.rules.forEach((rule, i) => {
      if ((tags[rule.key] ?? "") !== "" || !fits(rule, subject)) return;
      tags = { ...tags, [rule.key]: rule.value };
      this.used[i]!++;
    });
    return tags;
  }

  /** What a person should know: rules that nothing fits. */
  notes(): readonly string[] {
    return this.rules.flatMap(({ key, value, line }, i) =>
      this.used[i] === 0 ? [`the rule of line ${line} (${key}=${value}) fits nothing that lacks the tag`] : [],
    );
  }
}

function fits({ conditions }: TagRule, subject: TagSubject): boolean {
  return conditions.every(({ field, isNegated, pattern }) => {
    const value = subject[field];
    return (value !== undefined && globMatches(value, pattern)) !== isNegated;
  });
}
