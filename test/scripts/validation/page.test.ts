import assert from "node:assert/strict";
import { it } from "node:test";
import { studyPart, withStudyPart } from "../../../scripts/validation/page.ts";

const PAGE = "# A\n\n<!-- study: written by npm run validation -- --write -->\nold\n<!-- end of study -->\n\nend\n";

it("the page's tables are replaced and found again, and nothing else moves", () => {
  const page = withStudyPart(PAGE, "new\n\ntable");
  assert.equal(studyPart(page), "new\n\ntable");
  assert.equal(withStudyPart(page, "new\n\ntable"), page);
  assert.ok(page.startsWith("# A\n\n<!-- study") && page.endsWith("<!-- end of study -->\n\nend\n"));
  assert.throws(() => studyPart("# no marks"));
});
