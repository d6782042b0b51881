import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { CALIBRATION, CONDITIONS, HELD_OUT, prepareCondition } from "../../../scripts/validation/conditions.ts";
import { FOREIGN_WORLDS, foreignWorld } from "../../../scripts/validation/foreign/worlds.ts";
import { readMeasured } from "../../../scripts/validation/measured.ts";
import { studyPart } from "../../../scripts/validation/page.ts";
import { checkStudy, readResults } from "../../../scripts/validation/results.ts";
import { deriveCase, measuredFigures, STUDY_FOLDER } from "../../../scripts/validation/study.ts";
import { studyTables } from "../../../scripts/validation/table.ts";
import { recordSchedule } from "../../../simulator/replay/record-schedule.ts";

describe("the study that is kept", () => {
  it("has its tables on the page, over at least ten held-out cases", async () => {
    const results = await readResults(STUDY_FOLDER);
    const page = readFileSync(join(STUDY_FOLDER, "..", "validation.md"), "utf8");
    assert.equal(studyPart(page), studyTables(results), "npm run validation -- --write");
    assert.equal(results.length, FOREIGN_WORLDS.length * CONDITIONS.length);
    assert.ok(results.filter(({ condition }) => condition !== CALIBRATION.name).length >= 10);
  });

  it("derives a case anew to the figures that are kept", async () => {
    const world = foreignWorld("steps")!;
    const naive = await measuredFigures(STUDY_FOLDER, world, CALIBRATION);
    const derived = await deriveCase(STUDY_FOLDER, world, HELD_OUT[0]!, naive);
    const said: string[] = [];
    const isAsKept = await checkStudy([derived], STUDY_FOLDER, (line) => said.push(line));
    assert.ok(isAsKept, `${said.join("\n")}\nnpm run validation -- --write, if the change is meant`);
    const other = { ...derived, predicted: { ...derived.predicted, e2eMsP95: derived.predicted.e2eMsP95 + 1 } };
    assert.equal(await checkStudy([other], STUDY_FOLDER, () => {}), false, "a figure that differs is seen");
  });

  for (const { name } of FOREIGN_WORLDS) {
    it(`${name}: was measured with the requests that its scenario still makes, in time`, async () => {
      for (const condition of CONDITIONS) {
        const { schedule, facts, requests } = await readMeasured(join(STUDY_FOLDER, name, condition.name));
        const made = recordSchedule((await prepareCondition(name, condition)).inputs.plan);
        assert.equal(requests.length, made.length);
        made.forEach((row, i) => {
          assert.ok(Math.abs(row[0] - schedule[i]![0]) < 0.001);
          assert.deepEqual(row.slice(1), schedule[i]!.slice(1));
        });
        assert.ok(facts.k6 !== null && facts.lagMsP99! <= 10 && facts.serverLateMsP99! <= 10);
      }
    });
  }
});
