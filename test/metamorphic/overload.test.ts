import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { stringify } from "yaml";
import { smallScenario } from "../../studies/oracles/oracle.ts";
import { meridianHere } from "../scripts/run-meridian.ts";
import { assertSound } from "./sound.ts";

const folders: string[] = [];
after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

/** Twice the calls that the servers can take, for ever. */
const OVERLOAD = {
  name: "overload",
  replications: 2,
  requests: 20_000,
  drain: "10m",
  ...smallScenario({
    arrivals: { poisson: "40/s" },
    regions: { r1: { kind: "slots", servers: 20, service: { exponential: { mean: "1s" } } } },
  }),
  assert: ["p95(e2e) < 8s"],
};

it("overload for ever through the command: it ends, says unstable, and its gate fails with 99", async () => {
  const folder = await mkdtemp(join(tmpdir(), "meridian-overload-"));
  folders.push(folder);
  const file = join(folder, "overload.yaml");
  await writeFile(file, stringify(OVERLOAD, { aliasDuplicateObjects: false }));
  const { code, stdout, stderr } = await meridianHere(["simulate", file, "--out", folder]);
  assert.equal(code, 99, stderr);
  assert.match(stderr, /ASSERTION_FAILED {2}p95\(e2e\) < 8s/);
  assert.doesNotMatch(stdout + stderr, /NaN|Infinity|undefined/);
  const result = JSON.parse(await readFile(join(folder, "latest", "result.json"), "utf8"));
  assertSound(result);
  assert.equal(result.strategies[0].status, "unstable");
  const summary = await readFile(join(folder, "latest", "summary.md"), "utf8");
  assert.match(summary, /unstable/);
  assert.doesNotMatch(summary, /NaN|undefined/);
});

it("without a gate an unstable run is a result like any other: exit code 0", async () => {
  const folder = await mkdtemp(join(tmpdir(), "meridian-overload-"));
  folders.push(folder);
  const file = join(folder, "overload.yaml");
  await writeFile(file, stringify({ ...OVERLOAD, assert: [] }, { aliasDuplicateObjects: false }));
  const { code, stdout } = await meridianHere(["simulate", file, "--out", folder, "--quiet", "--json"]);
  assert.equal(code, 0);
  assert.equal(JSON.parse(stdout).strategies[0].status, "unstable");
});
