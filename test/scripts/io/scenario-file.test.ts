import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { parseSet } from "../../../scripts/io/overrides.ts";
import { loadScenario, SCENARIO_BYTES_MAX, WORLD_FILE_BYTES_MAX } from "../../../scripts/io/scenario-file.ts";
import { parseScenario } from "../../../scripts/io/scenario-text.ts";
import { MeridianError, type Problem } from "../../../simulator/base/errors.ts";
import { durationMs } from "../../../simulator/base/schema-forms.ts";
import { scenarioSchema } from "../../../simulator/scenario/schema.ts";

const law = z.union([
  durationMs,
  z.strictObject({ exponential: z.strictObject({ mean: durationMs }) }),
  z.strictObject({ lognormal: z.strictObject({ mean: durationMs, cv: z.number().positive() }) }),
]);
const schema = z.strictObject({
  name: z.string().meta({ description: "Name of the scenario" }),
  seed: z.number().int().min(0).default(1),
  billing: z.enum(["source", "destination"]).optional(),
  service: law.optional(),
  duration: durationMs.refine((ms) => ms > 0, "must be more than 0").optional(),
  strategy: z
    .union([z.enum(["single", "cheapest"]), z.strictObject({ single: z.strictObject({ region: z.string() }) })])
    .optional(),
  traffic: z.array(z.strictObject({ class: z.string(), tags: z.record(z.string(), z.string()).optional() })).min(1),
});

const GOOD = ["name: demo", "seed: 4", "traffic:", "  - class: chat", "  - class: batch", ""].join("\n");

function problemsOf(text: string, sets: readonly string[] = []): readonly Problem[] {
  try {
    parseScenario(text, "a.yaml", schema, sets.map(parseSet));
  } catch (error) {
    if (error instanceof MeridianError) {
      assert.equal(error.exitCode, 2);
      return error.problems;
    }
    throw error;
  }
  return [];
}

function only(text: string, sets: readonly string[] = []): Problem {
  const problems = problemsOf(text, sets);
  assert.equal(problems.length, 1, JSON.stringify(problems, null, 1));
  return problems[0]!;
}

