import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { missingKey, unknownKey, withoutEchoes } from "../../../scripts/io/config-keys.ts";
import { mapSchema } from "../../../scripts/io/schema-map.ts";
import { formatPath } from "../../../scripts/io/yaml-source.ts";

const schema = z.strictObject({
  pot: z.strictObject({ lid: z.string().meta({ description: "what covers it" }) }),
  cups: z.array(z.strictObject({ size: z.number(), handle: z.strictObject({ left: z.boolean() }).optional() })),
  name: z.string(),
});
const contextOf = (value: unknown) => ({ value, schema: mapSchema(schema), where: formatPath });
const fixOf = (path: readonly (string | number)[], key: string, value: unknown) =>
  unknownKey(path, key, contextOf(value)).problem.fix;

describe("an unknown key", () => {
  const value = { pot: {}, cups: [{}, { handle: {} }], name: "x" };

  it("has slipped to the left: out of a map, or of the last item of a list", () => {
    assert.equal(fixOf([], "lid", value), "indent it, so that it stands below pot");
    assert.equal(fixOf([], "size", value), "indent it, so that it stands below cups[1]");
  });

  it("has slipped to the right", () => {
    assert.equal(fixOf(["cups", 1, "handle"], "size", value), "move it to the left, below cups[1]");
    const unnamed = { pot: {}, cups: [] };
    assert.equal(fixOf(["pot"], "name", unnamed), "move it to the left: name is a key of the scenario itself");
    assert.equal(fixOf(["pot"], "name", value), "known here: lid", "the scenario has a name");
  });

  it("is like a known one, or like none", () => {
    assert.equal(fixOf([], "nmae", value), 'did you mean "name"?');
    assert.equal(fixOf(["pot"], "zzzzzz", value), "known here: lid");
  });
});

it("a name as the key of what it names is one mistake, with what to write", () => {
  const named = z.strictObject({
    cups: z.array(z.strictObject({ name: z.string().optional(), size: z.number().optional() })),
  });
  const value = { cups: [{ big: { size: 3 } }, { big: { colour: 3 } }] };
  const context = { value, schema: mapSchema(named), where: formatPath };
  const found = unknownKey(["cups", 0], "big", context);
  assert.equal(found.problem.fix, "write { name: big, size: ... }");
  const echo = { problem: { code: "SCENARIO_INVALID_VALUE", what: "nothing is chosen" }, path: ["cups", 0] };
  assert.deepEqual(withoutEchoes([found, echo]), [found]);
  assert.equal(unknownKey(["cups", 1], "big", context).problem.fix, "known here: name, size");
});

describe("one mistake", () => {
  const context = contextOf({ pot: {}, cups: [], name: "x" });

  it("is one problem: a key that slipped away is not missing too", () => {
    const all = [unknownKey([], "lid", context), missingKey(["pot", "lid"], context)];
    assert.deepEqual(withoutEchoes(all), [all[0]]);
  });

  it("is one problem: the only unknown key stands for the only missing one", () => {
    const all = [unknownKey(["pot"], "cover", context), missingKey(["pot", "lid"], context)];
    assert.deepEqual(
      withoutEchoes(all).map(({ problem }) => problem.fix),
      ['did you mean "lid"?'],
    );
    const two = [...all, unknownKey(["pot"], "other", context)];
    assert.equal(withoutEchoes(two).length, 3, "which of two is not known");
  });
});
