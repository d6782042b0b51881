import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parse } from "yaml";
import { parseScenario } from "../../../scripts/io/scenario-text.ts";
import { knobsOf, scenarioText, turned, turnedText } from "../../../scripts/playground/knobs.ts";
import { blockAt, entryOf, isBlock, listOf, stayingTraffic } from "../../../scripts/playground/staying-traffic.ts";
import { scenarioSchema } from "../../../simulator/scenario/schema.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");
const SHIPPED = globSync("scenarios/*.yaml", { cwd: ROOT }).map((path) => readFileSync(join(ROOT, path), "utf8"));

const TEXT = `
name: small # a comment that stays
requests: 3000
world:
  regions: [us-east-1, eu-west-1]
  models: { m: { id: amazon.nova-pro-v1:0, capacity: { kind: slots, servers: 9, service: 1s } } }
  quotas: [{ tokensPerMinute: 900k }, { region: eu-west-1, tokensPerMinute: { limit: 100k, burst: 50k }, requests: unlimited }]
traffic:
  - class: chat
    arrivals: &rate { poisson: 8/s }
    tokens: { input: 1200, output: 100, maxTokens: 800 }
    origin: { eu-west-1: 0.6, us-east-1: 0.4 }
  - { class: batch, arrivals: *rate, tokens: { input: 1, output: 1, maxTokens: 1 }, origin: us-east-1 }
strategies: [round-robin, { name: near, cheapest-within: { p95: 9s } }]
`;

const plainOf = (text: string) => parse(text) as unknown;
function textOf(text: string) {
  const source = scenarioText(text, "s.yaml");
  assert.ok("plain" in source);
  return source;
}
const turn = (values: Record<string, number>) => plainOf(turnedText(textOf(TEXT), "s.yaml", values)) as never;
const at = (value: unknown, ...path: readonly (string | number)[]) =>
  path.reduce<unknown>((inner, step) => (inner as Record<string | number, unknown>)[step], value);

