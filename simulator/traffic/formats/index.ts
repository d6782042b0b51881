/** The registry of trace formats, and which of them a file is of. */
import type { TraceFormat } from "../trace-format.ts";
import { azureLlm } from "./azure-llm.ts";
import { csv } from "./csv.ts";
import { jsonl } from "./jsonl.ts";
import { mooncake } from "./mooncake.ts";

/** Every trace format; the first that matches a file's first line reads it. A new one is one file and one line here. */
export const FORMATS: readonly TraceFormat[] = [azureLlm, mooncake, csv, jsonl];

/** The format of a file that begins with this line. */
export function detectFormat(firstLine: string): TraceFormat | undefined {
  return FORMATS.find((format) => format.matches(firstLine));
}
