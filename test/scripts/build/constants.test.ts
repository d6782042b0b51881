import assert from "node:assert/strict";
import { it } from "node:test";
import { constantsAgain } from "../../../scripts/build/constants.ts";

it("what has a value and is never assigned to becomes a constant again, whatever else stands in the module", () => {
  const text = [
    'import { x } from "./x.js";',
    "var WIDTH = 37, HEIGHT = 2;",
    "var { a, b: [c] } = x;",
    "let later;",
    "export { WIDTH };",
  ].join("\n");
  assert.equal(constantsAgain("a.js", text), text.replace("var WIDTH", "const WIDTH").replace("var { a", "const { a"));
});

it("what is assigned to anywhere stays a variable: by name, counted up, by a pattern, in a function, in a loop", () => {
  const assignments = [
    "v = 2;",
    "v += 1;",
    "v++;",
    "({ v } = w);",
    "[w.p, ...v] = w;",
    "function f() { v = 2 }",
    "for (v of w) ;",
  ];
  for (const assignment of assignments) {
    const text = `var v = 1;\n${assignment}`;
    assert.equal(constantsAgain("a.js", text), text, assignment);
  }
  // Each of a statement's names has to stay.
  const together = "var v = 1, w = 2;\nv = 3;";
  assert.equal(constantsAgain("a.js", together), together);
  assert.equal(constantsAgain("a.js", "var v;"), "var v;");
});
