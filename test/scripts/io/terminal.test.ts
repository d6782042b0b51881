import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import { createTerminal, safeText, type TerminalOptions, terminalAsk } from "../../../scripts/io/terminal.ts";
import { MeridianError } from "../../../simulator/base/errors.ts";

function make(options: TerminalOptions, env: Record<string, string> = {}, isTTY = true) {
  const out: string[] = [];
  const err: string[] = [];
  const stdout = { write: (text: string) => out.push(text), isTTY, columns: 120 };
  const stderr = { write: (text: string) => err.push(text), isTTY };
  return { out, err, terminal: createTerminal(options, { stdout, stderr, env }) };
}

describe("what is written", () => {
  const ESCAPE = String.fromCharCode(27);

  it("holds no escape codes of a terminal but colours where they are wanted", () => {
    const hostile = `${ESCAPE}]0;PWNED\u0007${ESCAPE}[2J${ESCAPE}[31mred\u202e\u009b`;
    assert.equal(safeText(hostile, false), "·]0;PWNED··[2J·red··");
    assert.equal(safeText(hostile, true), `·]0;PWNED··[2J${ESCAPE}[31mred··`);
    assert.equal(safeText("a\n\tb", false), "a\n\tb");
    const { out, err, terminal } = make({ color: false });
    terminal.out(hostile);
    terminal.note(hostile);
    terminal.problem(hostile);
    assert.ok(![...out, ...err].join("").includes(ESCAPE));
  });

  it("holds no workflow commands of a runner", () => {
    assert.equal(safeText("::error::x\n  ::add-mask::0", false), ":·:error::x\n  :·:add-mask::0");
    assert.equal(safeText("a ##[error]pwn", false), "a ##·[error]pwn");
    assert.equal(safeText("p95::mean", false), "p95::mean");
  });

  it("keeps the values of a JSON document", () => {
    const value = { name: "##[error]x\u009b\u202e" };
    const text = safeText(JSON.stringify(value), false);
    assert.ok(!text.includes("##[") && !/[\p{Cc}\p{Cf}]/u.test(text));
    assert.deepEqual(JSON.parse(text), value);
  });
});

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

  it("colours a terminal unless that is switched off", () => {
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

function terminal(isTTY: boolean) {
  const stdin = Object.assign(new PassThrough(), { isTTY });
  const stderr = Object.assign(new PassThrough(), { isTTY: true });
  const streams = { stdin, stderr } as unknown as NonNullable<Parameters<typeof terminalAsk>[1]>;
  return { stdin, stderr, streams };
}

it("a person is asked on stderr and answers with a line", async () => {
  const { stdin, stderr, streams } = terminal(true);
  const answer = terminalAsk(new AbortController().signal, streams)!("Sure? ");
  stdin.write("4.20\nmore\n");
  assert.equal(await answer, "4.20");
  assert.match(String(stderr.read()), /Sure\? /);
});

it("no question is asked without a terminal", () => {
  assert.equal(terminalAsk(new AbortController().signal, terminal(false).streams), undefined);
});

it("an input that ends is no answer", async () => {
  const { stdin, streams } = terminal(true);
  const answer = terminalAsk(new AbortController().signal, streams)!("Sure? ");
  stdin.end();
  assert.equal(await answer, "");
});

it("a signal ends the waiting", async () => {
  const controller = new AbortController();
  const answer = terminalAsk(controller.signal, terminal(true).streams)!("Sure? ");
  controller.abort();
  await assert.rejects(answer, (error) => error instanceof MeridianError && error.kind === "interrupted");
});
