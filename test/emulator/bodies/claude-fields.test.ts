import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseClaudeFields } from "../../../emulator/bodies/claude-fields.ts";

describe("fields of Claude", () => {
  const parse = (fields: Record<string, unknown>) => parseClaudeFields(fields, []);
  it("say how to think", () => {
    const thinking = (value: object) => parse({ thinking: value }).thinking;
    assert.deepEqual(thinking({ type: "enabled", budget_tokens: 2000 }), {
      mode: "budget",
      budgetTokens: 2000,
      isShown: true,
    });
    assert.deepEqual(thinking({ type: "adaptive", display: "omitted" }), {
      mode: "adaptive",
      budgetTokens: undefined,
      isShown: false,
    });
    assert.equal(thinking({ type: "disabled" })?.mode, "disabled");
    assert.equal(parse({ thinking: null }).thinking, undefined);
  });
  it("ask for JSON under the present name and under that of the beta", () => {
    const schema = { const: { a: 1 } };
    assert.equal(
      parse({ output_config: { effort: "low", format: { type: "json_schema", schema } } }).structured,
      '{"a":1}',
    );
    const older = { output_format: { type: "json_schema", schema }, anthropic_beta: ["structured-outputs-2025-11-13"] };
    assert.equal(parse(older).structured, '{"a":1}');
    assert.equal(parse({ output_config: { effort: "low" } }).structured, undefined);
  });
  for (const [fields, message] of [
    [{ thinking: 3 }, "thinking: Input should be a valid dictionary"],
    [
      { thinking: { type: "adaptive", budget_tokens: 5 } },
      "thinking.adaptive.budget_tokens: Extra inputs are not permitted",
    ],
    [
      { thinking: { type: "adaptive", display: "all" } },
      "thinking.adaptive.display: Input should be 'summarized' or 'omitted'",
    ],
    [
      { thinking: { type: "enabled", budget_tokens: "9" } },
      "thinking.enabled.budget_tokens: Input should be a valid integer",
    ],
    [{ anthropic_beta: "x" }, "anthropic_beta: Input should be a valid list"],
    [{ output_config: 3 }, "output_config: Input should be a valid dictionary"],
    [{ output_config: { format: { type: "json_schema" } } }, "output_config.format.schema: Field required"],
    [{ output_format: {} }, "output_format: Extra inputs are not permitted"],
    [{ __proto__x: 1 }, "__proto__x: Extra inputs are not permitted"],
  ] as const) {
    it(`refuse: ${message}`, () => {
      assert.throws(() => parse(fields), { name: "ValidationException", message });
    });
  }
});
