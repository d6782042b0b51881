/** Fuzz target: an emulator in this process, and whatever a client may send to any of its paths. */
import { Agent, type OutgoingHttpHeaders, type RequestOptions, request } from "node:http";
import { createFixedLatencyBackend } from "../../emulator/backends/queue.ts";
import { type Fleet, startFleet } from "../../emulator/fleet.ts";
import type { RandomStream } from "../../simulator/random/keyed-random.ts";
import type { FuzzTarget } from "./fuzz.ts";
import { mutatedData, mutatedText, pick } from "./mutations.ts";

const CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const hello = [{ role: "user", content: [{ text: "Hello" }] }];
const schema = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
const chat = { model: "openai.gpt-oss-120b-1:0", messages: [{ role: "user", content: "hi" }], max_tokens: 5 };
const anthropic = { max_tokens: 2000, messages: [{ role: "user", content: "hi" }] };

/** What each path takes. */
const CALLS: readonly (readonly [method: string, path: string, body?: unknown])[] = [
  ...["converse", "converse-stream"].map((operation) => {
    const body = {
      messages: [
        ...hello,
        {
          role: "assistant",
          content: [
            { reasoningContent: { reasoningText: { text: "so", signature: "c2ln" } } },
            { toolUse: { toolUseId: "a", name: "t", input: { n: 1 } } },
          ],
        },
        {
          role: "user",
          content: [
            { toolResult: { toolUseId: "a", content: [{ json: { n: 2 } }] } },
            { cachePoint: { type: "default" } },
          ],
        },
      ],
      system: [{ text: "Be brief" }],
      inferenceConfig: { maxTokens: 2000, temperature: 1, stopSequences: ["x"] },
      toolConfig: { tools: [{ toolSpec: { name: "t", inputSchema: { json: schema } } }], toolChoice: { auto: {} } },
      additionalModelRequestFields: { thinking: { type: "enabled", budget_tokens: 1024 } },
      additionalModelResponseFieldPaths: ["/stop_sequence"],
      outputConfig: {
        textFormat: { type: "json_schema", structure: { jsonSchema: { schema: JSON.stringify(schema) } } },
      },
      requestMetadata: { outputTokens: "5", class: "chat" },
      serviceTier: { type: "flex" },
      performanceConfig: { latency: "standard" },
    };
    return ["POST", `/model/${CLAUDE}/${operation}`, body] as const;
  }),
  ...(
    [
      [
        CLAUDE,
        {
          anthropic_version: "bedrock-2023-05-31",
          system: "s",
          thinking: { type: "enabled", budget_tokens: 1024 },
          ...anthropic,
        },
      ],
      [
        "us.amazon.nova-pro-v1:0",
        { schemaVersion: "messages-v1", messages: hello, inferenceConfig: { maxTokens: 5, topK: 3 } },
      ],
      ["us.meta.llama3-3-70b-instruct-v1:0", { prompt: "hi", max_gen_len: 5, temperature: 0.5 }],
      ["mistral.mistral-7b-instruct-v0:2", { prompt: "<s>[INST] hi [/INST]", max_tokens: 5, stop: ["x"] }],
      [
        "amazon.titan-text-express-v1",
        { inputText: "hi", textGenerationConfig: { maxTokenCount: 5, stopSequences: [] } },
      ],
      ["cohere.command-r-v1:0", { message: "hi", max_tokens: 5, chat_history: [] }],
      ["openai.gpt-oss-120b-1:0", chat],
    ] as const
  ).flatMap(([model, body]) =>
    ["invoke", "invoke-with-response-stream"].map(
      (operation) => ["POST", `/model/${model}/${operation}`, body] as const,
    ),
  ),
  [
    "POST",
    "/model/anthropic.claude-sonnet-4-5-20250929-v1:0/count-tokens",
    { input: { converse: { messages: hello } } },
  ],
  [
    "POST",
    "/model/amazon.titan-text-express-v1/count-tokens",
    { input: { invokeModel: { body: "eyJpbnB1dFRleHQiOiJ4In0=" } } },
  ],
  ["POST", "/openai/v1/chat/completions", { ...chat, stream: true, stream_options: { include_usage: true } }],
  [
    "POST",
    "/v1/chat/completions",
    { ...chat, response_format: { type: "json_schema", json_schema: { name: "n", schema } } },
  ],
  [
    "POST",
    "/v1/responses",
    { model: chat.model, input: "hi", max_output_tokens: 20, text: { format: { type: "text" } } },
  ],
  ["POST", "/anthropic/v1/messages", { model: CLAUDE, stream: true, ...anthropic }],
  ["POST", "/anthropic/v1/messages/count_tokens", { model: CLAUDE, messages: anthropic.messages }],
  ["GET", "/v1/models"],
  ["GET", "/inference-profiles?type=SYSTEM_DEFINED&maxResults=2&nextToken=x"],
  ["GET", `/inference-profiles/${CLAUDE}`],
  [
    "POST",
    "/inference-profiles",
    {
      inferenceProfileName: "n",
      modelSource: { copyFrom: "arn:aws:bedrock:us-east-1::foundation-model/amazon.titan-text-express-v1" },
      tags: [{ key: "a", value: "b" }],
    },
  ],
  ["DELETE", "/inference-profiles/x"],
  ["GET", "/foundation-models?byProvider=Amazon"],
  ["GET", "/foundation-models/amazon.titan-text-express-v1"],
  ["GET", "/_meridian/health"],
  ["GET", "/_meridian/metrics"],
  ["GET", "/_meridian/invocations?limit=5"],
  ["GET", "/_meridian/audit"],
  ["POST", "/_meridian/faults", { error: "silence", afterTokens: 3, lasts: "5s", share: 0.1, at: "1m", for: "10m" }],
  ["POST", "/_meridian/policy", { denyRegions: ["us-west-2"] }],
  [
    "POST",
    "/_meridian/metric-data",
    {
      StartTime: "2026-11-21T00:00:00Z",
      EndTime: "2036-11-21T00:00:00Z",
      MetricDataQueries: [
        {
          Id: "a",
          MetricStat: {
            Metric: {
              Namespace: "AWS/Bedrock",
              MetricName: "Invocations",
              Dimensions: [{ Name: "ModelId", Value: CLAUDE }],
            },
            Period: 60,
            Stat: "p95",
          },
        },
      ],
    },
  ],
  [
    "POST",
    "/_meridian/metric-statistics",
    {
      Namespace: "AWS/Bedrock",
      MetricName: "InvocationLatency",
      StartTime: "2026-11-21T00:00:00Z",
      EndTime: "2036-11-21T00:00:00Z",
      Period: 60,
      Statistics: ["Average"],
      ExtendedStatistics: ["p99"],
    },
  ],
];

