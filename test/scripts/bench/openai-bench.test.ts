import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { loadEndpoints } from "../../../scripts/bench/endpoints-file.ts";
import type { K6Program } from "../../../scripts/bench/k6-program.ts";
import { benchStrategies } from "../../../scripts/bench/run.ts";
import { endpointsTarget } from "../../../scripts/bench/target.ts";
import { plannedCalls, recordSchedule } from "../../../simulator/bench/make-plan.ts";
import type { ReplayOperation } from "../../../simulator/bench/plan.ts";
import { type AttemptRow, parseRow } from "../../../simulator/bench/rows.ts";
import type { RunResult } from "../../../simulator/experiment/result.ts";
import { k6ForTests } from "../../scenarios/k6/k6.ts";
import { planOf } from "../../simulator/scenario/base.ts";
import { meridian, meridianHere } from "../run-meridian.ts";
import { type Misdeed, NATURAL_LENGTH, type OpenAiServer, startOpenAiServer } from "./openai-server.ts";

const FIRST_MS = 150;
const LLAMA = "meta-llama/Llama-3.1-8B-Instruct";
const SCENARIO = {
  name: "servers",
  seed: 5,
  duration: "3s",
  replications: 1,
  routers: 2,
  world: {
    regions: ["us-east-1", "eu-west-1"],
    models: { llama: { id: "amazon.nova-pro-v1:0", capacity: { kind: "slots", servers: 50, service: "100ms" } } },
    network: { roundTrips: "none", jitter: "none" },
    prices: { book: "none", overrides: [{ model: "llama", input: 1, output: 5 }] },
  },
  traffic: [
    {
      class: "all",
      arrivals: { poisson: "15/s" },
      tokens: { input: 120, output: 20, maxTokens: 50 },
    },
  ],
  strategies: ["round-robin"],
  client: { retry: "standard" },
};

let folder = "";
let k6: K6Program;
before(
  async () => {
    folder = await mkdtemp(join(tmpdir(), "meridian-openai-"));
    k6 = await k6ForTests();
  },
  { timeout: 900_000 },
);
after(() => rm(folder, { recursive: true, force: true }));

/** Servers of a test, closed after it whatever became of it. */
const open: OpenAiServer[] = [];
afterEach(() => Promise.all(open.splice(0).map((each) => each.close())));

async function server(over: Partial<Parameters<typeof startOpenAiServer>[0]> = {}): Promise<OpenAiServer> {
  const started = await startOpenAiServer({
    model: LLAMA,
    firstMs: FIRST_MS,
    tokenMs: 10,
    headers: "with the first token",
    ...over,
  });
  open.push(started);
  return started;
}

const attemptsOf = (text: string): readonly AttemptRow[] =>
  text.split("\n").flatMap((line) => {
    const row = parseRow(line);
    return row?.t === "a" ? [row] : [];
  });

