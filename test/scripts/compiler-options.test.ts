import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { it } from "node:test";

const MODULE_URL = new URL("../../scripts/compiler-options.mjs", import.meta.url).href;

it("sets an option that this V8 knows, and prints nothing", () => {
  const script = `
    import { tuneCompiler } from ${JSON.stringify(MODULE_URL)};
    tuneCompiler();
  `;
  const args = ["--input-type=module", "-e", script];
  assert.equal(execFileSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }), "");
  const options = execFileSync(process.execPath, ["--v8-options"], { encoding: "utf8" });
  const known =
    /--max-inlined-bytecode-size-cumulative \([^\n]*\n\s*type: int\s+default: --max-inlined-bytecode-size-cumulative=(\d+)/;
  assert.ok(Number(known.exec(options)?.[1]) < 3_000, "its default is what the engine is too large for");
});

it("keeps the middle compiler out of running loops", () => {
  const script = `
    import { tuneCompiler } from ${JSON.stringify(MODULE_URL)};
    if (process.argv[1] === "avoid") tuneCompiler();
    function sum(n) {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += i % 7;
      return { sum };
    }
    sum(3e7);
  `;
  const compiledIn = (how: string) =>
    execFileSync(process.execPath, ["--trace-opt", "--input-type=module", "-e", script, how], { encoding: "utf8" })
      .split("\n")
      .filter((line) => /^\[compiling method .*JSFunction sum .* OSR/.test(line))
      .map((line) => /target (\w+)/.exec(line)?.[1]);
  assert.ok(compiledIn("").includes("MAGLEV"), "it is what V8 does otherwise");
  const avoiding = compiledIn("avoid");
  assert.ok(avoiding.includes("TURBOFAN_JS") && !avoiding.includes("MAGLEV"), avoiding.join());
});
