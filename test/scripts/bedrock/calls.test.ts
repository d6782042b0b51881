import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ConverseCommand, CountTokensCommand, InvokeModelCommand } from "@aws-sdk/client-bedrock-runtime";
import { failedAnswer, kindOf, ROUTABLE, watched } from "../../../scripts/bedrock/calls.ts";
import { DecisionFile } from "../../../scripts/bedrock/decision-file.ts";
import { after, endError, timeLimit, watchLimits } from "../../../scripts/bedrock/ends.ts";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { END } from "../../../simulator/client/request-rules.ts";

const bytes = (value: object) => new TextEncoder().encode(JSON.stringify(value));

describe("calls of the AWS SDK", () => {
  it("are known by their class, also of another copy of the SDK", () => {
    assert.equal(kindOf(new ConverseCommand({ modelId: "m", messages: [] }))?.isStream, false);
    class ConverseStreamCommand {}
    assert.equal(kindOf(new ConverseStreamCommand() as never)?.isStream, true);
    assert.equal(kindOf(new CountTokensCommand({ modelId: "m", input: undefined })), undefined);
    assert.equal(ROUTABLE.length, 4);
  });

  it("say how much they ask for, whatever the vendor's body", () => {
    const kind = kindOf(new InvokeModelCommand({ modelId: "m", body: "" }))!;
    const limit = (body: object) => kind.maxTokens({ modelId: "m", body: bytes(body) });
    assert.equal(limit({ max_tokens: 7 }), 7);
    assert.equal(limit({ max_gen_len: 8 }), 8);
    assert.equal(limit({ textGenerationConfig: { maxTokenCount: 9 } }), 9);
    assert.equal(limit({ inferenceConfig: { maxTokens: 10 } }), 10);
    assert.equal(limit({ prompt: "x" }), 0);
    assert.equal(kind.maxTokens({ modelId: "m", body: "not JSON" }), 0);
    assert.equal(kind.characters({ modelId: "m", body: bytes({ messages: [{ content: "four" }], system: "12" }) }), 6);
    const converse = new ConverseCommand({
      modelId: "m",
      system: [{ text: "ab" }],
      messages: [
        { role: "user", content: [{ text: "cde" }, { image: { format: "png", source: { bytes: bytes({}) } } }] },
      ],
    });
    // "user" and "png" are few; bytes of pictures are no text.
    assert.equal(kindOf(converse)!.characters(converse.input), 2 + 3 + 4 + 3);
    assert.equal(kindOf(converse)!.at(converse.input, "other").input.modelId, "other");
    assert.equal(converse.input.modelId, "m", "the caller's own command is left as it is");
  });

  it("tell what they used, in each vendor's words", () => {
    const kind = kindOf(new InvokeModelCommand({ modelId: "m", body: "" }))!;
    const used = (body: object) => kind.usage({ body: bytes(body) });
    assert.deepEqual(used({ usage: { input_tokens: 3, output_tokens: 4, cache_read_input_tokens: 5 } }), [3, 4, 5, 0]);
    assert.deepEqual(used({ prompt_token_count: 6, generation_token_count: 7 }), [6, 7, 0, 0]);
    assert.deepEqual(used({ usage: { inputTokens: 8, outputTokens: 9 } }), [8, 9, 0, 0]);
    assert.deepEqual(
      used({ "amazon-bedrock-invocationMetrics": { inputTokenCount: 1, outputTokenCount: 2 } }),
      [1, 2, 0, 0],
    );
    assert.equal(used({ type: "content_block_delta" }), null);
  });
});

const sdkError = (name: string, status: number | undefined, more: object = {}) =>
  Object.assign(new Error("secret text"), { name, $metadata: { httpStatusCode: status, requestId: "r-1" }, ...more });