const HEADERS: readonly OutgoingHttpHeaders[] = [
  {},
  { "content-type": "application/vnd.amazon.eventstream" },
  { "content-type": "text/plain", accept: "*/*" },
  { "x-amzn-bedrock-service-tier": "priority", "x-amzn-bedrock-request-metadata": '{"outputTokens":"5"}' },
  { "x-amzn-bedrock-service-tier": "\u00e9", "x-amzn-bedrock-request-metadata": "{" },
  { "anthropic-beta": "context-1m-2025-08-07,,x", "anthropic-version": "x" },
  { authorization: "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host;constructor, Signature=0" },
  { authorization: "Bearer x", "x-api-key": "y" },
  { "content-encoding": "gzip", expect: "100-continue" },
  { "x-meridian-origin": "__proto__" },
  { host: "evil.example" },
  { "transfer-encoding": "chunked" },
];

/** A frame of an event stream, as a client of InvokeModelWithBidirectionalStream sends it. */
const FRAME = Buffer.from("0000001c00000000f5bd9f5a7b7d00000000000000000000000000000000", "hex");
const NESTED = 40_000;
/** Answers longer than this are not read on. */
const ANSWER_BYTES_MAX = 2_000_000;
/** Refusals for want of capacity, which no input may cause, are failures as well. */
const BUG_STATUS = 500;

