import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { assertPicture, comparable } from "./picture.ts";

const folder = mkdtempSync(join(tmpdir(), "meridian-pictures-"));
after(() => rmSync(folder, { recursive: true }));

test("numbers in attributes are rounded to three decimals, text and alt text are not", () => {
  assert.equal(
    comparable('<g aria-label="1.00 s" d="M0.12345,2L-1.5e-7,1"><text y="2.0004">1.00</text></g>'),
    '<g aria-label="1.00 s" d="M0.123,2L0,1">\n<text y="2">1.00</text>\n</g>\n',
  );
});

test("a missing picture says how to write it; an update writes it; the same picture passes", () => {
  const options = { folder, name: "new", update: false };
  assert.throws(() => assertPicture("<svg/>", options), {
    message: /^run UPDATE_GOLDEN=1 npm run unit -- golden\/reports to write .*new\.svg, and look at it$/,
  });
  assert.deepEqual(readdirSync(folder), [], "a comparison writes no golden picture");
  assertPicture("<svg/>", { ...options, update: true });
  assertPicture("<svg/>", options);
});

test("a changed picture is saved beside the old one, named, and gone once they agree again", () => {
  const options = { folder, name: "old", update: false };
  assertPicture('<svg id="1"/>', { ...options, update: true });
  assert.throws(() => assertPicture('<svg id="2"/>', options), { message: /old\.svg changed: .*old\.changed\.svg/ });
  assert.equal(readFileSync(join(folder, "old.svg"), "utf8"), '<svg id="1"/>\n');
  assert.equal(readFileSync(join(folder, "old.changed.svg"), "utf8"), '<svg id="2"/>\n');
  assertPicture('<svg id="1"/>', options);
  assert.ok(!existsSync(join(folder, "old.changed.svg")));
});