describe("the knobs of a scenario", () => {
  it("stand where the scenario says", () => {
    const knobs = knobsOf(plainOf(TEXT));
    assert.deepEqual(
      knobs.map(({ id, value, fixed }) => [id, value, fixed]),
      [
        ["load", 1, undefined],
        ["swing", 0, undefined],
        ["quota", 1, undefined],
        ["ceiling-1", 9, undefined],
        ["movable", 1, undefined],
      ],
    );
    assert.deepEqual(turned(plainOf(TEXT), {}), []);
    assert.deepEqual(knobsOf("no scenario"), []);
  });

  it("say why they cannot be turned", () => {
    const plain = plainOf(
      "world: { prices: { hourly: { table: {} } } }\nstrategies: [round-robin]\ntraffic: [{ class: a, arrivals: { servegen: {} } }]",
    );
    assert.deepEqual(
      knobsOf(plain).map(({ id, fixed }) => [id, fixed !== undefined]),
      [
        ["load", false],
        ["swing", true],
        ["quota", true],
        ["ceiling", true],
        ["movable", true],
      ],
    );
  });

  it("load is that of the scenario, times the factor; comments stay", () => {
    const text = turnedText(textOf(TEXT), "s.yaml", { load: 2.5 });
    assert.match(text, /# a comment that stays/);
    assert.equal(at(plainOf(text), "load"), 2.5);
    assert.deepEqual(
      turned({ load: 0.4, traffic: [{}] }, { load: 2 }).map(({ path, value }) => [path, value]),
      [[["load"], 0.8]],
    );
    assert.notEqual(knobsOf({ traffic: [] })[0]!.fixed, undefined);
  });

  it("quotas keep their form", () => {
    const { world } = turn({ quota: 0.5 }) as { world: { quotas: unknown } };
    assert.deepEqual(world.quotas, [
      { tokensPerMinute: 450_000 },
      { region: "eu-west-1", tokensPerMinute: { limit: 50_000, burst: 25_000 }, requests: "unlimited" },
    ]);
  });

  it("a swing is written in the reading that the scenario has", () => {
    assert.deepEqual(at(turn({ swing: 0.31 }), "world", "prices", "hourly"), {
      sine: { swing: { peakToTrough: "31%" }, peakAt: "15:00 local" },
    });
    const swing = (sine: string) => {
      const plain = plainOf(`world: { prices: { hourly: { sine: ${sine} } } }`);
      return [knobsOf(plain).find(({ id }) => id === "swing")!.value, turned(plain, { swing: 0.5 })[0]!.value];
    };
    assert.deepEqual(swing('{ swing: { peakToTrough: 1.25 }, peakAt: "06:00 UTC" }'), [
      0.25,
      { sine: { swing: { peakToTrough: "50%" }, peakAt: "06:00 UTC" } },
    ]);
    assert.deepEqual(swing('{ amplitude: 20%, peakAt: "06:00 UTC" }'), [
      0.2,
      { sine: { amplitude: "50%", peakAt: "06:00 UTC" } },
    ]);
    assert.equal(
      turned(plainOf("world: { prices: { hourly: { sine: { amplitude: 20%, peakAt: x } } } }"), { swing: 0 })[0]!.value,
      "flat",
    );
  });

  it("a ceiling is that of its strategy", () => {
    assert.equal(at(turn({ "ceiling-1": 4.5 }), "strategies", 1, "cheapest-within", "p95"), "4500ms");
  });

  it("what may not move stays in the region of most callers, at its part of the rate", () => {
    const { traffic } = turn({ movable: 0.25, load: 2 }) as unknown as { traffic: readonly Record<string, unknown>[] };
    assert.deepEqual(
      traffic.map((one) => [one.class, one.arrivals, one.targets]),
      [
        ["chat", { poisson: "8/s", scale: 0.25 }, undefined],
        ["batch", { poisson: "8/s", scale: 0.25 }, undefined],
        ["chat that stays", { poisson: "8/s", scale: 0.75 }, ["eu-west-1"]],
        ["batch that stays", { poisson: "8/s", scale: 0.75 }, ["us-east-1"]],
      ],
    );
    const none = turn({ movable: 0 }) as unknown as { traffic: readonly Record<string, unknown>[] };
    assert.deepEqual(
      none.traffic.map((one) => one.targets),
      [["eu-west-1"], ["us-east-1"]],
    );
  });

  it("targets of any form have their region", () => {
    const plain = {
      world: {
        regions: ["a", "b"],
        targets: ["a/us", { region: "a", route: "eu", tier: "flex" }, { id: "own", region: "b" }],
      },
    };
    const { traffic, left } = stayingTraffic(
      plain,
      [
        { class: "x", arrivals: { poisson: "1/s" }, origin: "a" },
        { class: "y", arrivals: { poisson: "1/s" }, origin: "c" },
      ],
      0.5,
    );
    assert.deepEqual(at(traffic[2], "targets"), ["a/us", "a/eu@flex"]);
    assert.deepEqual(left, ["y"]);
  });

  it("every shipped scenario is a scenario however its knobs stand", () => {
    for (const text of SHIPPED) {
      const source = textOf(text);
      const values = knobsOf(source.plain).flatMap(({ id, fixed, min, max, value, scale }) => {
        const between =
          scale === "log" ? Math.sqrt(min * max) * 1.37 : value === min ? (min + max) / 3 : min + (max - min) / 4;
        return fixed === undefined ? [[id, between] as const] : [];
      });
      assert.ok(values.length >= 2);
      for (const some of [values, ...values.map((one) => [one])]) {
        const changed = turnedText(source, "s.yaml", Object.fromEntries(some));
        assert.notEqual(changed, source.text);
        parseScenario(changed, "s.yaml", scenarioSchema);
      }
    }
  });
});

describe("a scenario before it is checked", () => {
  it("is looked into without trusting its shape", () => {
    assert.deepEqual(blockAt({ a: { b: { c: 1 } } }, "a", "b"), { c: 1 });
    assert.deepEqual(blockAt({ a: [1] }, "a", "constructor"), {});
    assert.deepEqual(entryOf({ client: {}, score: { p95: "1s" } }), {
      kind: "score",
      label: "score",
      options: { p95: "1s" },
    });
    assert.deepEqual(entryOf(null).kind, "");
    assert.deepEqual([isBlock([]), isBlock(null), listOf("x")], [false, false, []]);
  });

  it("with a mistake in its YAML is answered with that", () => {
    const problems = scenarioText("a: [1", "s.yaml");
    assert.ok(!("plain" in problems) && problems[0]!.where!.startsWith("s.yaml:"));
  });
});