describe("meridian bench against OpenAI-compatible servers", () => {
  it("calls each with its own key and its own name of the model, and says what TTFT is worth", {
    timeout: 120_000,
  }, async () => {
    const keys = ["sk-canary-for-us-5f1c", "canary-for-eu-9d2e"] as const;
    const early = await server({ key: keys[0], headers: "at once" });
    const late = await server({ key: keys[1], model: "llama-eu" });
    const endpoints = join(folder, "endpoints.yaml");
    await writeFile(
      endpoints,
      `api: openai
auth: api-key
forceLength: vllm
temperature: 0
charsPerToken: 8
models: { llama: ${LLAMA} }
endpoints:
  us-east-1: ${early.url}
  eu-west-1: { url: "${late.url}", keyFrom: TEAM_KEY, models: { llama: llama-eu } }
`,
    );
    const scenario = join(folder, "servers.yaml");
    await writeFile(scenario, JSON.stringify(SCENARIO));
    const out = join(folder, "runs");
    const args = ["bench", scenario, "--target", endpoints, "--out", out, "--drain", "20s", "--json"];
    const done = await meridian(args, { env: { OPENAI_API_KEY: keys[0], TEAM_KEY: keys[1] } });
    // A loaded machine may make the run late, which it then has to say; nothing else may be wrong.
    assert.ok(done.code === 0 || done.code === 99, done.stderr);
    const result = JSON.parse(done.stdout) as RunResult;
    const { counts } = result.strategies[0]!.total;
    assert.deepEqual([counts.served, counts.sent], [early.calls.length + late.calls.length, counts.served]);
    const run = join(out, (await readdir(out)).find((name) => name !== "latest")!);
    const rows = attemptsOf(gunzipSync(await readFile(join(run, "rows-1.jsonl.gz"))).toString());
    for (const [g, { calls }] of [early, late].entries()) {
      assert.ok(calls.length > 10);
      for (const call of calls) {
        const row = rows.find((each) => `${each.i}.${each.o}` === call.id)!;
        assert.deepEqual([row.k, row.c, row.g], ["ok", 200, g]);
        assert.equal(call.authorization, `Bearer ${keys[g]}`);
        assert.equal(call.body.temperature, 0);
        // The server counts four characters as a token, and the file says eight: the note has to tell of it.
        assert.deepEqual([call.promptTokens, call.outputTokens], [240, 20], "the output's length is the schedule's");
        assert.deepEqual(row.u, [240, 20, 0, 0], "no prompt begins like another");
      }
    }
    // What k6 can see of a first token hangs on when the server sends its headers.
    const headersMs = (g: number) => rows.filter((row) => row.g === g).map((row) => row.f!);
    assert.ok(Math.min(...headersMs(0)) < FIRST_MS / 2, `${headersMs(0)}`);
    assert.ok(Math.min(...headersMs(1)) >= FIRST_MS - 2, `${headersMs(1)}`);
    assert.match(
      result.notes.join("\n"),
      /TTFT is the time to the response's headers.*eu-west-1 \d{3,} ms.*us-east-1 \d+ ms/,
    );
    assert.match(result.notes.join("\n"), /input tokens where \d+ were wanted \(\+100\.0 %\)/);
    for (const name of await readdir(run)) {
      const bytes = await readFile(join(run, name));
      const text = (name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString();
      for (const key of keys) assert.ok(!text.includes(key), `${name} holds a key`);
    }
    for (const key of keys) assert.ok(!(done.stdout + done.stderr).includes(key));
  });

  it("says before it starts that a model has no name there", async () => {
    const file = join(folder, "nameless.yaml");
    const scenario = join(folder, "nameless-scenario.yaml");
    await writeFile(scenario, JSON.stringify(SCENARIO));
    await writeFile(
      file,
      "api: openai\nendpoints:\n  us-east-1: http://127.0.0.1:1\n  eu-west-1: http://127.0.0.1:1\n",
    );
    const { code, stderr } = await meridianHere(["bench", scenario, "--target", file, "--out", join(folder, "none")]);
    assert.equal(code, 2);
    assert.match(
      stderr,
      /ENDPOINT_MODEL .*nameless\.yaml:3 endpoints\.us-east-1: the scenario calls llama in us-east-1/,
    );
    assert.match(stderr, /add models: \{ llama: /);
  });
});

async function benched(
  servers: readonly [OpenAiServer, OpenAiServer],
  more: string,
  operation: ReplayOperation,
  over = {},
) {
  const plan = planOf({ ...SCENARIO, ...over } as never);
  const file = join(folder, "two.yaml");
  const [us, eu] = servers;
  await writeFile(
    file,
    `api: openai\nmodels: { llama: ${LLAMA} }\n${more}endpoints:\n  us-east-1: ${us.url}\n  eu-west-1: ${eu.url}\n`,
  );
  const set = await loadEndpoints(file, {
    regions: plan.regionNames,
    calls: plannedCalls(plan),
    allowedHosts: [],
    env: {},
  });
  const [one] = await benchStrategies(plan, {
    k6,
    target: endpointsTarget(set, file, operation),
    schedule: recordSchedule(plan),
    drainMs: 10_000,
    signal: new AbortController().signal,
    onMoment: () => {},
  });
  return one!;
}

describe("a replay against OpenAI-compatible servers", () => {
  /** What goes wrong with a request's first attempt, and what the client must make of it: kind and error. */
  const MISDEEDS: readonly (readonly [Misdeed, AttemptRow["k"], RegExp])[] = [
    [
      { status: 429, error: { code: "rate_limit_exceeded" }, headers: { "retry-after-ms": "700" } },
      "throttled",
      /^rate_/,
    ],
    [{ status: 503, error: { type: "service_unavailable_error" } }, "unavailable", /^service_/],
    [{ status: 500, error: { type: "server_error" } }, "error", /^server_error$/],
    [{ tokens: 5 }, "error", /EOF|StreamCutShort/],
    [{ tokens: 5, error: { message: "out of memory", type: "InternalServerError", code: 500 } }, "error", /^Internal/],
    [{ status: 429, error: { type: "insufficient_quota" } }, "throttled", /^insufficient_quota$/],
  ];
  const LAST = MISDEEDS.length - 1;

  it("takes refusals, cut streams and errors within them for what they are, and tries again what may help", {
    timeout: 120_000,
  }, async () => {
    const misdeed = (id: string): Misdeed | undefined => {
      const [request, attempt] = id.split(".").map(Number) as [number, number];
      return attempt === 0 ? MISDEEDS[request % MISDEEDS.length]![0] : undefined;
    };
    const servers = [await server({ misdeed }), await server({ misdeed })] as const;
    // So few requests that none is given up for want of retry tokens.
    const traffic = [{ ...SCENARIO.traffic[0], arrivals: { poisson: "9/s" } }];
    const { run, report } = await benched(servers, "", "converse-stream", { traffic });
    const broke = run.requests.filter(({ i }) => i % MISDEEDS.length === LAST).length;
    assert.deepEqual(report.faults, [`${broke} calls were rejected as wrong, first with 429 insufficient_quota`]);
    const calls = servers.flatMap((each) => each.calls);
    assert.equal(run.attempts.length, calls.length, "every call has its row, and every row its call");
    for (const row of run.attempts) {
      const [, kind, error] = MISDEEDS[row.i % MISDEEDS.length]!;
      if (row.o > 0) assert.deepEqual([row.k, row.u?.[1]], ["ok", NATURAL_LENGTH], "a model stops by itself");
      else {
        assert.deepEqual([row.k, row.u], [kind, null], row.x);
        assert.match(row.x, error);
      }
    }
    for (const request of run.requests) {
      const [misdeed] = MISDEEDS[request.i % MISDEEDS.length]!;
      const isFinal = request.i % MISDEEDS.length === LAST || "tokens" in misdeed;
      const why = "money that ran out is not waited for, and no client tries an answer again that had begun";
      assert.equal(request.n, isFinal ? 1 : 2, why);
    }
    const sent = (i: number, o: number) => run.attempts.find((row) => row.i === i && row.o === o)!;
    for (let i = 0; i < run.requests.length; i += MISDEEDS.length) {
      assert.ok(sent(i, 1).s - sent(i, 0).e >= 699, "the server asked for 700 ms");
    }
  });

  it("of whole answers, and of prompts that share a beginning", { timeout: 120_000 }, async () => {
    const servers = [await server(), await server()] as const;
    const tokens = { input: 256, output: 20, maxTokens: 5, prefix: { tokens: 128, distinct: 1 } };
    const { run, report } = await benched(servers, "firstToken: unseen\n", "converse", {
      traffic: [{ ...SCENARIO.traffic[0], tokens }],
    });
    assert.deepEqual(report.faults, []);
    assert.equal(run.isStreaming, false);
    const calls = new Map(servers.flatMap((each) => each.calls).map((call) => [call.id, call]));
    let cached = 0;
    for (const row of run.attempts) {
      const call = calls.get(`${row.i}.${row.o}`)!;
      assert.deepEqual(row.u, [256 - call.cachedTokens, 5, call.cachedTokens, 0]);
      assert.equal(row.id, `req-${call.id}`);
      if (call.cachedTokens > 0) cached++;
      assert.ok(call.cachedTokens <= 128, "only the shared beginning is ever met again");
    }
    assert.equal(cached, run.attempts.length - 2, "all but the first call of each server find it cached");
  });
});
