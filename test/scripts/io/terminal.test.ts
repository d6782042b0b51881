import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createTerminal, type TerminalOptions } from "../../../scripts/io/terminal.ts";

function make(options: TerminalOptions, env: Record<string, string> = {}, isTTY = true) {
  const out: string[] = [];
  const err: string[] = [];
  const stdout = { write: (text: string) => out.push(text), isTTY, columns: 120 };
  const stderr = { write: (text: string) => err.push(text), isTTY };
  return { out, err, terminal: createTerminal(options, { stdout, stderr, env }) };
}

describe("terminal", () => {
  it("keeps results and remarks apart", () => {
    const { out, err, terminal } = make({});
    terminal.out("r");
    terminal.note("n");
    terminal.problem("p");
    assert.deepEqual([out, err], [["r\n"], ["n\n", "p\n"]]);
  });

  it("under --quiet keeps problems and drops remarks", () => {
    const { err, terminal } = make({ quiet: true });
    terminal.note("n");
    terminal.problem("p");
    assert.deepEqual(err, ["p\n"]);
  });

  it("colours a terminal unless told not to", () => {
    assert.equal(make({}).terminal.colour, true);
    assert.equal(make({ color: false }).terminal.colour, false);
    assert.equal(make({}, { NO_COLOR: "1" }).terminal.colour, false);
    assert.equal(make({}, { NO_COLOR: "1", FORCE_COLOR: "1" }).terminal.colour, false);
    assert.equal(make({}, {}, false).terminal.colour, false);
    assert.equal(make({}, { FORCE_COLOR: "1" }, false).terminal.colour, true);
  });

  it("redraws only on a terminal outside CI", () => {
    assert.equal(make({}).terminal.live, true);
    assert.equal(make({}, { CI: "true" }).terminal.live, false);
    assert.equal(make({}, {}, false).terminal.live, false);
    assert.equal(make({}, {}, false).terminal.width, 80);
    assert.equal(make({}).terminal.width, 120);
  });
});
