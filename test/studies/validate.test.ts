import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { renderValidationMarkdown } from "../../reports/index.ts";
import { prepareText } from "../../scripts/io/experiment.ts";
import { stableJson } from "../../scripts/io/text-files.ts";
import { readEvidence } from "../../scripts/validate/folder.ts";
import { deriveValidation } from "../../scripts/validate/measure.ts";
import { unpackFolder } from "../../studies/archive.ts";
import { ROOT } from "../scripts/run-meridian.ts";

const FOLDER = join(ROOT, "studies", "validate");
const archives = readdirSync(FOLDER).filter((name) => name.endsWith(".tar.gz"));

describe("the validations of docs/validate.md", () => {
  for (const archive of archives) {
    const name = archive.replace(".tar.gz", "");
    it(`follow from their rows: ${name}`, async () => {
      const folder = await unpackFolder(join(FOLDER, archive));
      const { evidence } = await readEvidence(folder, ROOT);
      const experiment = await prepareText(evidence.yaml, join(ROOT, "scenarios", `${name}.yaml`));
      const { validation } = deriveValidation(experiment, evidence);
      assert.equal(stableJson(validation), await readFile(join(folder, "validation.json"), "utf8"));
      assert.equal(renderValidationMarkdown(validation), await readFile(join(folder, "summary.md"), "utf8"));
      const page = await readFile(join(ROOT, "docs", "validate.md"), "utf8");
      assert.ok(page.includes(`studies/validate/${archive}`), "the page names the archive");
      for (const strategy of validation.strategies) assert.ok(page.includes(strategy.name), strategy.name);
    });
  }

  it("are there", () => assert.ok(archives.length >= 1));
});
