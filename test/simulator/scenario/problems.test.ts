import assert from "node:assert/strict";
import { it } from "node:test";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { Problems } from "../../../simulator/scenario/problems.ts";

it("collects problems, and throws them together", () => {
  const problems = new Problems();
  problems.throwIfAny();
  assert.equal(problems.indexOf("b", ["a", "b"], "region", "here"), 1);
  assert.equal(problems.indexOf("sonet", ["haiku", "sonnet"], "model", "world.x"), -1);
  problems.add("SOME_CODE", "there", "it is wrong", "mend it");
  assert.throws(
    () => problems.throwIfAny(),
    (error) => error instanceof MeridianError && error.kind === "usage" && error.problems.length === 2,
  );
  assert.deepEqual(problems.list[0], {
    code: "MODEL_UNKNOWN",
    where: "world.x",
    what: 'there is no model "sonet" (did you mean sonnet?)',
    fix: "write sonnet; this scenario has: haiku, sonnet",
  });
});

it("throws what differs in its fix alone as one problem", () => {
  const problems = new Problems();
  for (const region of ["a", "b"]) problems.add("SOME_CODE", "there", "it is wrong", `mend ${region}`);
  problems.add("SOME_CODE", "elsewhere", "it is wrong", "mend it");
  assert.throws(
    () => problems.throwIfAny(),
    (error) => error instanceof MeridianError && error.problems.length === 2 && error.problems[0]?.fix === "mend a",
  );
});

it("shows near names first, says how many are left out, and names the command that lists all", () => {
  const known = Array.from({ length: 20 }, (_, i) => `zone-${"abcdefghijklmnopqrst"[i]!.repeat(8)}`);
  const fixOf = (listing?: string) => {
    const problems = new Problems();
    problems.indexOf("zone-tttttttx", known, "region", "here", listing);
    return problems.list[0]!.fix!;
  };
  assert.match(
    fixOf("meridian list regions"),
    /^write zone-t{8}; known: zone-t{8}, zone-a{8}, .*k{8}, … and 8 more \(meridian list regions\)$/,
  );
  assert.match(fixOf(), /^write zone-t{8}; this scenario has: zone-t{8}, .*, … and 8 more$/);
});

it("keeps the problems of a part that throws them, and lets our own bugs through", () => {
  const problems = new Problems();
  const thrown = new MeridianError("usage", { code: "X", what: "w", where: "inner", fix: "f" });
  const fail = (error: Error) => () => {
    throw error;
  };
  assert.equal(
    problems.attempt(() => 7),
    7,
  );
  assert.equal(problems.attempt(fail(thrown)), undefined);
  assert.equal(problems.attempt(fail(thrown), "outer"), undefined);
  assert.deepEqual(
    problems.list.map((problem) => problem.where),
    ["inner", "outer"],
  );
  assert.throws(() => problems.attempt(fail(new TypeError("bug"))), TypeError);
  const internal = new MeridianError("internal", { code: "INVARIANT_BROKEN", what: "w" });
  assert.throws(() => problems.attempt(fail(internal)), MeridianError);
});

it("forgets what speaks of a guessed name, but not that it was guessed", () => {
  const problems = new Problems();
  problems.add(
    "MODEL_ID_UNKNOWN",
    "world.models.m.id",
    'there is no model "sonet" (did you mean sonnet?)',
    "write sonnet",
  );
  problems.add("PROFILE_UNKNOWN", "world.targets[0]", 'inference profile "us.sonnet" is not known', "define it");
  problems.add("REGION_UNKNOWN", "world.regions[0]", 'there is no region "x"', "name one");
  problems.forget([]);
  assert.equal(problems.list.length, 3);
  problems.forget(["sonnet"]);
  assert.deepEqual(
    problems.list.map(({ code }) => code),
    ["MODEL_ID_UNKNOWN", "REGION_UNKNOWN"],
  );
});

it("lists a hundred problems, and says how many more there are", () => {
  const problems = new Problems();
  for (let i = 0; i < 20_000; i++) problems.indexOf(`nowhere-${i}`, ["a", "b"], "region", `world.regions[${i}]`);
  assert.throws(
    () => problems.throwIfAny(),
    (error) => {
      assert.ok(error instanceof MeridianError);
      assert.equal(error.problems.length, 101);
      assert.equal(error.problems[0]!.where, "world.regions[0]");
      assert.deepEqual(error.problems[100], {
        code: "MORE_PROBLEMS",
        what: "and 19,900 more problems",
        fix: "fix these first, then check again",
      });
      return true;
    },
  );
});
