import assert from "node:assert/strict";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { ByteLines, bytesOf } from "../../../scripts/traffic/byte-lines.ts";

test("numbers are written as their own text, across the ends of the buffer", () => {
  const file = join(mkdtempSync(join(tmpdir(), "bytes-")), "a.txt");
  const lines = new ByteLines(file);
  const values = Array.from({ length: 150_000 }, (_, i) => (i % 7 === 0 ? -1 : i * 7919));
  for (const value of values) {
    lines.whole(value);
    lines.text(bytesOf(" "));
    lines.fixed(Math.abs(value) / 1000, 3);
    lines.text(bytesOf("\n"));
  }
  lines.whole(2 ** 48 + 1);
  lines.close();
  const text = readFileSync(file, "utf8").split("\n");
  assert.equal(text.at(-1), String(2 ** 48 + 1));
  assert.ok(values.every((value, i) => text[i] === `${value} ${(Math.abs(value) / 1000).toFixed(3)}`));
});
