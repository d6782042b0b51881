/** Fuzz targets that read files: recordings and logs of every format, bills, price lists, tag rules, sweeps, decisions. */
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { readBillFile } from "../../scripts/bill/read-bill.ts";
import { PACKAGE_ROOT, packageVersion } from "../../scripts/io/process.ts";
import { readTraceFile } from "../../scripts/io/trace-file.ts";
import { parseSweep } from "../../scripts/sweep/sweep-file.ts";
import { parseTagRules } from "../../simulator/base/tag-rules.ts";
import { readDecision } from "../../simulator/bench/read-decisions.ts";
import { createModelNames } from "../../simulator/bill/classify.ts";
import { readPriceList } from "../../simulator/bill/price-list.ts";
import { createBill } from "../../simulator/bill/spend.ts";
import type { RandomStream } from "../../simulator/random/keyed-random.ts";
import { SWEEP_SCHEMA_VERSION } from "../../simulator/sweep/job.ts";
import type { FuzzTarget } from "./fuzz.ts";
import { mutatedData, mutatedText, pick } from "./mutations.ts";

/** Lines of a sample; more find no more. */
const LINES = 6;
const MODELS = createModelNames([{ id: "amazon.nova-lite-v1:0", name: "Nova Lite" }]);

const TRACES = [
  "time_ms,input_tokens,output_tokens,max_tokens,class,origin\n0,10,5,20,a,us-east-1\n250,20,6,,b,\n900,1,1,1,,x\n",
  "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,44\n2023-11-16 18:15:50.9951690,396,109\n",
  "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n5,ChatGPT,472,18,490,Conversation log\n45,GPT-4,1087,230,1317,API log\n",
  '{"timestamp": 0, "input_length": 6758, "output_length": 500, "hash_ids": [0, 1, 2]}\n{"timestamp": 27, "input_length": 7322, "output_length": 490, "hash_ids": [0, 3]}\n',
  '{"time_ms": 0, "input_tokens": 5, "output_tokens": 2}\n{"time_ms": 9, "input_tokens": 7, "output_tokens": 3, "class": "a"}\n',
  '{"timestamp": 0.5, "input_length": 10, "output_length": 20}\n{"timestamp": 1.25, "input_length": 11, "output_length": 21}\n',
  '{"chat_id": 159, "parent_chat_id": -1, "timestamp": 61.114, "input_length": 521, "output_length": 132, "type": "text", "turn": 1, "hash_ids": [1089, 1090]}\n',
  '{"benchmarks": [{"requests": {"successful": [{"request_start_time": 1.5, "prompt_tokens": 10, "output_tokens": 4}]}}]}',
];

const COST_PAGE = {
  GroupDefinitions: [{ Type: "DIMENSION", Key: "USAGE_TYPE" }],
  ResultsByTime: [
    {
      TimePeriod: { Start: "2026-07-01", End: "2026-07-02" },
      Total: {},
      Groups: [
        { Keys: ["USE1-NovaLite-input-tokens"], Metrics: { UnblendedCost: { Amount: "0.6", Unit: "USD" } } },
        { Keys: ["EUW1-NovaLite-output-tokens"], Metrics: { UnblendedCost: { Amount: "0.1", Unit: "USD" } } },
      ],
      Estimated: true,
    },
  ],
};
const PRICE_LIST = {
  offerCode: "AmazonBedrock",
  publicationDate: "2026-09-17T00:00:00Z",
  products: {
    A: {
      sku: "A",
      attributes: {
        usagetype: "USE1-NovaLite-input-tokens",
        model: "Nova Lite",
        regionCode: "us-east-1",
        inferenceType: "Input tokens",
      },
    },
  },
  terms: {
    OnDemand: { A: { "A.J": { priceDimensions: { r: { unit: "1K tokens", pricePerUnit: { USD: "0.00006" } } } } } },
  },
};
const TAG_RULES =
  '# teams\ntag team=search where modelId like "*haiku*" and region is not "eu-*"\ntag team="rest of all" where identity like "*/checkout?"\ntag team=none\n';
