import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { createFixedLatencyBackend } from "../../../../emulator/backends/queue.ts";
import { type Fleet, startFleet } from "../../../../emulator/fleet.ts";
import { planBedrock } from "../../../../scripts/bench/bedrock/plan.ts";
import type { CommonOptions } from "../../../../scripts/commands/command.ts";
import { prepareExperiment } from "../../../../scripts/io/experiment.ts";
import { recordSchedule } from "../../../../simulator/bench/make-plan.ts";
import type { RunResult } from "../../../../simulator/experiment/result.ts";
import { k6ForTests } from "../../../scenarios/k6/k6.ts";
import { meridian, meridianHere } from "../../run-meridian.ts";
import { withAwsEnv } from "./with-env.ts";

const MODEL = "anthropic.claude-3-haiku-20240307-v1:0";
const SCENARIO = `name: one-region
seed: 3
duration: 1m
replications: 1
world:
  regions: [us-east-1]
  models:
    haiku: { id: "${MODEL}", capacity: { kind: slots, servers: 40, service: 200ms } }
traffic:
  - class: chat
    arrivals: { poisson: 10/s }
    tokens: { input: { uniform: { min: 50, max: 500 } }, output: 40 }
strategies: [{ single: { target: us-east-1 } }]
client: { retry: standard, timeout: 5s }
assert: ["p50(e2e) < 1ms"]
`;

let folder = "";
let scenario = "";
let fleet: Fleet;
/** Calls that reached a model. */
let called = 0;
before(
  async () => {
    folder = await mkdtemp(join(tmpdir(), "meridian-bedrock-test-"));
    scenario = join(folder, "one.yaml");
    await writeFile(scenario, SCENARIO);
    fleet = await startFleet({
      regions: ["us-east-1"],
      backend: (clock) => createFixedLatencyBackend(clock, { firstTokenMs: 40, perTokenMs: 2 }),
      onOutcome: () => void called++,
    });
    await k6ForTests();
  },
  { timeout: 900_000 },
);
after(async () => {
  await fleet.close(0);
  await rm(folder, { recursive: true, force: true });
});

