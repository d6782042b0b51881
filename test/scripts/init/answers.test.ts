import assert from "node:assert/strict";
import { it } from "node:test";
import { answersFrom, DEFAULTS, FAULTS, regionsOf } from "../../../scripts/init/answers.ts";
import type { MeridianError } from "../../../simulator/base/errors.ts";

it("answers are taken as they are written, and what is not given stays", () => {
  const answers = answersFrom({ regions: "eu-west-1, eu-central-1", rate: "50k/d", quota: "none" }, DEFAULTS);
  assert.deepEqual(answers, { ...DEFAULTS, regions: ["eu-west-1", "eu-central-1"], rate: "50k/d", quota: null });
  assert.deepEqual(regionsOf(" a,b  a"), ["a", "b"]);
});

it("every answer that cannot be read is a problem, all in one round, each with what to write", () => {
  const given = { regions: "us-est-1", rate: "fast", objective: "20", quota: "0" };
  assert.throws(
    () => answersFrom(given, DEFAULTS),
    (error: MeridianError) =>
      error.problems.map(({ where }) => where).join(" ") === "--regions --rate --objective --quota" &&
      error.problems[0]!.fix === 'there is no region "us-est-1"; did you mean us-east-1?',
  );
  assert.match(FAULTS.regions("")!, /at least one region/);
  assert.match(FAULTS.model("a b")!, /Bedrock model id/);
});

it("the defaults are answers that can be given", () => {
  const texts = { ...DEFAULTS, regions: DEFAULTS.regions.join(","), quota: DEFAULTS.quota! };
  for (const question of ["regions", "model", "rate", "objective", "quota"] as const) {
    assert.equal(FAULTS[question](texts[question]), undefined, question);
  }
});