const SWEEP = JSON.stringify({ schemaVersion: SWEEP_SCHEMA_VERSION, meridianVersion: packageVersion(), jobs: [] });
const INSTANT = "2026-05-04T00:00:00.250Z";
const DECISION = JSON.stringify({
  strategy: "single",
  request: 0,
  class: "chat",
  arrivedAt: INSTANT,
  origin: "us-east-1",
  end: "served",
  endedAt: INSTANT,
  allowed: true,
  promptTokens: 10,
  attempts: [
    {
      ...{ target: "us-east-1", sourceRegion: "us-east-1", route: "regional", destinationRegion: "us-east-1" },
      ...{ outcome: "ok", sentAt: INSTANT, endedAt: INSTANT, status: 200, e2eMs: 5, ttftMs: null },
      tokens: { input: 10, output: 5, cacheRead: 0, cacheWrite: 0 },
    },
  ],
});

/** Samples are read when a target first runs: the tests of others need not wait for them. */
const bills = once(() => [
  ...samplesOf("scenarios/bills").filter(({ name }) => name.endsWith(".csv")),
  { name: "cost.json", text: JSON.stringify(COST_PAGE) },
]);
const logs = once(() =>
  samplesOf("test/scripts/fixtures/request-logs").concat(samplesOf("test/scripts/fixtures/invocation-logs")),
);

export const FILE_TARGETS: readonly FuzzTarget[] = [
  {
    name: "traces",
    run: (random, say) => {
      const text = mutatedText(pick(TRACES, random), random);
      say(text);
      return onDisk(text.trimStart().startsWith("{") ? "t.jsonl" : "t.csv", text, (path, name) =>
        readTraceFile(path, name),
      );
    },
  },
  {
    name: "logs",
    run: (random, say) => {
      const { name, text } = pick(logs(), random);
      const hostile = name.endsWith("l") ? mutatedLines(text, random) : mutatedJson(text, random);
      say(`${name}\n${hostile}`);
      return onDisk(name, hostile, (path) => readTraceFile(path, name));
    },
  },
  {
    name: "bills",
    run: (random, say) => {
      const { name, text } = pick(bills(), random);
      const hostile = name.endsWith(".json") ? mutatedJson(text, random) : mutatedText(text, random);
      say(`${name}\n${hostile}`);
      return onDisk(name, hostile, async (path) => createBill(await readBillFile(path), MODELS));
    },
  },
  {
    name: "price lists",
    run: (random, say) => {
      const value = mutatedData(PRICE_LIST, random);
      say(JSON.stringify(value));
      readPriceList(value, "p.json", MODELS);
    },
  },
  reader("tag rules", TAG_RULES, (text) => parseTagRules(text, "tags.yaml")),
  reader("sweep files", SWEEP, (text) => parseSweep(text, "sweep.json")),
  reader("decision logs", DECISION, (text) => readDecision(text, "d.jsonl:1")),
];

function reader(name: string, sample: string, read: (text: string) => unknown): FuzzTarget {
  return {
    name,
    run: (random, say) => {
      const text =
        sample.startsWith("{") && random.next() < 0.5 ? mutatedJson(sample, random) : mutatedText(sample, random);
      say(text);
      read(text);
    },
  };
}

interface Sample {
  readonly name: string;
  readonly text: string;
}

/** The beginnings of a folder's texts, unpacked. */
function samplesOf(folder: string): Sample[] {
  const path = join(PACKAGE_ROOT, folder);
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(csv|jsonl?)(\.gz)?$/.test(entry.name))
    .map((entry) => {
      const bytes = readFileSync(join(entry.parentPath, entry.name));
      const text = (entry.name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
      const name = entry.name.replace(/\.gz$/, "");
      return { name, text: name.endsWith(".json") ? text : `${text.split("\n", LINES).join("\n")}\n` };
    });
}

/** A document with one place changed; a text where that cannot be parsed. */
function mutatedJson(text: string, random: RandomStream): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return mutatedText(text, random);
  }
  return JSON.stringify(mutatedData(shortened(value), random)) ?? "";
}

function mutatedLines(text: string, random: RandomStream): string {
  const lines = text.trimEnd().split("\n");
  const at = Math.floor(random.next() * lines.length);
  lines[at] = random.next() < 0.7 ? mutatedJson(lines[at]!, random) : mutatedText(lines[at]!, random);
  return `${lines.join("\n")}\n`;
}

/** Lists of a document, cut: the whole of a day's log would take most of the time. */
function shortened(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, LINES).map(shortened);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shortened(inner)]));
}

async function onDisk(
  name: string,
  text: string,
  read: (path: string, name: string) => Promise<unknown>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "meridian-fuzz-"));
  try {
    await writeFile(join(folder, name), text);
    await read(join(folder, name), name);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
