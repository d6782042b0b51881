/** Tag rules from a file, applied to bills and to recorded requests. */
import { parseTagRules, Tagger } from "../../simulator/base/tag-rules.ts";
import type { BillExport } from "../../simulator/bill/bill-line.ts";
import { classifyLine, type ModelNames } from "../../simulator/bill/classify.ts";
import type { RecordedRow } from "../../simulator/traffic/recorded-rows.ts";
import { readTextFile } from "./text-files.ts";

const BYTES_MAX = 1_000_000;

/** @throws MeridianError usage TAG_RULE, TAG_RULES_NOT_FOUND */
export async function loadTagger(file: string): Promise<Tagger> {
  const kind = { code: "TAG_RULES", noun: "file of tag rules", bytesMax: BYTES_MAX, kind: "usage" as const };
  return new Tagger(parseTagRules(await readTextFile(file, kind), file));
}

/** The bill with the tags that its lines lack; nothing else of a line changes. @param names models by their names */
export function withTags(bill: BillExport, tagger: Tagger, names: ModelNames): BillExport {
  const lines = bill.lines.map((line) => {
    const { identity, account, service, usageType, operation } = line;
    const { region, model, modelId = model } = classifyLine(line, names);
    const subject = { identity, account, service, usageType, operation, region, modelId };
    return { ...line, tags: tagger.tagsOf(subject, line.tags) };
  });
  return { ...bill, lines, notes: [...bill.notes, ...tagger.notes()] };
}

/** The keys by which a log's tenant is known, the first that a rule gives. */
const TENANT_KEYS = ["team", "tenant", "application", "app", "project", "service"];

/** A request with the tenant and class that a rule gives it, where it has none of its own or only its caller's role. */
export function tagRow(row: RecordedRow, tagger: Tagger, key: string | null): RecordedRow {
  const { model, region, processingRegion, identity, tenant, className, session } = row;
  const isOwn = row.isTagged === true || (row.isTagged === undefined && (tenant ?? "") !== "");
  const wanted = key === null ? TENANT_KEYS : [key];
  const own: Readonly<Record<string, string>> = isOwn ? Object.fromEntries(wanted.map((each) => [each, tenant!])) : {};
  const subject = { modelId: model, region, processingRegion, identity, tenant, class: className, session };
  const tags = tagger.tagsOf(subject, own);
  const given = wanted.map((each) => tags[each]).find((value) => value !== undefined);
  if (isOwn || given === undefined) return row;
  return { ...row, tenant: given, className: className === tenant || className === undefined ? given : className };
}
