import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parseSet } from "../../../scripts/io/overrides.ts";
import { loadScenario, parseScenario } from "../../../scripts/io/scenario-file.ts";
import { WORLD_FILE_BYTES_MAX } from "../../../scripts/io/scenario-include.ts";
import { MeridianError } from "../../../simulator/errors.ts";
import { scenarioSchema } from "../../../simulator/scenario/schema.ts";

const folder = mkdtempSync(join(tmpdir(), "meridian-include-"));
mkdirSync(join(folder, "worlds"));
const write = (name: string, text: string): string => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};

const REST = `traffic:
  - class: chat
    arrivals: { poisson: 5/s }
    tokens: { input: 10, output: 10 }
    origin: us-east-1
strategies: [{ single: { target: us-east-1 } }]
`;
const scenario = (world: string) => `name: a\nduration: 10s\nworld:\n${world}${REST}`;
const WORLD = `# fitted
regions: [us-east-1, us-west-2]
models:
  nova:
    id: amazon.nova-pro-v1:0
    capacity: { kind: slots, servers: 2, service: 100ms }
    capacityIn:
      us-east-1: { kind: slots, servers: 3, service: 200ms }
`;
write("worlds/w.yaml", WORLD);

const load = (text: string, sets: readonly string[] = []) =>
  loadScenario(write("a.yaml", text), scenarioSchema, sets.map(parseSet));
async function problemOf(text: string, sets: readonly string[] = []) {
  try {
    await load(text, sets);
  } catch (error) {
    if (error instanceof MeridianError) return error.problems[0]!;
    throw error;
  }
  throw new Error("nothing was wrong");
}

describe("a scenario includes a world file", () => {
  it("relative to its own folder, and the saved scenario stands alone", async () => {
    const { value, yaml } = await load(scenario("  include: worlds/w.yaml\n"));
    assert.deepEqual(value.world.regions, ["us-east-1", "us-west-2"]);
    assert.equal(value.world.include, undefined);
    assert.ok(!yaml.includes("include"));
    const alone = parseScenario(yaml, "saved.yaml", scenarioSchema);
    assert.deepEqual(alone.value, value);
  });

  it("whose keys hold only where it has none; lists are not merged; another kind stands as it is", async () => {
    const own = `  include: worlds/w.yaml
  regions: [us-east-1]
  models:
    nova:
      id: amazon.nova-lite-v1:0
      capacity: { kind: batching, stepBase: 5ms, stepPerSequence: 1ms }
      capacityIn:
        us-east-1: { kind: slots, servers: 9 }
`;
    const { value } = await load(scenario(own));
    const { nova } = value.world.models;
    assert.deepEqual(value.world.regions, ["us-east-1"]);
    assert.equal(nova!.id, "amazon.nova-lite-v1:0");
    assert.equal(nova!.capacity.kind, "batching");
    const east = nova!.capacityIn["us-east-1"]!;
    assert.ok(east.kind === "slots" && east.servers === 9);
    assert.deepEqual(east.kind === "slots" && east.service, { kind: "constant", value: 200 });
  });

  it("from the command line too, with further values over what it brings", async () => {
    const file = join(folder, "worlds/w.yaml");
    const sets = [`world.include=${file}`, "world.models.nova.capacityIn.us-east-1.servers=5"];
    const { value } = await load(scenario("  healthDelay: 1s\n"), sets);
    const east = value.world.models.nova!.capacityIn["us-east-1"]!;
    assert.ok(east.kind === "slots" && east.servers === 5);
    assert.equal(value.world.healthDelay, 1000);
  });

  it("and a fault inside it names its own line", async () => {
    write("worlds/wrong.yaml", WORLD.replace("servers: 3", "servrs: 3"));
    const { where, what } = await problemOf(scenario("  include: worlds/wrong.yaml\n"));
    assert.match(where!, /worlds\/wrong\.yaml:8 world\.models\.nova\.capacityIn/);
    assert.match(what, /servrs/);
    const own = await problemOf(scenario("  include: worlds/w.yaml\n  healthDely: 1s\n"));
    assert.match(own.where!, /a\.yaml:5 world\.healthDely/);
  });

  it("that is missing, no map, nested, aliased, too large or not a file is refused", async () => {
    write("worlds/list.yaml", "- 1\n");
    write("worlds/nested.yaml", "include: w.yaml\n");
    write("worlds/alias.yaml", "regions: &r [us-east-1]\nquotas: *r\n");
    write("worlds/large.yaml", `# ${"x".repeat(WORLD_FILE_BYTES_MAX)}\n`);
    for (const [name, code] of [
      ["none.yaml", "WORLD_FILE_NOT_FOUND"],
      ["list.yaml", "WORLD_FILE_SHAPE"],
      ["nested.yaml", "WORLD_FILE_NESTED"],
      ["alias.yaml", "WORLD_FILE_ALIAS"],
      ["large.yaml", "WORLD_FILE_TOO_LARGE"],
      ["", "WORLD_FILE_IS_DIRECTORY"],
    ] as const) {
      assert.equal((await problemOf(scenario(`  include: worlds/${name}\n`))).code, code, name);
    }
    const { where } = await problemOf(scenario("  include: worlds/none.yaml\n"));
    assert.match(where!, /a\.yaml:4 world\.include/);
  });

  it("but not one that is text only", () => {
    assert.throws(
      () => parseScenario(scenario("  include: worlds/w.yaml\n"), "a.yaml", scenarioSchema),
      (error) => error instanceof MeridianError && error.problems[0]!.code === "WORLD_FILE_NOT_READ",
    );
  });
});
