import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { worldCheck, worldText } from "../../../scripts/traffic/check-in.ts";
import { fit } from "../../../scripts/traffic/fit.ts";
import type { ArrivalSpec } from "../../../simulator/traffic/arrivals/index.ts";
import { simulate } from "../../../simulator/traffic/fit/arrivals.ts";
import { fitTraffic, type TrafficFit } from "../../../simulator/traffic/fit/fit-traffic.ts";

const folder = mkdtempSync(join(tmpdir(), "meridian-check-in-"));
const scenario = join(folder, "world.yaml");
const signal = new AbortController().signal;
// Answers of 100 tokens at 20 ms a token: p95 says nothing of bursts, what the quota refuses says all.
writeFileSync(
  scenario,
  `name: tight
duration: 1h
world:
  regions: [us-east-1]
  models:
    m: { id: amazon.nova-lite-v1:0, capacity: { kind: slots, servers: unlimited, service: 1s, perOutputToken: 20ms } }
  quotas: [{ requests: 150, law: clock-window }]
traffic:
  - { class: any, arrivals: { poisson: 1/s }, tokens: { input: 1, output: 1, maxTokens: 400 } }
strategies: [round-robin]
client: { retry: none }
`,
);
const bursty: ArrivalSpec = { process: "gamma", ratePerS: 2, cv: 5 };
const arrivalMs = simulate(bursty, 3_600_000);
const columns = {
  arrivalMs,
  inputTokens: new Int32Array(arrivalMs.length).fill(200),
  outputTokens: Int32Array.from(arrivalMs, (_, i) => 50 + (i % 100)),
};
const fitted = fitTraffic(columns)!;
const withArrivals = (spec: ArrivalSpec): TrafficFit => ({
  ...fitted,
  classes: fitted.classes.map((each) => ({ ...each, arrivals: [{ ...each.arrivals[0]!, spec }] })),
});

it("a model with the bursts of the recording stands the test, one without them fails it", async () => {
  const good = await worldCheck(scenario, withArrivals(bursty), columns, signal);
  const [group] = good.groups;
  assert.ok(group!.throttled.recorded > 0.05, String(group!.throttled.recorded));
  assert.ok(group!.p95.passes);
  // The answer's length decides how long it takes: 145 tokens at p95, less a half, 1 s + 20 ms each.
  assert.ok(Math.abs(group!.p95.recorded - 3900) < 60, String(group!.p95.recorded));
  const smooth = await worldCheck(scenario, withArrivals({ process: "poisson", ratePerS: 2 }), columns, signal);
  assert.equal(smooth.passes, false);
  assert.ok(Math.abs(good.groups[0]!.throttled.fitted - group!.throttled.recorded) < 0.03);
  assert.ok(smooth.groups[0]!.throttled.fitted < group!.throttled.recorded - 0.05);
  assert.match(worldText(smooth), /NOT as it answers the recording.*\n.*p95.*\n {2}! fitted: throttled/);
});

it("the command says so, in its file too, and its exit code is that of a failed gate", async () => {
  const file = join(folder, "t.csv");
  writeFileSync(
    file,
    `time_ms,input_tokens,output_tokens\n${Array.from({ length: 120 }, (_, i) => `${i * 250 + 59_000 * Math.floor(i / 60)},${100 + i},5`).join("\n")}\n`,
  );
  const lines: string[] = [];
  const terminal = { out: (text: string) => lines.push(text), note: () => {} };
  const options = { onBadRow: "stop", maxBadRows: 0, out: join(folder, "f.yaml"), checkIn: scenario, json: true };
  const code = await fit({ args: [file], options, terminal, signal } as never);
  const { passes, world, classes } = JSON.parse(lines[0]!);
  assert.equal(code, world.passes ? 0 : 99);
  assert.equal(typeof passes, "boolean");
  assert.equal(classes[0].rowNumbers, undefined);
  assert.equal(world.strategy, "round-robin");
});
