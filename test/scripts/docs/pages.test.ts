import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { cliPage, errorsPage } from "../../../scripts/docs/cli-page.ts";
import { anchor, table, wrapped } from "../../../scripts/docs/markdown.ts";
import { assertPage } from "../../../scripts/docs/scenario-page.ts";
import { EXIT_CODES } from "../../../simulator/base/errors.ts";
import { ROOT } from "../run-meridian.ts";

describe("pieces of Markdown", () => {
  it("a table keeps pipes, brackets and stars inside their cells", () => {
    assert.equal(table(["a"], [["x | <y>\n*z* `<b>`"]]), "| a |\n| --- |\n| x \\| \\<y> \\*z\\* `<b>` |");
  });

  it("prose breaks at 120 columns and loses nothing", () => {
    const text = Array.from({ length: 80 }, (_, i) => `word${i}`).join(" ");
    const lines = wrapped(text).split("\n");
    assert.ok(lines.length > 1 && lines.every((line) => line.length <= 120));
    assert.equal(lines.join(" "), text);
  });

  it("anchors are GitHub's", () => assert.equal(anchor("capacity, kind: `slots`"), "capacity-kind-slots"));
});

describe("the command line's page", () => {
  const page = cliPage([
    {
      name: "brew",
      summary: "Make tea.",
      examples: [["meridian brew cup.yaml", "one cup"]],
      configure: (command) =>
        void command
          .argument("<cup...>", "where to")
          .option("--heat <c>", "how hot | in Celsius", "95")
          .option("--sugar", "with sugar"),
      run: async () => 0,
    },
  ]);

  it("shows arguments, options with defaults, and examples", () => {
    for (const line of [
      "meridian brew <cup...> [options]",
      "| `<cup...>` | where to |",
      "| `--heat <c>` | `95` | how hot \\| in Celsius |",
      "| `--sugar` |  | with sugar |",
      "# one cup\nnpx meridian brew cup.yaml",
    ]) {
      assert.ok(page.includes(line), line);
    }
  });

  it("has every exit code", () => {
    for (const exit of Object.values(EXIT_CODES)) assert.match(page, new RegExp(`^\\| ${exit} \\| \\w`, "m"));
  });
});

describe("the pages of assertions and errors", () => {
  it("show gates that are understood", () =>
    assert.match(assertPage(), /^\| `saving` .*`saving\(cheapest, single\) > 5%`/m));

  it("take the texts beside a code from the source", () => {
    const thrown =
      'throw new MeridianError("data", { code: "TEA_COLD", what: "the cup is cold", where, fix: "heat it" });';
    const page = errorsPage(new Map([["a.ts", `function pour() { ${thrown} }`]]));
    assert.match(page, /^\| `TEA_COLD` \| data \| 3 \| the cup is cold \| heat it \|$/m);
    const hidden = 'function list() { return { code: "TEA_GONE", what: "no tea", fix: "buy some" }; }';
    assert.throws(() => errorsPage(new Map([["a.ts", hidden]])), /a\.ts: say the kind of TEA_GONE/);
  });

  it("give each code one row with its exit code", () => {
    // The committed page, which reference.test.ts holds to the code: reading all of the source once is enough.
    const page = readFileSync(join(ROOT, "docs", "reference", "errors.md"), "utf8");
    const rows = [...page.matchAll(/^\| `([A-Z0-9_]+_?…?)` \| (\w+) \| (\d*) \|/gm)];
    const names = rows.map((row) => row[1]!);
    assert.equal(new Set(names).size, names.length);
    for (const [, name, kind, exit] of rows) {
      assert.equal(exit, kind === "note" ? "" : String(EXIT_CODES[kind as keyof typeof EXIT_CODES]), name);
    }
    for (const name of ["SCENARIO_UNKNOWN_KEY", "TRACE_BAD_TIME", "RUN_NOT_FOUND", "SCENARIO_NOT_FOUND"]) {
      assert.ok(names.includes(name), name);
    }
  });
});