/** One fleet for all inputs: what an input leaves behind in it meets the next. */
export function emulatorTarget(): FuzzTarget & { healthStatus(): Promise<number>; close(): Promise<void> } {
  const internal: unknown[] = [];
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  let starting: Promise<Fleet> | undefined;
  const start = () =>
    (starting ??= startFleet({
      regions: ["us-east-1"],
      auth: "off",
      backend: (clock) => createFixedLatencyBackend(clock, { firstTokenMs: 0, perTokenMs: 0, outputTokens: 3 }),
      onInternalError: (error) => internal.push(error),
    }));
  return {
    name: "emulator",
    async run(random, say) {
      const fleet = await start();
      const [method, path, body] = pick(CALLS, random);
      const sent = {
        method: random.next() < 0.95 ? method : pick(["GET", "PUT", "DELETE", "PATCH", "OPTIONS"], random),
        path: random.next() < 0.85 ? path : safePath(mutatedText(path, random)),
        headers: { "content-type": "application/json", ...(random.next() < 0.7 ? {} : pick(HEADERS, random)) },
      };
      const bytes = body === undefined ? undefined : hostileBody(body, random);
      say(`${sent.method} ${sent.path}\n${JSON.stringify(sent.headers)}\n${bytes?.toString("utf8").slice(0, 2000)}`);
      const status = await statusOf({ ...sent, host: "127.0.0.1", port: fleet.endpoints[0]!.port, agent }, bytes);
      fleet.faults.clear();
      const [bug] = internal.splice(0);
      if (bug !== undefined) throw bug;
      if (status >= BUG_STATUS) throw new Error(`the answer is ${status}`);
    },
    /** Of a call without fault: 200 while the fleet is sound. */
    async healthStatus() {
      const [, path, body] = CALLS[0]!;
      const { port } = (await start()).endpoints[0]!;
      const headers = { "content-type": "application/json" };
      return statusOf(
        { method: "POST", path, headers, host: "127.0.0.1", port, agent },
        Buffer.from(JSON.stringify(body)),
      );
    },
    async close() {
      agent.destroy();
      await (await starting)?.close(0);
    },
  };
}

function hostileBody(body: unknown, random: RandomStream): Buffer {
  const draw = random.next();
  if (draw < 0.1) return Buffer.from(mutatedText(JSON.stringify(body), random));
  if (draw < 0.12) return FRAME;
  if (draw < 0.14) return Buffer.from(pick(["", "null", "[]", "0", '"x"', "\u0000", "{}", "\ufeff{}"], random));
  if (draw < 0.16) {
    const key = pick(Object.keys(body as object), random);
    const [open, close] = pick(
      [
        ["[", "]"],
        ['{"a":', "}"],
      ] as const,
      random,
    );
    const deep = `${open.repeat(NESTED)}1${close.repeat(NESTED)}`;
    return Buffer.from(JSON.stringify({ ...(body as object), [key]: "@" }).replace('"@"', deep));
  }
  let value = body;
  for (let changes = 1 + Math.floor(random.next() * 2); changes > 0; changes--) value = mutatedData(value, random);
  return Buffer.from(JSON.stringify(value) ?? "");
}

/** What a client can put into a request line at all. */
function safePath(path: string): string {
  const text = path.replace(/[^\x21-\x7e]/g, (character) => (character.charCodeAt(0) < 0x80 ? "" : "%C3%A9"));
  return text.startsWith("/") ? text : `/${text}`;
}

/** @returns the status; 0 where the connection was closed instead */
function statusOf(options: RequestOptions, bytes: Buffer | undefined): Promise<number> {
  return new Promise((resolve) => {
    const outgoing = request(options, (incoming) => {
      let length = 0;
      const settle = () => resolve(incoming.statusCode ?? 0);
      incoming.on("data", (chunk: Buffer) => {
        length += chunk.length;
        if (length > ANSWER_BYTES_MAX) outgoing.destroy();
      });
      incoming.on("end", settle);
      incoming.on("close", settle);
    });
    outgoing.on("error", () => resolve(0));
    outgoing.end(bytes);
  });
}
