import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { it } from "node:test";
import { askFor } from "../../../scripts/init/ask.ts";
import { DEFAULTS } from "../../../scripts/init/first-scenario.ts";

/** Types the next answer whenever a question has been drawn. */
function asked(keys: readonly string[], given: Parameters<typeof askFor>[1] = {}) {
  const input = new PassThrough();
  const output = new PassThrough();
  const left = [...keys];
  let seen = "";
  output.on("data", (text: Buffer) => {
    seen += String(text);
    const open = (seen.match(/\?/g) ?? []).length;
    if (open > 0 && left.length > 0) {
      seen = "";
      const next = left.shift()!;
      setImmediate(() => input.write(next));
    }
  });
  return askFor(DEFAULTS, given, { signal: new AbortController().signal, streams: { input, output } });
}

it("asks what was not given; Enter takes what is shown", async () => {
  const answers = await asked(["eu-west-1\r", "\r", "8s\r", "none\r"], { rate: "9/s" });
  assert.deepEqual(answers, { ...DEFAULTS, regions: ["eu-west-1"], rate: "9/s", objective: "8s", quota: null });
});

it("Ctrl-C ends it as an interrupt", async () => {
  await assert.rejects(asked(["\u0003"]), /interrupted/i);
});
