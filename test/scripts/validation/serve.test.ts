import assert from "node:assert/strict";
import { it } from "node:test";
import { foreignWorld } from "../../../scripts/validation/foreign/worlds.ts";
import { serve } from "../../../scripts/validation/serve.ts";

it("endpoints stay up until they are told to stop", async () => {
  const stop = new AbortController();
  let yaml = "";
  const served = serve(foreignWorld("fifo")!, stop.signal, (text) => {
    yaml = text;
    stop.abort();
  });
  await served;
  const url = /us-east-1: \{ url: "([^"]+)"/.exec(yaml)![1]!;
  await assert.rejects(fetch(url), "the port is free again");
});
