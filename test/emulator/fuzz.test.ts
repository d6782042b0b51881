import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import type { Fleet } from "../../emulator/fleet.ts";
import { CLAUDE, send, TITAN, testFleet, userMessage } from "./support.ts";

/** Hostile input may be refused in any way, but the emulator must keep running: no crash, no 500, no hang. */
describe("hostile bytes", { timeout: 120_000 }, () => {
  let fleet: Fleet;
  const internal: unknown[] = [];
  before(async () => {
    fleet = await testFleet({
      auth: "off",
      tls: true,
      onInternalError: (error) => internal.push(error),
      limits: { headersTimeoutMs: 300 },
    });
  });
  after(() => fleet.close(0));

  const stillAnswers = async () => {
    const answer = await send(fleet, { path: `/model/${CLAUDE}/converse`, body: { messages: [userMessage()] } });
    assert.equal(answer.status, 200);
  };

  function throwBytes(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect(fleet.endpoints[0]!.port, "127.0.0.1", () => {
        socket.write(bytes);
        setTimeout(() => socket.destroy(), 3);
      });
      socket.on("error", () => {});
      socket.on("close", () => resolve());
      socket.resume();
    });
  }

  it("as raw bytes, HTTP/1.1, HTTP/2 and TLS", async () => {
    const heads = [
      "",
      "POST /model/x/converse HTTP/1.1\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "\u0016\u0003\u0001\u0002\u0000",
    ];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...heads), fc.uint8Array({ maxLength: 300 }), (head, bytes) =>
        throwBytes(Buffer.concat([Buffer.from(head, "latin1"), bytes])),
      ),
      { numRuns: 200 },
    );
    await stillAnswers();
  });

  it("as JSON of any shape to every operation", async () => {
    const operations = ["converse", "converse-stream", "invoke", "invoke-with-response-stream", "count-tokens"];
    const models = [
      CLAUDE,
      TITAN,
      "us.amazon.nova-pro-v1:0",
      "mistral.mistral-7b-instruct-v0:2",
      "openai.gpt-oss-120b-1:0",
    ];
    const value = fc.jsonValue({ maxDepth: 3 });
    const names = [
      "messages",
      "system",
      "inferenceConfig",
      "toolConfig",
      "requestMetadata",
      "serviceTier",
      "input",
      "prompt",
      "max_tokens",
      "anthropic_version",
      "inputText",
      "__proto__",
    ];
    const body = fc.oneof(value, fc.dictionary(fc.constantFrom(...names), value), fc.string());
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...operations),
        fc.constantFrom(...models),
        body,
        async (operation, model, content) => {
          const answer = await send(fleet, { path: `/model/${model}/${operation}`, body: JSON.stringify(content) });
          assert.ok([200, 400].includes(answer.status), `${answer.status} ${answer.body}`);
        },
      ),
      { numRuns: 400 },
    );
    assert.deepEqual(internal, []);
    await stillAnswers();
  });

  it("as paths and headers", async () => {
    const path = fc.string({ unit: fc.constantFrom(..."abc/%:?&=.0AZ_-") }).map((text) => `/${text}`);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom("GET", "POST", "DELETE", "PATCH"), path, async (method, target) => {
        const answer = await send(fleet, { method, path: target, headers: { authorization: target } });
        assert.ok(answer.status < 500, `${answer.status}`);
      }),
      { numRuns: 200 },
    );
    assert.deepEqual(internal, []);
  });
});
