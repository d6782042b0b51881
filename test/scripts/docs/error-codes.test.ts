import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findErrorCodes } from "../../../scripts/docs/error-codes.ts";

/** Codes of files that are given as text, without their path. */
function codes(...texts: readonly string[]): readonly unknown[] {
  const found = findErrorCodes(new Map(texts.map((text, i) => [`${i}.ts`, text])));
  return found.map(({ path, ...site }) => site);
}

describe("error codes in the source", () => {
  it("are found where an error is thrown, with what varies as …", () => {
    const text = `throw new MeridianError("data", { code: "RUN_ID", what: \`"\${id}" is none\`, fix: "look" + " it up" });`;
    assert.deepEqual(codes(text), [{ code: "RUN_ID", kind: "data", what: '"…" is none', fix: "look it up" }]);
  });

  it("say what is put together where it is read", () => {
    const text = `throw new MeridianError("data", { code: "RUN_ID", get what() { return "none"; }, fix: "look" });`;
    assert.deepEqual(codes(text), [{ code: "RUN_ID", kind: "data", what: "none", fix: "look" }]);
  });

  it("are found where a function takes the code, in whatever file it stands", () => {
    const helper =
      'export function rowError(place, code, what, fix) { return new MeridianError("data", { code, what, fix }); }';
    const caller = 'throw rowError(place, "TRACE_EMPTY", "no rows", "add one");';
    const expected = [{ code: "TRACE_EMPTY", kind: "data", what: "no rows", fix: "add one" }];
    assert.deepEqual(codes(helper, caller), expected);
    assert.deepEqual(codes(caller, helper), expected);
  });

  it("are found where a method takes the code", () => {
    const list =
      "export class Problems { add(code, where, what, fix) { this.list.push({ code, where, what, fix }); } }";
    const caller = `problems.add("QUOTA_SMALL", where, \`\${a} > \${b}\`, "raise it"); set.add("OTHER");`;
    const [quota] = codes(list, caller);
    assert.deepEqual(quota, { code: "QUOTA_SMALL", kind: undefined, what: "… > …", fix: "raise it" });
  });

  it("take texts from constants, and both sides of a choice", () => {
    const text = `
      function f(a) {
        const fix = "mend it";
        const what = a ? "too long" : "too short";
        throw new MeridianError("usage", { code: a ? "A_LONG" : "A_SHORT", what, fix });
      }`;
    const site = { kind: "usage", what: "too long; or too short", fix: "mend it" };
    assert.deepEqual(codes(text), [
      { code: "A_LONG", ...site },
      { code: "A_SHORT", ...site },
    ]);
  });

  it("of one function that reads several kinds of files are listed for each", () => {
    const reader = `
      function read(file) {
        const fail = (suffix, what, fix) => new MeridianError(file.kind, { code: \`\${file.code}_\${suffix}\`, what, fix });
        throw fail("NOT_FOUND", \`there is no such \${file.noun}\`, near(file));
      }`;
    const run = 'export const RUN = { code: "RUN", noun: "run result", kind: "data" };';
    const world = 'export const WORLD = { code: "WORLD", noun: "world file", kind: "usage" };';
    assert.deepEqual(codes(reader, run, world), [
      { code: "RUN_NOT_FOUND", kind: "data", what: "there is no such run result", fix: "…" },
      { code: "WORLD_NOT_FOUND", kind: "usage", what: "there is no such world file", fix: "…" },
    ]);
  });

  it("that are put together when they happen are shown by their beginning", () => {
    const text = `report({ code: \`PROBE_\${kind.toUpperCase()}\`, what: message });`;
    assert.deepEqual(codes(text), [{ code: "PROBE_…", kind: undefined, what: "…", fix: "" }]);
  });

  it("in a list of problems are of the kind that the file throws, if it throws one", () => {
    const list = 'problems.push({ code: "NET_GAP", what: "no way" });';
    assert.deepEqual(codes(list), [{ code: "NET_GAP", kind: undefined, what: "no way", fix: "" }]);
    const thrown = `${list} throw new MeridianError("usage", problems);`;
    assert.deepEqual(codes(thrown), [{ code: "NET_GAP", kind: "usage", what: "no way", fix: "" }]);
  });

  it("are not other objects with a code", () => {
    assert.deepEqual(codes('const country = { code: "DE", name: "Germany" }; exit({ code: 3, what: "x" });'), []);
  });
});
