import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { certificateFile, fleetText } from "../../../scripts/commands/emulate.ts";
import { inOneOfThree } from "../../busy-host.ts";
import { testFleet } from "../../emulator/support.ts";
import { converse, startEmulator } from "../emulator-process.ts";
import { meridianHere, ROOT } from "../run-meridian.ts";

const ENDPOINTS = join(ROOT, "test", "scripts", "fixtures", "endpoints.yaml");
const NOVA = "amazon.nova-pro-v1:0";
const SONNET = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

describe("meridian emulate", { concurrency: 2, timeout: 300_000 }, () => {
  it("without a scenario serves five regions with Claude, Nova and Llama", async () => {
    const emulator = await startEmulator(["--auth", "off"]);
    try {
      const { endpoints } = emulator.ready;
      assert.equal(endpoints.length, 5);
      const [east] = endpoints;
      assert.equal(east!.environment.AWS_ENDPOINT_URL_BEDROCK_RUNTIME, east!.url);
      assert.equal(east!.environment.AWS_REGION, "us-east-1");
      const wanted = { requestMetadata: { outputTokens: "3" } };
      for (const model of [SONNET, NOVA, "amazon.nova-lite-v1:0", "meta.llama3-3-70b-instruct-v1:0"]) {
        const answer = await converse(east!.url, model, wanted);
        const body = (await answer.json()) as { usage: { outputTokens: number } };
        assert.equal(answer.status, 200, JSON.stringify(body));
        assert.equal(body.usage.outputTokens, 3);
      }
      const control = await fetch(`${east!.url}/inference-profiles`);
      const { inferenceProfileSummaries } = (await control.json()) as {
        inferenceProfileSummaries: { inferenceProfileId: string }[];
      };
      const ids = inferenceProfileSummaries.map((profile) => profile.inferenceProfileId);
      assert.ok(ids.includes(SONNET) && ids.includes(SONNET.replace("us.", "global.")), ids.join(" "));
      const metrics = await (await fetch(`${east!.url}/_meridian/metrics`)).text();
      // 3 output tokens count five times for Claude, once for the others; "Hi" is one token.
      assert.match(metrics, /bedrock_estimated_tpm_quota_usage_sum\{[^}]*sonnet[^}]*\} 16\n/);
    } finally {
      assert.equal(await emulator.stop(), 0);
    }
  });

  it("has the scenario's quotas, service-side routing and network behind it", async () => {
    const emulator = await startEmulator([ENDPOINTS, "--auth", "off", "--origin", "eu-west-1"]);
    try {
      const [east, west] = emulator.ready.endpoints;
      const ids = Array.from({ length: 5 }, () => converse(west!.url, NOVA).then(({ status }) => status));
      assert.deepEqual((await Promise.all(ids)).sort(), [200, 200, 200, 429, 429]);
      const many = Array.from({ length: 4 }, () =>
        converse(east!.url, "pair", { requestMetadata: { outputTokens: "50" } }),
      );
      assert.deepEqual(
        (await Promise.all(many)).map(({ status }) => status),
        [200, 200, 200, 200],
      );
      const audit = (await (await fetch(`${east!.url}/_meridian/audit`)).json()) as { rows: object[] };
      const ran = audit.rows as { region: string; modelId: string; inferenceRegion: string; requests: number }[];
      const through = ran.filter(({ modelId }) => modelId === "pair");
      assert.deepEqual(through.map((row) => [row.region, row.inferenceRegion, row.requests]).sort(), [
        ["us-east-1", "us-east-1", 2],
        ["us-east-1", "us-west-2", 2],
      ]);
      const records = (await (await fetch(`${west!.url}/_meridian/invocations`)).text()).trim().split("\n");
      assert.ok(records.some((line) => JSON.parse(line).errorCode === "ThrottlingException"));

      // From eu-west-1 the way takes some 70 ms; from next door under 10.
      // The fastest of five: a busy machine adds to some, the way to all.
      const elapsed = async (headers: Record<string, string>) => {
        const timesMs: number[] = [];
        for (let i = 0; i < 5; i++) {
          const startMs = performance.now();
          await (await converse(east!.url, NOVA, { requestMetadata: { outputTokens: "1" } }, headers)).text();
          timesMs.push(performance.now() - startMs);
        }
        return Math.min(...timesMs);
      };
      const far = await elapsed({});
      const near = await elapsed({ "x-meridian-origin": "us-east-1" });
      assert.ok(far - near > 40, `${far} ms from afar, ${near} ms from next door`);
    } finally {
      assert.equal(await emulator.stop(), 0);
    }
  });

  it("SIGTERM lets calls under way finish and takes no new ones, then ends with 0", async () => {
    const emulator = await startEmulator(["--known-answer", "mdc:servers=4,mean=2s", "--auth", "off"]);
    const { url } = emulator.ready.endpoints[0]!;
    const underWay = converse(url, NOVA);
    await sleep(300);
    emulator.child.kill("SIGTERM");
    await sleep(300);
    await assert.rejects(converse(url, NOVA));
    assert.equal((await underWay).status, 200);
    assert.equal(await emulator.exit, 0);
    assert.match(emulator.stderr(), /draining/);
  });

  it("a second signal ends it at once", async () => {
    const emulator = await startEmulator(["--known-answer", "mdc:servers=4,mean=60s", "--auth", "off", "--tls"]);
    const { caFile } = emulator.ready;
    assert.ok(existsSync(caFile!));
    const underWay = converse(emulator.ready.endpoints[0]!.url, NOVA).then(
      () => "answered",
      () => "broken",
    );
    await sleep(300);
    const startMs = performance.now();
    emulator.child.kill("SIGINT");
    await sleep(500);
    emulator.child.kill("SIGINT");
    assert.equal(await emulator.exit, 130);
    assert.equal(await underWay, "broken");
    assert.equal(existsSync(dirname(caFile!)), false);
    assert.ok(performance.now() - startMs < 30_000, "long before the answer");
  });

  it("known answers at a scale: a second takes a fifth of one", async () => {
    const law = "mdc:servers=1,mean=5s,room=1";
    const emulator = await startEmulator(["--known-answer", law, "--scale", "5", "--auth", "off"]);
    try {
      const { url } = emulator.ready.endpoints[0]!;
      // A call that a busy host sends late waits for less.
      await inOneOfThree(async () => {
        const answers = await Promise.all(Array.from({ length: 3 }, () => converse(url, NOVA)));
        assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 503]);
        const latencies = await Promise.all(
          answers
            .filter(({ status }) => status === 200)
            .map(async (answer) => ((await answer.json()) as { metrics: { latencyMs: number } }).metrics.latencyMs),
        );
        const [first, second] = latencies.sort((a, b) => a - b);
        assert.ok(first === 5000 && second! > 9000 && second! <= 10_000, latencies.join(" "));
      });
    } finally {
      await emulator.stop();
    }
  });

  it("with TLS leaves the certificate where clients can be pointed at it, and takes it away again", async () => {
    const emulator = await startEmulator([ENDPOINTS, "--tls"]);
    const { caFile, endpoints } = emulator.ready;
    assert.ok(existsSync(caFile!));
    assert.match(endpoints[0]!.environment.AWS_ENDPOINT_URL_BEDROCK_RUNTIME!, /^https:/);
    assert.ok(endpoints[0]!.environment.AWS_BEARER_TOKEN_BEDROCK);
    await emulator.stop();
    assert.equal(existsSync(caFile!), false);
  });

  it("refuses what cannot be, with a way out", async () => {
    const cases = [
      [["--known-answer", "mm1"], 2, /mmc:servers=8/],
      [["--scale", "0"], 2, /above 0/],
      [["--at", "noon"], 2, /9h/],
      [["--host", "0.0.0.0"], 2, /EMULATOR_HOST_NEEDS_TOKEN/],
      [["--host", "203.0.113.9", "--token", "x".repeat(16)], 2, /EMULATOR_HOST_UNKNOWN.*\n.*127\.0\.0\.1/],
      [["--base-port", "65535"], 2, /EMULATOR_PORT_RANGE/],
      [[ENDPOINTS, "--origin", "mars"], 2, /ORIGIN_UNKNOWN.*\n.*eu-west-1, us-east-1/],
      [["no-such.yaml"], 2, /no-such\.yaml/],
      [
        [ENDPOINTS, "--set", "world.targets=[us-east-1/batch]", "--set", "traffic[0].deferrable=true"],
        2,
        /EMULATOR_WITHOUT_ENDPOINT/,
      ],
    ] as const;
    for (const [args, code, text] of cases) {
      const done = await meridianHere(["emulate", ...args]);
      assert.equal(done.code, code, `${args.join(" ")}: ${done.stderr}`);
      assert.match(done.stderr, text);
      assert.doesNotMatch(done.stderr, /\bat .*\.ts:/);
    }
  });

  it("a taken port is reported, and nothing is left listening", async () => {
    const holder = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => holder.once("listening", resolve));
    const { port } = holder.address() as { port: number };
    const done = await meridianHere(["emulate", ENDPOINTS, "--base-port", String(port)]);
    holder.close();
    assert.equal(done.code, 4, done.stderr);
    assert.match(done.stderr, /EMULATOR_PORT_TAKEN/);
  });
});

