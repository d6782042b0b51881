import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { parse } from "yaml";
import { runKeyOf } from "../../../../../scripts/io/k6/kubernetes/run-key.ts";
import { type ClusterOrder, writeManifests } from "../../../../../scripts/io/k6/kubernetes/write-manifests.ts";
import { recordSchedule } from "../../../../../simulator/replay/record-schedule.ts";
import type { Plan } from "../../../../../simulator/scenario/plan.ts";
import { k6ForTests } from "../../../../scenarios/k6/k6.ts";
import { planOf, scenarioInput } from "../../../../simulator/scenario/base.ts";

const plan: Plan = {
  ...planOf(scenarioInput({ requests: 20, routers: 4, strategies: ["round-robin", { single: { target: "a" } }] })),
  name: "Über die Straße: a very long name, with signs and MORE",
};
const schedule = recordSchedule(plan);
let order: ClusterOrder;
before(
  async () => {
    order = {
      k6: await k6ForTests(),
      schedule,
      drainMs: 5000,
      targets: {
        urlOfRegion: new Map([
          ["a", "http://gateway-a:80"],
          ["b", "http://gateway-b:80"],
        ]),
        operation: "converse",
        isEmulated: false,
        roundTripMs: new Map(),
      },
      variables: ["GATEWAY_KEY"],
      secret: "keys",
      parallelism: 2,
      image: "k6:test",
      namespace: undefined,
      volumeClaim: "disk",
      startMs: 1_800_000_000_000,
      out: await mkdtemp(join(tmpdir(), "meridian-manifests-test-")),
      signal: new AbortController().signal,
    };
  },
  { timeout: 900_000 },
);
after(() => rm(order.out, { recursive: true, force: true }));

describe("manifests of a bench", () => {
  it("have names that Kubernetes takes and keys that can be computed again", async () => {
    const runs = await writeManifests(plan, order);
    assert.deepEqual(
      runs.map(({ strategy, run }) => [strategy, run]),
      plan.strategies.map(({ name }, i) => [
        name,
        runKeyOf(plan, i, { schedule, operation: "converse", drainMs: 5000 }),
      ]),
    );
    assert.notEqual(runs[0]!.run, runs[1]!.run);
    for (const { name, manifest, archive } of runs) {
      assert.match(name, /^[a-z]([a-z0-9-]*[a-z0-9])?$/);
      assert.ok(`${name}-initializer`.length <= 63, name);
      const { metadata, spec } = parse(await readFile(manifest, "utf8")) as {
        readonly metadata: { readonly name: string };
        readonly spec: {
          readonly parallelism: number;
          readonly script: { readonly volumeClaim: { readonly file: string } };
          readonly runner: { readonly image: string };
        };
      };
      assert.deepEqual([metadata.name, spec.parallelism, spec.runner.image], [name, 2, "k6:test"]);
      assert.equal(join(order.out, spec.script.volumeClaim.file), archive);
    }
    assert.equal((await readdir(order.out)).length, 4);
  });

  it("have a key that is another for other traffic, another client and another operation", () => {
    const key = (over: Partial<Plan>, with_: object = {}) =>
      runKeyOf({ ...plan, ...over }, 0, { schedule, operation: "converse", drainMs: 5000, ...with_ });
    const other = [
      key({ seed: 2 }),
      key({ routers: 2 }),
      key({}, { operation: "converse-stream" }),
      key({}, { drainMs: 6000 }),
      key({}, { schedule: schedule.slice(1) }),
    ];
    assert.equal(new Set([key({}), ...other]).size, 6);
    assert.equal(key({ name: "renamed" }), key({}));
  });

  it("are refused for routers that do not divide, before anything is written", async () => {
    const out = join(order.out, "none");
    await assert.rejects(writeManifests(plan, { ...order, parallelism: 3, out }), /KUBERNETES_ROUTERS/);
    assert.deepEqual(await readdir(out).catch(() => []), []);
  });
});