describe("a good scenario", () => {
  it("is read with its units", () => {
    const loaded = parseScenario(`${GOOD}service: { exponential: { mean: 1m30s } }\n`, "a.yaml", schema);
    assert.deepEqual(loaded.value.service, { exponential: { mean: 90_000 } });
    assert.equal(loaded.value.seed, 4);
  });

  it("places later problems by their config path", () => {
    const loaded = parseScenario(GOOD, "a.yaml", schema, [parseSet("seed=9")]);
    const place = (where: string) => loaded.place({ code: "X", what: "x", where }).where;
    assert.equal(place("traffic[1].class"), "a.yaml:5 traffic[1].class");
    assert.equal(place("traffic[1].slo.e2e"), "a.yaml:5 traffic[1].slo.e2e", "nearest line that exists");
    assert.equal(place("seed"), "--set seed=9 seed");
    assert.equal(loaded.place({ code: "X", what: "x" }).where, "a.yaml:1");
  });

  it("allows anchors and keeps comments in the resolved text", () => {
    const text = "# why\nname: &n demo\ntraffic: [ { class: *n } ]\n";
    const loaded = parseScenario(text, "a.yaml", schema);
    assert.equal(loaded.value.traffic[0]?.class, "demo");
    assert.match(loaded.yaml, /# why/);
  });
});

describe("wrong values", () => {
  it("names every problem at once, in the order of the file", () => {
    const problems = problemsOf("name: 7\nsed: 4\nbilling: sources\ntraffic:\n  - clas: chat\n");
    assert.deepEqual(
      problems.map((each) => `${each.code} ${each.where}`),
      [
        "SCENARIO_INVALID_VALUE a.yaml:1 name",
        "SCENARIO_UNKNOWN_KEY a.yaml:2 sed",
        "SCENARIO_INVALID_VALUE a.yaml:3 billing",
        "SCENARIO_UNKNOWN_KEY a.yaml:5 traffic[0].clas",
      ],
    );
    assert.equal(problems[1]?.fix, 'did you mean "seed"?');
    assert.equal(problems[2]?.fix, 'did you mean "source"?');
    assert.match(problems[2]?.what ?? "", /"sources" is not one of source, destination/);
    assert.equal(problems[3]?.fix, 'did you mean "class"?');
  });

  it("says what is missing", () => {
    assert.deepEqual(only("traffic: [ { class: a } ]"), {
      code: "SCENARIO_MISSING_KEY",
      what: "name is missing",
      where: "a.yaml:1 name",
      fix: "add it: Name of the scenario",
    });
  });

  it("splits a unit's message into what and fix", () => {
    const problem = only(`${GOOD}service: 5 parsecs`);
    assert.equal(problem.what, '"5 parsecs" is not a duration');
    assert.match(problem.fix ?? "", /write it like 250ms/);
    assert.equal(problem.where, "a.yaml:6 service");
  });

  it("in a union, speaks of the alternative that was meant", () => {
    const misspelt = only(`${GOOD}service: { exponental: { mean: 1s } }`);
    assert.equal(misspelt.fix, 'did you mean "exponential"?');
    const inner = only(`${GOOD}service: { lognormal: { mean: 1s, cv: -1 } }`);
    assert.equal(inner.where, "a.yaml:6 service.lognormal.cv");
    assert.match(inner.fix ?? "", /more than 0/);
    const neither = only(`${GOOD}service: [1]`);
    assert.match(neither.what, /a list is not valid here/);
  });

  it("finds the nearest name also where a map is allowed", () => {
    assert.equal(only(`${GOOD}strategy: chepest`).fix, 'did you mean "cheapest"?');
    assert.equal(only(`${GOOD}strategy: { singel: {} }`).fix, 'did you mean "single"?');
    assert.equal(only(`${GOOD}strategy:\n  single:\n`).fix, "write {} if there is nothing to set");
  });

  it("gives a refinement its subject", () => {
    assert.equal(only(`${GOOD}duration: 0s`).what, '"0s" must be more than 0');
  });

  it("says how many entries a list needs", () => {
    const problem = only("name: a\ntraffic: []");
    assert.match(`${problem.what} ${problem.fix}`, /a list of 0 is too small at least 1 item$/);
  });

  it("never answers anything but problems, whatever the text", () => {
    const piece = fc.constantFrom(
      "name",
      ": ",
      "\n",
      "  ",
      "- ",
      "[",
      "{",
      "}",
      "]",
      "&a",
      "*a",
      "'",
      '"',
      "\t",
      "traffic",
      "|",
      "? ",
      "!!x",
      "---\n",
      "1",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        for (const problem of problemsOf(pieces.join(""))) {
          assert.match(problem.code, /^SCENARIO_/);
          assert.match(problem.where ?? "", /^a\.yaml/);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("YAML that is wrong or hostile", () => {
  it("refuses duplicate keys, naming both lines", () => {
    const problem = only(`${GOOD}seed: 5\n`);
    assert.equal(problem.code, "SCENARIO_DUPLICATE_KEY");
    assert.equal(problem.where, "a.yaml:6");
    assert.match(problem.what, /already set at a\.yaml:2/);
  });

  it("explains tabs", () => {
    const problem = problemsOf("name: a\ntraffic:\n\t- class: b\n")[0]!;
    assert.equal(problem.where, "a.yaml:3");
    assert.match(problem.fix ?? "", /spaces/);
  });

  it("refuses an empty file, a second document and unclosed brackets", () => {
    assert.equal(only("").code, "SCENARIO_EMPTY");
    assert.equal(only("# nothing\n").code, "SCENARIO_EMPTY");
    assert.equal(only(`${GOOD}---\n${GOOD}`).where, "a.yaml:6");
    assert.equal(problemsOf("name: [1, 2\n")[0]?.code, "SCENARIO_SYNTAX");
  });

  it("cannot be poisoned by __proto__", () => {
    assert.equal(only(`${GOOD}__proto__: { polluted: yes }\n`).code, "SCENARIO_UNSAFE_KEY");
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
    assert.equal(only(GOOD, ["traffic[0].__proto__.x=1"]).code, "SET_NO_PLACE");
  });

  it("does not unfold an alias bomb", () => {
    const rows = ["name: a", "traffic: []", "a0: &a0 [x, x, x, x, x, x, x, x, x]"];
    for (let i = 1; i < 9; i++)
      rows.push(
        `a${i}: &a${i} [${Array(9)
          .fill(`*a${i - 1}`)
          .join(", ")}]`,
      );
    assert.equal(only(rows.join("\n")).code, "SCENARIO_ALIASES");
  });

  it("survives deep nesting and very many keys quickly", () => {
    assert.equal(only("[".repeat(50_000)).code, "SCENARIO_TOO_DEEP");
    assert.equal(only(`a: ${"[".repeat(100)}${"]".repeat(100)}`).code, "SCENARIO_TOO_DEEP");
    const before = process.cpuUsage();
    const keys = Array.from({ length: 25_000 }, (_, i) => `k${i}: 1`).join("\n");
    assert.ok(problemsOf(`tags:\n  ${keys.replaceAll("\n", "\n  ")}`).length > 0);
    // Time on the processor, which busy neighbours do not add to.
    assert.ok(process.cpuUsage(before).user < 2_500_000, "checking keys must not take quadratic time");
  });
});

describe("--set", () => {
  it("writes typed values into maps and lists", () => {
    const loaded = parseScenario(GOOD, "a.yaml", schema, [
      parseSet("seed=7"),
      parseSet("traffic.1.tags={team: sre}"),
      parseSet("traffic[2]={class: extra}"),
    ]);
    assert.equal(loaded.value.seed, 7);
    assert.deepEqual(loaded.value.traffic[1]?.tags, { team: "sre" });
    assert.equal(loaded.value.traffic[2]?.class, "extra");
    assert.match(loaded.yaml, /seed: 7/);
    assert.deepEqual(
      parseScenario(loaded.yaml, "b.yaml", schema).value,
      loaded.value,
      "the saved text is the scenario",
    );
  });

  it("can take a key away", () => {
    const gone = { path: ["seed"], value: undefined, origin: "--x" };
    assert.equal(parseScenario(GOOD, "a.yaml", schema, [gone]).value.seed, 1);
  });

  it("blames the option and not the file", () => {
    const problem = only(GOOD, ["seed=-1"]);
    assert.equal(problem.where, "--set seed=-1 seed");
    assert.equal(only(GOOD, ["sed=1"]).where, "--set sed=1 sed");
    assert.equal(only(GOOD, ["servce.mean=1s"]).where, "--set servce.mean=1s servce");
  });

  it("refuses places that cannot be", () => {
    assert.match(only(GOOD, ["traffic[9].class=x"]).what, /traffic has 2 entries/);
    assert.match(only(GOOD, ["traffic.first=x"]).what, /is a list/);
    assert.match(only(GOOD, ["seed.x=1"]).what, /single value/);
    for (const text of ["seed", "=1", "a..b=1", "seed=[1"]) {
      assert.throws(
        () => parseSet(text),
        (error) => error instanceof MeridianError && error.problems[0]?.code === "SET_SYNTAX",
      );
    }
  });
});

describe("files", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "meridian-"));
    await writeFile(join(folder, "flagship.yaml"), GOOD);
    await writeFile(join(folder, "latin1.yaml"), Buffer.from([0x6e, 0x3a, 0x20, 0xe9]));
    await writeFile(join(folder, "huge.yaml"), "#".repeat(SCENARIO_BYTES_MAX + 1));
  });
  after(() => rm(folder, { recursive: true }));

  const code = async (name: string): Promise<Problem> => {
    const error: unknown = await loadScenario(join(folder, name), schema).then(
      () => undefined,
      (thrown) => thrown,
    );
    assert.ok(error instanceof MeridianError);
    return error.problems[0]!;
  };

  it("reads a file", async () => {
    assert.equal((await loadScenario(join(folder, "flagship.yaml"), schema)).value.name, "demo");
  });

  it("refuses what is no scenario file", async () => {
    assert.match((await code("flagshp.yaml")).fix ?? "", /did you mean .*flagship\.yaml/);
    assert.match((await code("flagship.yml")).fix ?? "", /did you mean .*flagship\.yaml/);
    assert.equal((await code("nowhere/x.yaml")).code, "SCENARIO_NOT_FOUND");
    assert.equal((await code(".")).code, "SCENARIO_IS_DIRECTORY");
    assert.equal((await code("latin1.yaml")).code, "SCENARIO_NOT_UTF8");
    assert.equal((await code("huge.yaml")).code, "SCENARIO_TOO_LARGE");
  });

  it("says of a log where it goes, also of one that is large, packed or binary, and not of one that is not there", async () => {
    await writeFile(join(folder, "day.csv"), "timestamp,input_tokens,output_tokens\n");
    await writeFile(join(folder, "large.jsonl"), "#".repeat(SCENARIO_BYTES_MAX + 1));
    await writeFile(join(folder, "calls.parquet"), Buffer.from([0x50, 0x41, 0x52, 0x31, 0xff, 0xfe]));
    for (const name of ["day.csv", "large.jsonl", "calls.parquet"]) {
      const { code: found, what, fix } = await code(name);
      assert.equal(found, "NOT_A_SCENARIO", name);
      assert.equal(what, "this is a table or a log, not a scenario");
      const file = join(folder, name);
      assert.ok(fix?.startsWith(`meridian simulate <scenario> --traffic ${file} runs its calls`), fix);
      assert.ok(fix?.includes(`meridian traffic describe ${file} `), fix);
    }
    assert.equal((await code("nowhere.csv")).code, "SCENARIO_NOT_FOUND");
  });

  it("does not hang on a device", async () => {
    await assert.rejects(loadScenario("/dev/zero", schema), /SCENARIO_NOT_A_FILE/);
  });
});

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
    assert.match(where!, /worlds\/wrong\.yaml:8$/);
    assert.equal(what, "a key here is not known");
    const asked = await problemOf(scenario(""), [`world.include=${join(folder, "worlds/wrong.yaml")}`]);
    assert.match(asked.where!, /worlds\/wrong\.yaml:8 world\.models\.nova\.capacityIn/);
    assert.match(asked.what, /servrs/);
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

  it("but none outside its folder, by whatever way, and no text of one that is wrong", async () => {
    const outside = mkdtempSync(join(tmpdir(), "meridian-outside-"));
    writeFileSync(join(outside, "secret.yaml"), "password: hunter2\n");
    writeFileSync(join(outside, "secret.env"), "KEY=hunter2: *x [\n");
    symlinkSync(join(outside, "secret.yaml"), join(folder, "worlds/link.yaml"));
    for (const name of [join(outside, "secret.yaml"), `../${basename(outside)}/secret.yaml`, "worlds/link.yaml"]) {
      const { code, where } = await problemOf(scenario(`  include: ${name}\n`));
      assert.equal(code, "WORLD_FILE_OUTSIDE", name);
      assert.match(where!, /a\.yaml:4 world\.include$/);
    }
    for (const name of ["secret.yaml", "secret.env"]) {
      copyFileSync(join(outside, name), join(folder, "worlds", name));
      const problem = await problemOf(scenario(`  include: worlds/${name}\n`));
      assert.ok(!JSON.stringify(problem).includes("hunter2") && !JSON.stringify(problem).includes("password"), name);
    }
    rmSync(outside, { recursive: true });
  });

  it("but not one that is text only", () => {
    assert.throws(
      () => parseScenario(scenario("  include: worlds/w.yaml\n"), "a.yaml", scenarioSchema),
      (error) => error instanceof MeridianError && error.problems[0]!.code === "WORLD_FILE_NOT_READ",
    );
  });
});