it("says where the endpoints are and what to export, and ends with ready", async () => {
  const fleet = await testFleet({ regions: ["us-east-1", "eu-west-1"] });
  const text = fleetText(fleet, { caFile: undefined, colour: false });
  for (const { region, url } of fleet.endpoints) assert.match(text, new RegExp(`^ {2}${region} +${url}$`, "m"));
  for (const [name, value] of fleet.environment("us-east-1")) assert.ok(text.includes(`  export ${name}=${value}\n`));
  assert.ok(text.endsWith("\nready"));
  assert.ok(!text.includes("\u001b"));
  assert.ok(fleetText(fleet, { caFile: undefined, colour: true }).includes("\u001b[1mEndpoints"));
  assert.equal(await certificateFile(fleet), undefined);
  await fleet.close(0);
});

it("with TLS shows both addresses and where the certificate is", async () => {
  const fleet = await testFleet({ tls: true });
  const file = (await certificateFile(fleet))!;
  assert.equal(readFileSync(file.path, "utf8"), fleet.certificate!.certPem);
  const text = fleetText(fleet, { caFile: file.path, colour: false });
  const { url, tlsUrl } = fleet.endpoints[0]!;
  assert.ok(text.includes(`${url}  ${tlsUrl}`));
  for (const name of ["AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"]) assert.ok(text.includes(`export ${name}=${file.path}`));
  await file.remove();
  assert.equal(existsSync(file.path), false);
  await fleet.close(0);
});
