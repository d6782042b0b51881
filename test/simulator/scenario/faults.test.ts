import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { faultAmount, faultSchema } from "../../../simulator/scenario/faults.ts";

const said = (input: unknown) =>
  faultSchema
    .safeParse(input)
    .error?.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`)
    .join() ?? "";
const when = { at: "10h", for: "45m" };

describe("faults as a scenario writes them", () => {
  it("each kind has its one number", () => {
    const amount = (input: unknown) => faultAmount(faultSchema.parse(input));
    assert.equal(amount({ kind: "outage", region: "a", ...when }), 0);
    assert.equal(amount({ kind: "brownout", ...when, capacity: "40%" }), 0.4);
    assert.equal(amount({ kind: "quota-cut", ...when, quota: 0.5 }), 0.5);
    assert.equal(amount({ kind: "latency-surge", ...when, add: "80ms" }), 80);
    assert.equal(amount({ kind: "packet-loss", ...when, share: "2%" }), 0.02);
    assert.equal(amount({ kind: "errors", mtbf: "6h", mttr: "10m", share: "5%" }), 0.05);
    assert.equal(amount({ kind: "wrong-health", ...when }), 0);
  });

  it("a fault is scheduled or random, never half of each", () => {
    const message = /has at and for \(scheduled\), or mtbf and mttr \(random\); write for example at: 10h/;
    assert.match(said({ kind: "outage" }), message);
    assert.match(said({ kind: "outage", at: "1h" }), message);
    assert.match(said({ kind: "outage", mtbf: "1h" }), message);
    assert.match(said({ kind: "outage", ...when, mttr: "1h" }), message);
    assert.equal(said({ kind: "outage", at: "0", for: "1s" }), "");
  });

  it("a fault of no length, or one that strikes without end, is refused", () => {
    assert.match(said({ kind: "outage", at: "1h", for: "0s" }), /for: must be more than 0/);
    assert.match(
      said({ kind: "outage", mtbf: "0s", mttr: "0s" }),
      /mtbf: must be 1s or more.*mttr: must be 1s or more/,
    );
  });

  it("shares stay in their range, and only faults that know a model take one", () => {
    assert.notEqual(said({ kind: "packet-loss", ...when, share: "100%" }), "");
    assert.notEqual(said({ kind: "brownout", ...when, capacity: "120%" }), "");
    assert.notEqual(said({ kind: "brownout", ...when }), "");
    assert.notEqual(said({ kind: "outage", ...when, model: "m" }), "");
    assert.equal(said({ kind: "quota-cut", ...when, model: "m", quota: 0 }), "");
  });

  it("a stream fault says what happens, to which calls; what does not go together is refused at its key", () => {
    const stream = (over: object) => said({ kind: "stream", ...over });
    assert.equal(stream({ error: "reset", afterTokens: 20, share: "5%" }), "");
    assert.equal(stream({ error: "silence", lasts: "30s", times: 3, at: "1m", class: "chat", model: "m" }), "");
    assert.equal(stream({ error: "ModelStreamErrorException", afterTokens: 3, message: "out of memory" }), "");
    assert.equal(stream({ error: "drip", gap: "2s", mtbf: "1h", mttr: "5m" }), "");
    assert.match(stream({ error: "drip" }), /^gap: a drip needs the time between tokens/);
    assert.match(stream({ error: "reset", lasts: "1s" }), /^lasts: is for silence/);
    assert.match(stream({ error: "empty", afterTokens: 3 }), /^afterTokens: /);
    assert.match(stream({ error: "silence", message: "x" }), /^message: is for errors of the service/);
    assert.match(stream({ error: "ThrottlingExeption" }), /did you mean "?ThrottlingException/);
    assert.match(stream({ error: "reset", mtbf: "1h" }), /mtbf and mttr/);
    assert.match(stream({ error: "reset", at: "1m", mtbf: "1h", mttr: "1m" }), /mtbf and mttr/);
    assert.notEqual(stream({ error: "reset", share: 0 }), "");
    assert.notEqual(stream({ error: "reset", times: 0 }), "");
  });
});
