import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parse } from "yaml";
import { CALIBRATION, prepareCondition } from "../../../studies/held-out/conditions.ts";
import { endpointsYaml, serve, startWorld } from "../../../studies/held-out/http.ts";
import { WORLDS, worldNamed } from "../../../studies/held-out/worlds.ts";

const BODY = JSON.stringify({
  messages: [{ role: "user", content: [{ text: "lamp ".repeat(80) }] }],
  requestMetadata: { outputTokens: "20", class: "chat" },
});

async function withFleet(name: string, use: (urls: ReadonlyMap<string, string>, yaml: string) => Promise<void>) {
  const world = worldNamed(name)!;
  const { plan } = (await prepareCondition(name, CALIBRATION)).inputs;
  const faults: unknown[] = [];
  const fleet = await startWorld(world, plan, 1, { internalError: (error) => faults.push(error) });
  try {
    await use(new Map(fleet.endpoints.map(({ region, url }) => [region, url])), endpointsYaml(world, fleet));
  } finally {
    await fleet.close(0);
  }
  assert.deepEqual(faults, []);
}

const call = (url: string, operation: string) =>
  fetch(`${url}/model/amazon.nova-pro-v1%3A0/${operation}`, { method: "POST", body: BODY });

describe("endpoints of a world", () => {
  for (const { name, regions } of WORLDS) {
    it(`${name}: answer Converse and ConverseStream in each region`, () =>
      withFleet(name, async (urls, yaml) => {
        const written = parse(yaml) as { endpoints: Record<string, { url: string; roundTrip: string }> };
        await Promise.all(
          regions.map(async ({ region, roundTripMs }) => {
            assert.deepEqual(written.endpoints[region], { url: urls.get(region), roundTrip: `${roundTripMs}ms` });
            const startedMs = performance.now();
            const whole = await call(urls.get(region)!, "converse");
            const body = (await whole.json()) as { usage: { outputTokens: number; inputTokens: number } };
            assert.equal(whole.status, 200);
            assert.deepEqual([body.usage.inputTokens, body.usage.outputTokens], [100, 20]);
            assert.ok(performance.now() - startedMs >= roundTripMs + 60, "no machine of the study is that fast");
            const stream = await call(urls.get(region)!, "converse-stream");
            const bytes = new TextDecoder("latin1").decode(await stream.arrayBuffer());
            assert.match(bytes, /"outputTokens":20\b/);
          }),
        );
      }));
  }

  it("say 429 when the limiter has no credit", () =>
    withFleet("limited", async (urls) => {
      const big = BODY.replace("lamp ".repeat(80), "lamp ".repeat(40_000));
      const send = () =>
        fetch(`${urls.get("us-east-1")}/model/amazon.nova-pro-v1%3A0/converse`, {
          method: "POST",
          body: big,
          signal: AbortSignal.timeout(700),
        }).catch(() => undefined);
      // 50,000 tokens are more than the credit: the first is let in and leaves a debt.
      const answers = await Promise.all([send(), send(), send()]);
      assert.ok(answers.some((answer) => answer?.status === 429));
    }));

  it("are none for an unknown name", () => assert.equal(worldNamed("no such"), undefined));
});

it("endpoints stay up until they are stopped", async () => {
  const stop = new AbortController();
  let yaml = "";
  const served = serve(worldNamed("fifo")!, stop.signal, (text) => {
    yaml = text;
    stop.abort();
  });
  await served;
  const url = /us-east-1: \{ url: "([^"]+)"/.exec(yaml)![1]!;
  await assert.rejects(fetch(url), "the port is free again");
});
