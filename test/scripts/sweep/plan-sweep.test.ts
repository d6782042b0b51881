import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { openStore } from "../../../scripts/sweep/open-store.ts";
import { planRounds, runRounds } from "../../../scripts/sweep/plan-sweep.ts";
import { runSweep } from "../../../scripts/sweep/run-sweep.ts";
import { plannedSweep } from "../../../scripts/sweep/sweep-spec.ts";
import { TINY } from "../run-meridian.ts";
import { SILENT } from "../silent-terminal.ts";

const signal = new AbortController().signal;
const words = { vary: ["traffic[0].arrivals.poisson=2/s..14/sx3"], strategy: ["single"], adaptive: true };
const more = { objective: "4s", tolerance: "30%", points: 4 };
const overrides = [
  { path: ["replications"], value: 2, origin: "--replications 2" },
  { path: ["requests"], value: 400, origin: "--set" },
];

let root = "";
before(async () => {
  root = await mkdtemp(join(tmpdir(), "meridian-rounds-"));
});
after(() => rm(root, { recursive: true }));

describe("a sweep in rounds", () => {
  it("adds the same points with one worker and with two, and when it is stopped and planned anew", async () => {
    const { sweep, base } = await plannedSweep(TINY, { ...words, ...more }, overrides);
    const options = { redisUrl: undefined, terminal: SILENT, signal };
    const one = openStore(join(root, "one"));
    const whole = await runRounds(sweep, base, one, { ...options, workers: 1 });
    assert.ok(whole.sweep.jobs.length === 4);
    assert.equal(whole.found.done, whole.sweep.jobs.length);

    // On machines without a queue: each plan is one round further, until there is none.
    const other = openStore(join(root, "other"));
    let planned = await planRounds(sweep, base, other);
    assert.deepEqual(planned.jobs, sweep.jobs, "nothing has run: the first round");
    for (let known = -1; planned.jobs.length > known; planned = await planRounds(sweep, base, other)) {
      const workers = known === -1 ? 2 : 1;
      known = planned.jobs.length;
      await runSweep(planned, other, { jobs: planned.jobs, workers, terminal: SILENT, signal });
    }
    assert.deepEqual(planned.jobs, whole.sweep.jobs);
  });
});

describe("a sweep file", () => {
  it("says what the command line says, which wins over it", async () => {
    const file = join(root, "grid.yaml");
    const text = `scenario: ${TINY}
vary: { "traffic[0].arrivals.poisson": 2/s..14/sx3 }
set: { requests: 400 }
replications: 2
strategies: [single]
objective: 4s
points: 4
adaptive: { tolerance: 30% }
`;
    await writeFile(file, text);
    const fromFile = await plannedSweep(file, {}, []);
    const typed = await plannedSweep(TINY, { ...words, ...more }, overrides);
    assert.deepEqual({ ...fromFile.sweep, name: "tiny" }, typed.sweep);
    assert.deepEqual(fromFile.asked, typed.asked);
    const won = await plannedSweep(
      file,
      { vary: ["traffic[0].arrivals.poisson=[3/s]", "seed=[1, 2]"], design: "list" },
      [],
    ).catch((error: Error) => error);
    assert.match(String(won), /SWEEP_ADAPTIVE/, "two factors cannot be adaptive");
    const tighter = await plannedSweep(file, { tolerance: "10%", objective: "5s" }, []);
    assert.deepEqual([tighter.sweep.adaptive!.tolerance, tighter.sweep.adaptive!.questions[0]!.objective], [0.1, 5000]);
    assert.equal((await readFile(file, "utf8")).length, text.length);
  });

  it("names the line of what it does not understand", async () => {
    const file = join(root, "wrong.yaml");
    await writeFile(file, `scenario: ${TINY}\nvary: { seed: [1, 2] }\ndesing: grid\n`);
    await assert.rejects(plannedSweep(file, {}, []), /wrong\.yaml:3 .*desing[\s\S]*design/);
    await assert.rejects(plannedSweep(TINY, { ...words, tolerance: "wide" }, []), /SWEEP_TOLERANCE/);
    await writeFile(file, `scenario: ${TINY}\nvary: { "traffic[": 1 }\n`);
    await assert.rejects(plannedSweep(file, {}, []), /SET_SYNTAX.*is not a path/);
  });
});
