import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { trafficOfLog } from "../../../scripts/traffic/log-classes.ts";
import { meridianHere } from "../run-meridian.ts";

const WORLD = "docs/examples/my-world.yaml";
const LOG = "docs/examples/s3-logs";

interface Made {
  readonly class: string;
  readonly model: string;
  readonly slo?: object;
  readonly origin: Readonly<Record<string, number>>;
}

test("a class for each team and model, with the scenario's objectives, from where its calls came", async () => {
  const { overrides, trace } = await trafficOfLog(WORLD, LOG, { models: new Map() }, []);
  const put = Object.fromEntries(overrides.map(({ path, value }) => [path.join("."), value]));
  const classes = put.traffic as readonly Made[];
  assert.ok(!trace.notes.some((note) => note.includes("left out")));
  assert.equal(new Set(classes.map((each) => each.class)).size, classes.length);
  assert.ok(classes.some((each) => each.class === "search haiku"));
  assert.ok(classes.every(({ slo }) => JSON.stringify(slo) === '{"e2e":"8s"}'));
  const all = classes.flatMap(({ origin }) => Object.values(origin)).reduce((total, count) => total + count, 0);
  assert.equal(all, 200);
  assert.deepEqual([put.start, put.duration], ["2026-09-03T14:00:09.000Z", "3420s"]);
});

test("models that the scenario lacks are counted, or given a name", async () => {
  const without = [{ path: ["world", "models", "nova"], value: undefined, origin: "test" }];
  const { trace } = await trafficOfLog(WORLD, LOG, { models: new Map() }, without);
  assert.match(
    trace.notes.at(-1)!,
    /^\d+ of 200 requests ask for nova-lite, .* --map-model nova-lite=<name> gives it one$/,
  );
  const mapped = await trafficOfLog(WORLD, LOG, { models: new Map([["nova-lite", "haiku"]]) }, without);
  assert.ok(!mapped.trace.notes.some((note) => note.includes("left out")));
  const out = mkdtempSync(join(tmpdir(), "meridian-log-"));
  const world = join(out, "world.yaml");
  writeFileSync(world, readFileSync(WORLD, "utf8").replace(/ {4}nova:\n.*\n.*\n/, ""));
  const args = ["simulate", world, "--traffic", LOG, "--replications", "1", "--quiet"];
  const { stdout, stderr } = await meridianHere([...args, "--workers", "1", "--out", out, "--json"]);
  const told = (JSON.parse(stdout) as { notes: string[] }).notes.filter((note) =>
    note.includes("which the scenario has"),
  );
  assert.equal(told.length, 1, `the report says so, too, and once: ${stderr}`);
});

test("where the scenario has none of the models, one line gives each of them one", async () => {
  const other = [{ path: ["world", "models"], value: { "nova-pro": { id: "amazon.nova-pro-v1:0" } }, origin: "test" }];
  const pairs = "--map-model nova-lite=nova-pro claude-haiku-4-5=nova-pro";
  await assert.rejects(
    trafficOfLog(WORLD, LOG, { models: new Map() }, other),
    ({ problems: [problem] }: { problems: { code: string; fix: string }[] }) => {
      assert.equal(problem!.code, "TRAFFIC_NO_MODEL");
      assert.deepEqual(problem!.fix.split("write ")[1]!.split(" ").sort(), pairs.split(" ").sort());
      return true;
    },
  );
});

test("one command from a log to a report", async () => {
  const out = mkdtempSync(join(tmpdir(), "meridian-log-"));
  const args = ["simulate", WORLD, "--traffic", LOG, "--replications", "2", "--workers", "1", "--out", out, "--json"];
  const { code, stdout, stderr } = await meridianHere(args);
  assert.equal(code, 0, stderr);
  const result = JSON.parse(stdout);
  for (const { total } of result.strategies) assert.equal(total.counts.sent, 400);
  assert.ok(result.notes.some((note: string) => note.includes("7 of 200 calls tell no output")));
  assert.ok(readdirSync(out).some((name) => name.startsWith("my-world-")));
});

test("rules tag requests that lack a tag, in the run and in the scenario that it saves", async () => {
  const folder = mkdtempSync(join(tmpdir(), "meridian-rules-"));
  const rules = join(folder, "rules.txt");
  writeFileSync(rules, 'tag team=night where region like "us-*"\ntag team=none where region is "xx"\n');
  const { overrides, trace } = await trafficOfLog(WORLD, LOG, { models: new Map(), tags: rules }, []);
  const without = await trafficOfLog(WORLD, LOG, { models: new Map() }, []);
  const classesOf = (all: typeof overrides) =>
    all.find(({ path }) => path[0] === "traffic")!.value as { class: string; tags?: object; arrivals: object }[];
  const tagged = classesOf(overrides);
  assert.ok(classesOf(without.overrides).every(({ class: name }) => !name.startsWith("night")));
  assert.ok(
    tagged.some(({ class: name, tags }) => name.startsWith("night") && JSON.stringify(tags) === '{"team":"night"}'),
  );
  assert.ok(tagged.every(({ arrivals }) => "tags" in arrivals));
  assert.match(trace.notes.join(" "), /line 2/);
  const out = join(folder, "runs");
  const args = ["--replications", "1", "--workers", "1", "--out", out, "--json", "--quiet"];
  const first = await meridianHere(["simulate", WORLD, "--traffic", LOG, "--tags", rules, ...args]);
  assert.equal(first.code, 0, first.stderr);
  const saved = join(out, readdirSync(out).find((name) => name.startsWith("my-world-"))!, "scenario.yaml");
  const sentOf = ({ stdout }: { stdout: string }) =>
    JSON.parse(stdout).strategies[0].byClass.map((each: { name: string; counts: { sent: number } }) => [
      each.name,
      each.counts.sent,
    ]);
  const again = await meridianHere(["simulate", saved, ...args]);
  assert.deepEqual(sentOf(again), sentOf(first), again.stderr);
  const alone = await meridianHere(["simulate", WORLD, "--tags", rules, ...args]);
  assert.deepEqual([alone.code, /TRAFFIC_TAGS_ALONE/.test(alone.stderr)], [2, true]);
});

test("without a team, the class label makes the classes; requests that name no model are given one", async () => {
  const out = mkdtempSync(join(tmpdir(), "meridian-log-"));
  const log = join(out, "calls.csv");
  writeFileSync(
    log,
    "time,input_tokens,output_tokens,class\n2026-05-04T09:00:00Z,100,5,chat\n2026-05-04T09:00:09Z,200,5,search\n2026-05-04T09:00:20Z,300,5,chat\n",
  );
  await assert.rejects(
    trafficOfLog(WORLD, log, { models: new Map() }, []),
    /TRAFFIC_NO_MODEL.*requests that name none\n.*--map-model unnamed=haiku/,
  );
  const { overrides } = await trafficOfLog(WORLD, log, { models: new Map([["unnamed", "haiku"]]) }, []);
  const classes = overrides[0]!.value as readonly (Made & { readonly arrivals: { readonly only: object } })[];
  assert.deepEqual(
    classes.map((each) => [each.class, each.model, each.arrivals.only]),
    [
      ["chat", "haiku", { class: "chat" }],
      ["search", "haiku", { class: "search" }],
    ],
  );
});
