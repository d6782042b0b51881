import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createStatusLine } from "../../../../scripts/io/probe/status-line.ts";

function shown(options: { readonly live: boolean; readonly quiet?: boolean }, atMs: readonly number[]): string {
  let nowMs = 0;
  let text = "";
  const stream = { columns: 30, write: (more: string) => (text += more) };
  const line = createStatusLine({ quiet: false, ...options, stream, clockMs: () => nowMs });
  for (const each of atMs) {
    nowMs = each;
    line.show(`call at ${each}, and so on and on and on`);
  }
  line.stop();
  return text;
}

describe("the line that says how far it is", () => {
  it("is redrawn on a terminal, cut to its width and cleared at the end", () => {
    const text = shown({ live: true }, [1, 2]);
    assert.equal(text.split("\r\u001b[2K").length - 1, 3);
    assert.ok(text.includes("call at 2") && !text.includes("\n"));
    assert.ok(text.split("\r\u001b[2K").every((line) => line.length <= 29));
  });

  it("is a plain line every ten seconds elsewhere, and none when quiet", () => {
    assert.equal(shown({ live: false }, [5000, 12_000, 13_000, 23_000]).match(/^call at (12000|23000)/gm)?.length, 2);
    assert.equal(shown({ live: true, quiet: true }, [1, 20_000]), "");
  });
});
