import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createFixedLatencyBackend } from "../../emulator/backends/queue.ts";
import { type Fleet, startFleet } from "../../emulator/fleet.ts";
import { catalogOf } from "../../emulator/model/catalog.ts";
import { loadEndpoints } from "../../scripts/bench/endpoints-file.ts";
import { benchStrategies } from "../../scripts/bench/run.ts";
import { endpointsTarget } from "../../scripts/bench/target.ts";
import { plannedCalls, recordSchedule } from "../../simulator/bench/make-plan.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import { k6ForTests } from "../scenarios/k6/k6.ts";
import { planOf } from "../simulator/scenario/base.ts";

const NOVA = "amazon.nova-pro-v1:0";
const FIRST_MS = 300;
const READY_LIMIT_MS = 90_000;

const plan: Plan = planOf({
  name: "proxy",
  seed: 5,
  duration: "5s",
  replications: 1,
  world: {
    regions: ["us-east-1"],
    models: { nova: { id: NOVA, capacity: { kind: "slots", servers: 50, service: "100ms" } } },
    network: { roundTrips: "none", jitter: "none" },
    prices: { book: "none", overrides: [{ model: "nova", input: 1, output: 5 }] },
  },
  traffic: [{ class: "all", arrivals: { poisson: "4/s" }, tokens: { input: 120, output: 20, maxTokens: 20 } }],
  strategies: [{ single: { target: "us-east-1" } }],
  client: { retry: "standard" },
} as never);

/**
 * LiteLLM's proxy, unchanged, between our client and our emulator. Its packages take 700 MB, so it is not fetched for
 * this: LITELLM_PROXY names its program (`pip install "litellm[proxy]==1.106.2"`).
 */
const proxy = process.env.LITELLM_PROXY;

it("a bench through LiteLLM's proxy counts what the emulator counts, and tries again what it throttles", {
  skip: proxy === undefined ? "LITELLM_PROXY names no program" : false,
  timeout: 900_000,
}, async () => {
  const k6 = await k6ForTests();
  const folder = await mkdtemp(join(tmpdir(), "meridian-proxy-"));
  const fleet = await startFleet({
    regions: plan.regionNames,
    catalog: catalogOf(plan),
    backend: (clock) => createFixedLatencyBackend(clock, { firstTokenMs: FIRST_MS, perTokenMs: 10 }),
  });
  const port = await freePort();
  await writeFile(join(folder, "config.yaml"), JSON.stringify(proxyConfig(fleet)));
  const env = { PATH: process.env.PATH, HOME: folder, LITELLM_LOCAL_MODEL_COST_MAP: "True", NO_PROXY: "*" };
  const args = ["--config", join(folder, "config.yaml"), "--host", "127.0.0.1", "--port", String(port)];
  const child = spawn(proxy!, args, { env, stdio: "ignore" });
  try {
    const url = `http://127.0.0.1:${port}`;
    await untilReady(`${url}/health/liveliness`);
    await writeFile(
      join(folder, "endpoints.yaml"),
      `api: openai\nauth: api-key\nmodels: { nova: ours }\nendpoints:\n  us-east-1: ${url}/v1\n`,
    );
    fleet.faults.add({ effect: { name: "ThrottlingException" }, times: 2 });
    const set = await loadEndpoints(join(folder, "endpoints.yaml"), {
      regions: plan.regionNames,
      calls: plannedCalls(plan),
      allowedHosts: [],
      env: { OPENAI_API_KEY: "sk-proxy" },
    });
    const [benched] = await benchStrategies(plan, {
      k6,
      target: endpointsTarget(set, "endpoints.yaml", "converse-stream"),
      schedule: recordSchedule(plan),
      drainMs: 10_000,
      signal: new AbortController().signal,
      onMoment: () => {},
    });
    const { attempts, requests } = benched!.run;
    assert.deepEqual(benched!.report.faults, []);
    const throttled = attempts.filter(({ k }) => k === "throttled");
    assert.deepEqual(
      throttled.map(({ c, x }) => [c, x]),
      Array(2).fill([429, "throttling_error"]),
    );
    const served = attempts.filter(({ k }) => k === "ok");
    assert.equal(served.length, requests.length);
    for (const row of served) {
      assert.deepEqual(row.u, [120, 20, 0, 0]);
      assert.ok(row.f! >= FIRST_MS - 2, `headers after ${row.f} ms: before the first token`);
    }
  } finally {
    child.kill("SIGKILL");
    await fleet.close(0);
    await rm(folder, { recursive: true, force: true });
  }
});

function proxyConfig({ endpoints, credentials }: Fleet): object {
  return {
    model_list: [
      {
        model_name: "ours",
        litellm_params: {
          model: `bedrock/converse/${NOVA}`,
          aws_region_name: "us-east-1",
          aws_access_key_id: credentials!.accessKeyId,
          aws_secret_access_key: credentials!.secretAccessKey,
          aws_bedrock_runtime_endpoint: endpoints[0]!.url,
        },
      },
    ],
    litellm_settings: { num_retries: 0 },
    router_settings: { num_retries: 0, disable_cooldowns: true },
    general_settings: { master_key: "sk-proxy" },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilReady(url: string): Promise<void> {
  const limit = performance.now() + READY_LIMIT_MS;
  for (;;) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    assert.ok(performance.now() < limit, "the proxy was never ready");
    await sleep(500);
  }
}