/** No credentials of the machine's own are found, and calls go to the fleet. */
function cleanEnv(more: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const empty = [
    ...["ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "BEARER_TOKEN_BEDROCK", "PROFILE", "ROLE_ARN"],
    ...["CONTAINER_CREDENTIALS_RELATIVE_URI", "CONTAINER_CREDENTIALS_FULL_URI", "WEB_IDENTITY_TOKEN_FILE"],
  ];
  return {
    ...Object.fromEntries(empty.map((name) => [`AWS_${name}`, ""])),
    AWS_CONFIG_FILE: join(folder, "config"),
    AWS_SHARED_CREDENTIALS_FILE: join(folder, "credentials"),
    AWS_EC2_METADATA_DISABLED: "true",
    XDG_STATE_HOME: join(folder, "state"),
    AWS_ENDPOINT_URL_BEDROCK_RUNTIME: fleet.endpoints[0]!.url,
    ...more,
  };
}

const keys = () => ({
  AWS_ACCESS_KEY_ID: fleet.credentials!.accessKeyId,
  AWS_SECRET_ACCESS_KEY: fleet.credentials!.secretAccessKey,
});
const command = (...more: readonly string[]) => [
  ...["bench", scenario, "--target", "bedrock", "--duration", "2s", "--drain", "10s"],
  ...more,
];
const BUDGET = ["--budget-usd", "0.25"];

async function tokenFor(args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const { code, stdout, stderr } = await meridianHere([...args, "--dry-run", "--json"], env);
  assert.equal(code, 0, stderr);
  return (JSON.parse(stdout) as { locks: { confirm: string } }).locks.confirm;
}

/** All that a command has left behind in a folder, unpacked, with the names of files. */
async function traces(of: string): Promise<string> {
  const entries = await readdir(of, { recursive: true, withFileTypes: true });
  const texts = entries
    .filter((entry) => entry.isFile())
    .map(async (entry) => {
      const bytes = await readFile(join(entry.parentPath, entry.name));
      return `${entry.name}\n${entry.name.endsWith(".gz") ? gunzipSync(bytes) : bytes}`;
    });
  return (await Promise.all(texts)).join("\n");
}

describe("meridian bench --target bedrock", () => {
  it("benches with keys of a profile, once all three locks are open", { timeout: 120_000 }, async () => {
    const { accessKeyId, secretAccessKey } = fleet.credentials!;
    const profile = `[bench]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`;
    await writeFile(join(folder, "credentials"), profile);
    const out = join(folder, "runs");
    const tmp = await mkdtemp(join(folder, "tmp-"));
    const args = command(...BUDGET, "--profile", "bench", "--out", out);
    const env = cleanEnv({ TMPDIR: tmp });
    const token = await tokenFor(args, env);
    const { code, stdout, stderr } = await meridian([...args, "--spend-real-money", "--json"], {
      env: { ...env, MERIDIAN_CONFIRM: token },
    });
    // A loaded machine may make the run invalid, which it then has to say; the gate of the whole run must not fail it.
    assert.ok(code === 0 || (code === 99 && stderr.includes(" late at the 99th percentile")), stderr);
    const result = JSON.parse(stdout) as RunResult;
    assert.equal(result.kind, "measured");
    const { counts, cost } = result.strategies[0]!.total;
    assert.equal(counts.served, counts.sent);
    assert.ok(counts.sent > 5 && Number(cost.source.totalUsd.value) > 0);
    const notes = result.notes.join("\n");
    assert.match(notes, /Bedrock endpoints that the environment names \(http:\/\/127\.0\.0\.1:\d+\)/);
    assert.match(notes, /counts 4\.00 characters of our prompts as a token: counted tokens were within 0\.\d %/);
    assert.match(notes, new RegExp(`${counts.sent} requests without max_tokens were sent with the wanted length`));
    assert.match(
      notes,
      /the service counted (\d+) input tokens where \1 were wanted \(\+0\.0 %\), and \d+ output tokens/,
    );
    assert.match(notes, /The scenario's gate is about its whole run and was not checked/);
    const left = (await traces(folder)).replaceAll(profile, "");
    for (const secret of [accessKeyId, secretAccessKey]) {
      assert.ok(![left, stdout, stderr].some((text) => text.includes(secret)), "no secret is left anywhere");
    }
    assert.deepEqual(
      (await readdir(tmp)).filter((name) => name.startsWith("meridian-")),
      [],
    );
  });

  it("says of every lock that is shut how to open it, and sends nothing", async () => {
    const before = called;
    const bare = await meridianHere(command(), cleanEnv(keys()));
    assert.equal(bare.code, 2, bare.stderr);
    for (const [code, fix] of [
      ["SPEND_FLAG_MISSING", "add --spend-real-money"],
      ["SPEND_BUDGET_MISSING", "add --budget-usd"],
      ["SPEND_CONFIRM_MISSING", "--dry-run"],
    ]) {
      assert.match(bare.stderr, new RegExp(`${code}[^\\n]*\\n  fix: [^\\n]*${fix}`));
    }
    const token = await tokenFor(command(...BUDGET), cleanEnv(keys()));
    const richer = command("--budget-usd", "25", "--spend-real-money", "--confirm", token);
    const wrong = await meridianHere(richer, cleanEnv(keys()));
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /^SPEND_CONFIRM_WRONG/, "the token of one budget opens no other");
    assert.equal(called, before);
  });

  it("shows everything in a dry run, and no secret", async () => {
    const env = cleanEnv({ ...keys(), AWS_SESSION_TOKEN: "canary-of-a-session-token" });
    const { code, stdout, stderr } = await meridianHere(command(...BUDGET, "--dry-run"), env);
    assert.equal(code, 0, stderr);
    for (const part of [
      /endpoint +us-east-1 {2}http:\/\/127\.0\.0\.1:\d+ {2}\(set in the environment or a profile\)/,
      /credentials +session from environment variables/,
      /first prompts +\d+ tokens, max_tokens 40;/,
      /expected +0\.\d\d USD, as simulated/,
      /worst case +0\.\d\d USD if every request took 3 attempts.*stops it at 0\.25 USD/,
      /k6 +\S*k6 run --quiet/,
      /lock 1 +shut: add --spend-real-money/,
      /lock 2 +open: --budget-usd 0\.25/,
      /lock 3 +shut: add --confirm [0-9a-f]{12}/,
    ]) {
      assert.match(stdout, part);
    }
    for (const secret of Object.values({ ...keys(), token: "canary-of-a-session-token" })) {
      assert.ok(!(stdout + stderr).includes(secret));
    }
    const blind = await meridianHere(command("--dry-run"), cleanEnv({ AWS_ENDPOINT_URL_BEDROCK_RUNTIME: "" }));
    assert.equal(blind.code, 0, blind.stderr);
    assert.match(blind.stdout, /https:\/\/bedrock-runtime\.us-east-1\.amazonaws\.com/);
    assert.match(blind.stdout, /credentials +none found/);
  });

  describe("hides secrets", () => {
    it("that k6 shows when it fails", async () => {
      const fake = join(folder, "k6");
      await writeFile(
        fake,
        '#!/bin/sh\n[ "$1" = version ] && { echo "k6 v1.8.1"; exit 0; }\necho "panic: $AWS_SECRET_ACCESS_KEY $AWS_ACCESS_KEY_ID" >&2\nexit 107\n',
      );
      await chmod(fake, 0o755);
      const out = join(folder, "failed");
      await mkdir(out);
      const args = command(...BUDGET, "--out", out);
      const env = cleanEnv({ ...keys(), K6_BIN: fake });
      const token = await tokenFor(args, env);
      const { code, stdout, stderr } = await meridian([...args, "--spend-real-money", "--confirm", token], { env });
      assert.equal(code, 4, stderr);
      assert.match(stderr, /K6_FAILED.*panic: \[hidden\] \[hidden\]/);
      const all = stdout + stderr + (await traces(out));
      for (const secret of Object.values(keys())) assert.ok(!all.includes(secret));
    });

    it("that an endpoint echoes into every answer", { timeout: 120_000 }, async () => {
      const bearer = "ABSKcanaryOfALongTermApiKeyThatMustNotBeSeen";
      const echo = createServer((request, response) => {
        const said = String(request.headers.authorization);
        response.writeHead(400, { "content-type": "application/json", "x-amzn-errortype": `Echo ${said}` });
        response.end(JSON.stringify({ message: said, __type: said }));
      });
      await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
      try {
        const out = join(folder, "echoed");
        const url = `http://127.0.0.1:${(echo.address() as AddressInfo).port}`;
        const env = cleanEnv({ AWS_BEARER_TOKEN_BEDROCK: bearer, AWS_ENDPOINT_URL_BEDROCK_RUNTIME: url });
        const args = command(...BUDGET, "--out", out);
        const token = await tokenFor(args, env);
        const { code, stdout, stderr } = await meridianHere([...args, "--spend-real-money", "--confirm", token], env);
        assert.equal(code, 99, stderr);
        assert.match(stderr, /rejected as wrong, first with 400 Echo Bearer \[hidden\]/);
        const left = await traces(out);
        assert.match(left, /rows-1\.jsonl\.gz\n.*Echo Bearer \[hidden\]/s);
        assert.ok(!(stdout + stderr + left).includes(bearer));
      } finally {
        echo.close();
        echo.closeAllConnections();
      }
    });
  });

  describe("refuses before it sends", () => {
    const refused = async (args: readonly string[], code: number, text: RegExp, env = cleanEnv(keys())) => {
      const done = await meridianHere(args, env);
      assert.equal(done.code, code, done.stdout + done.stderr);
      assert.match(done.stderr, text);
    };

    it("more requests or a higher rate than allowed", () =>
      refused(
        command("--max-requests", "3", "--max-rate", "1", ...BUDGET, "--dry-run"),
        2,
        /BENCH_REQUEST_LIMIT[\s\S]*--max-requests \d+[\s\S]*BENCH_RATE_LIMIT/,
      ));

    it("a model without a list price, whatever the scenario says it costs", () =>
      refused(
        command(
          ...["--dry-run", "--set", "world.models.haiku.id=acme.unknown-v1:0"],
          ...["--set", "world.prices={book: none, overrides: [{model: haiku, input: 1, output: 1}]}"],
        ),
        2,
        /PRICE_MODEL_UNKNOWN/,
      ));

    it("missing credentials", () =>
      refused(command(...BUDGET), 4, /CREDENTIALS_MISSING.*\n {2}fix: sign in/, cleanEnv()));

    it("a session that ends before the run", async () => {
      const soon = new Date(Date.now() + 60_000).toISOString().replace(/\.\d+/, "");
      const session = `[short]\ncredential_process = echo '{"Version":1,"AccessKeyId":"AKIAIOSFODNN7EXAMPLE","SecretAccessKey":"abcdefghij","SessionToken":"t0","Expiration":"${soon}"}'\n`;
      // A file of its own: the SDK reads each once in a process.
      const env = cleanEnv({ AWS_CONFIG_FILE: join(folder, "short") });
      await writeFile(env.AWS_CONFIG_FILE!, session.replace("[short]", "[profile short]"));
      const args = command(...BUDGET, "--profile", "short", "--duration", "1m", "--drain", "60s");
      const { stdout } = await meridianHere([...args, "--dry-run"], env);
      assert.match(stdout, /credentials +session from a profile with a credential process \(short\), until 20/);
      const { code, stderr } = await meridianHere([...args, "--spend-real-money"], env);
      assert.equal(code, 4);
      assert.match(stderr, /CREDENTIALS_EXPIRE.*\n {2}fix: get a longer session/);
    });

    it("credentials that the service does not take, before anything is billed", async () => {
      const env = cleanEnv({ ...keys(), AWS_SECRET_ACCESS_KEY: "another-secret-altogether" });
      const token = await tokenFor(command(...BUDGET), env);
      const args = command(...BUDGET, "--spend-real-money", "--confirm", token);
      await refused(args, 4, /CREDENTIALS_REJECTED/, env);
    });

    it("Amazon's own hosts in a file of endpoints, which has no locks", async () => {
      const file = join(folder, "endpoints.yaml");
      await writeFile(file, "endpoints:\n  us-east-1: https://bedrock-runtime.us-east-1.amazonaws.com\n");
      const host = "bedrock-runtime.us-east-1.amazonaws.com";
      const args = ["bench", scenario, "--duration", "2s", "--target", file, "--allow-host", host];
      const done = await meridianHere(args, cleanEnv());
      assert.equal(done.code, 2);
      assert.match(done.stderr, /ENDPOINT_COSTS_MONEY|ENDPOINT_UNKNOWN_HOST/);
    });

    it("a budget under an executor of k6, and an amount that is none", async () => {
      const plain = ["--executor", "shared-iterations"];
      await refused(command(...BUDGET, ...plain), 2, /BENCH_BUDGET_EXECUTOR/);
      await refused(command("--budget-usd", "much"), 2, /It must be an amount of USD/);
    });
  });
});

it("a budget works elsewhere too: an emulated run that it stops is saved, and invalid", {
  timeout: 120_000,
}, async () => {
  const out = join(folder, "stopped");
  const args = ["bench", scenario, "--duration", "2s", "--drain", "10s", "--budget-usd", "0.002", "--out", out];
  const second = "strategies=[{name: a, single: {target: us-east-1}}, {name: b, single: {target: us-east-1}}]";
  const { code, stdout, stderr } = await meridianHere([
    ...args,
    "--set",
    second,
    "--set",
    "traffic[0].tokens.maxTokens=80",
    "--json",
  ]);
  assert.equal(code, 99, stderr);
  assert.match(stderr, /BENCH_INVALID {2}a: the budget stopped it: \d+ of \d+ requests were not sent/);
  const result = JSON.parse(stdout) as RunResult;
  assert.match(result.verdict, /^Invalid run/);
  const [a, b] = result.strategies.map(({ total }) => total.counts);
  assert.ok(a!.attempts > 0 && a!.inFlight > 0, "the first went on until the budget");
  assert.deepEqual([b!.attempts, b!.inFlight], [0, b!.sent], "the second was not begun");
  assert.ok((await traces(out)).includes('"requestsStopped"'));
});

describe("what is known before the first call", () => {
  const planned = async (options: CommonOptions) => {
    const experiment = await prepareExperiment(scenario, { overrides: [], strategies: [] });
    const drawn = recordSchedule(experiment.inputs.plan);
    const env = { AWS_ENDPOINT_URL_BEDROCK_RUNTIME: fleet.endpoints[0]!.url, ...keys() };
    const plan = await withAwsEnv(env, () => planBedrock(experiment, drawn, { drain: 10_000, ...options }));
    return { plan, requests: drawn.length };
  };

  it("is the purchase: requests, the most it can cost, and a token for exactly this run", async () => {
    const before = called;
    const small = await planned({ budgetUsd: 0.25 });
    const again = await planned({ budgetUsd: 0.25 });
    const other = await planned({ budgetUsd: 0.5 });
    assert.equal(small.plan.purchase.requests, small.requests);
    assert.equal(small.plan.purchase.mostUsd, 0.25, "the worst case is dearer than the budget");
    assert.deepEqual(small.plan.purchase.facts, again.plan.purchase.facts);
    assert.notDeepEqual(small.plan.purchase.facts, other.plan.purchase.facts);
    assert.ok(
      small.plan.schedule.every((row) => row[5] > 0),
      "every answer has a limit",
    );
    assert.equal(called, before, "nothing is sent");
  });

  it("refuses more requests than real endpoints are sent without being asked", async () => {
    await assert.rejects(planned({ budgetUsd: 0.25, maxRequests: 10 }), /BENCH_REQUEST_LIMIT/);
  });
});
