/** The registry of trace formats, and which of them a file is of. */
import type { FirstRecord, TraceFormat } from "../trace-format.ts";
import { aiperf } from "./aiperf.ts";
import { azureLlm } from "./azure-llm.ts";
import { bailian } from "./bailian.ts";
import { bedrockLog } from "./bedrock-log.ts";
import { burstgpt } from "./burstgpt.ts";
import { cloudtrail } from "./cloudtrail.ts";
import { cloudwatch } from "./cloudwatch.ts";
import { decisionLog } from "./decision-log.ts";
import { csv, jsonl, parquet } from "./generic.ts";
import { guidellm } from "./guidellm.ts";
import { litellm } from "./litellm.ts";
import { mooncake } from "./mooncake.ts";
import { otelGenai } from "./otel-genai.ts";

/** Every trace format; the first that matches how a file begins reads it. A new one is one file and one line here. */
export const FORMATS: readonly TraceFormat[] = [
  bedrockLog,
  cloudtrail,
  cloudwatch,
  decisionLog,
  litellm,
  otelGenai,
  azureLlm,
  burstgpt,
  bailian,
  mooncake,
  guidellm,
  aiperf,
  csv,
  jsonl,
  parquet,
];

/** The format of a file that begins like this. */
export function detectFormat(first: FirstRecord): TraceFormat | undefined {
  return FORMATS.find((format) => format.matches(first));
}
