import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { it } from "node:test";
import { terminalAsk } from "../../../scripts/io/ask.ts";
import { MeridianError } from "../../../simulator/errors.ts";

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

it("nobody is asked without a terminal", () => {
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
