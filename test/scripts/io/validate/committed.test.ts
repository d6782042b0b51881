import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { renderValidationMarkdown } from "../../../../reports/validation/report.ts";
import { prepareText } from "../../../../scripts/io/experiment.ts";
import { stableJson } from "../../../../scripts/io/stable-json.ts";
import { deriveValidation } from "../../../../scripts/io/validate/derive.ts";
import { readEvidence } from "../../../../scripts/io/validate/validation-folder.ts";
import { ROOT } from "../../run-meridian.ts";

const FOLDER = join(ROOT, "docs", "validate");
const names = readdirSync(FOLDER, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

describe("the validations that docs/validate.md tells of", () => {
  for (const name of names) {
    it(`follow from their rows: ${name}`, async () => {
      const folder = join(FOLDER, name);
      const { evidence } = await readEvidence(folder, ROOT);
      const experiment = await prepareText(evidence.yaml, join(ROOT, "scenarios", `${name}.yaml`));
      const { validation } = deriveValidation(experiment, evidence);
      assert.equal(stableJson(validation), await readFile(join(folder, "validation.json"), "utf8"));
      assert.equal(renderValidationMarkdown(validation), await readFile(join(folder, "summary.md"), "utf8"));
      const page = await readFile(join(ROOT, "docs", "validate.md"), "utf8");
      assert.ok(page.includes(`docs/validate/${name}`), "the page names the folder");
      for (const strategy of validation.strategies) assert.ok(page.includes(strategy.name), strategy.name);
    });
  }

  it("are there", () => assert.ok(names.length >= 1));
});
