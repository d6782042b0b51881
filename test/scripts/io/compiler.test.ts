import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { it } from "node:test";

it("sets options that this V8 knows, and prints nothing", () => {
  const script = `
    import { tuneCompiler } from ${JSON.stringify(new URL("../../../scripts/io/compiler.ts", import.meta.url).href)};
    tuneCompiler();
  `;
  const args = ["--import", "tsx", "--input-type=module", "-e", script];
  assert.equal(execFileSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }), "");
  const options = execFileSync(process.execPath, ["--v8-options"], { encoding: "utf8" });
  const known =
    /--max-inlined-bytecode-size-cumulative \([^\n]*\n\s*type: int\s+default: --max-inlined-bytecode-size-cumulative=(\d+)/;
  assert.match(options, /--semi-space-growth-factor /);
  assert.ok(Number(known.exec(options)?.[1]) < 3_000, "its default is what the engine is too large for");
});