describe("what came of a call", () => {
  it("is read from the SDK's error by status and name, never by its text", () => {
    const throttled = failedAnswer(
      sdkError("ThrottlingException", 429, { $response: { headers: { "x-amz-retry-after": "1500" } } }),
      false,
    );
    assert.equal(throttled.kind, "throttled");
    assert.equal(throttled.isFinal, false);
    assert.equal(throttled.retryAfterMs, 1500);
    assert.equal(throttled.serviceRequestId, "r-1");
    assert.ok(!JSON.stringify(throttled).includes("secret"));
    assert.equal(failedAnswer(sdkError("ModelNotReadyException", 429), false).kind, "unavailable");
    assert.equal(failedAnswer(sdkError("ServiceUnavailableException", 503), false).kind, "unavailable");
    assert.equal(failedAnswer(sdkError("ValidationException", 400), false).isFinal, true);
    assert.equal(failedAnswer(sdkError("InternalServerException", 500), false).isFinal, false);
  });

  it("is tried again after a broken connection, not after a wrong call or within a stream", () => {
    assert.equal(failedAnswer(Object.assign(new Error(), { code: "ECONNRESET" }), false).isFinal, false);
    assert.equal(failedAnswer(new TypeError("bad argument"), false).isFinal, true);
    const broken = failedAnswer(sdkError("ThrottlingException", 200), true);
    assert.deepEqual([broken.kind, broken.status, broken.isFinal], ["throttled", 429, true]);
  });

  it("is seen event by event, to the end, to an error, or to where its reader stops", async () => {
    async function* source(fails: boolean) {
      yield 1;
      yield 2;
      if (fails) throw new Error("cut");
    }
    const seen = async (fails: boolean, until: number) => {
      const said: unknown[] = [];
      const watch = {
        onFirst: () => said.push("first"),
        onEvent: (event: number) => said.push(event),
        onWait: () => undefined,
        onEnd: (isWhole: boolean) => said.push(isWhole ? "whole" : "left"),
        onError: () => said.push("error"),
      };
      try {
        for await (const event of watched(source(fails), watch)) if (event === until) break;
      } catch {
        said.push("thrown");
      }
      return said;
    };
    assert.deepEqual(await seen(false, 9), ["first", 1, 2, "whole"]);
    assert.deepEqual(await seen(true, 9), ["first", 1, 2, "error", "thrown"]);
    assert.deepEqual(await seen(false, 1), ["first", 1, "left"]);
  });

  it("ends with the service's last error, or with why there is none", () => {
    const last = sdkError("ThrottlingException", 429);
    assert.equal(endError(END.throttled, last, false), last);
    const codeOf = (error: unknown) => (error instanceof MeridianError ? error.problems[0]!.code : "");
    assert.equal(codeOf(endError(END.refused, undefined, false)), "ROUTER_SHED");
    assert.equal(codeOf(endError(END.timedOut, last, false)), "ROUTER_DEADLINE");
    assert.equal(codeOf(endError(END.timedOut, timeLimit(80, last), false)), "ROUTER_TIMEOUT");
    assert.equal(codeOf(endError(END.residencyRefused, undefined, false)), "ROUTER_NO_TARGET");
    assert.equal((endError(END.abandoned, undefined, true) as DOMException).name, "AbortError");
  });

  it("is given up by the limit that passes first: the whole, the first byte, a silence", async () => {
    const passed = async (timeoutMs: number, firstByteMs: number, idleMs: number, begins: boolean) => {
      const order = { timeoutMs, limits: { connectMs: Infinity, firstByteMs, idleMs } };
      return new Promise<number | undefined>((resolve) => {
        const watch = watchLimits(order, () => resolve(watch.passedMs));
        if (begins) {
          watch.heard();
          watch.awaited();
        }
      });
    };
    assert.equal(await passed(5, Infinity, Infinity, true), 5);
    assert.equal(await passed(500, 5, Infinity, false), 5);
    assert.equal(await passed(20, 5, Infinity, true), 20, "the first byte has come");
    assert.equal(await passed(500, Infinity, 5, true), 5);
    const quiet = watchLimits({ timeoutMs: Infinity, limits: { connectMs: 1, firstByteMs: 1, idleMs: 1 } }, () =>
      assert.fail(),
    );
    quiet.heard();
    quiet.stop();
  });

  it("never fires a timer without an end", () => {
    after(Number.POSITIVE_INFINITY, () => assert.fail())();
    after(2 ** 40, () => assert.fail("a timer above 24 days must not fire at once"))();
  });
});

describe("a decision file", () => {
  it("is appended to, and a place that cannot be written is said at the end", async () => {
    const folder = mkdtempSync(join(tmpdir(), "meridian-file-"));
    const path = join(folder, "log.jsonl");
    for (const request of [0, 1]) {
      const file = new DecisionFile(path);
      file.write({ request } as never);
      await file.close();
    }
    assert.equal(readFileSync(path, "utf8"), '{"request":0}\n{"request":1}\n');
    const nowhere = new DecisionFile(join(folder, "missing", "log.jsonl"));
    nowhere.write({} as never);
    await assert.rejects(nowhere.close(), /DECISION_LOG_NOT_WRITTEN/);
    rmSync(folder, { recursive: true, force: true });
  });
});
