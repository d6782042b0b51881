import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { Fleet } from "../../emulator/fleet.ts";
import { IS_FULL } from "../budget.ts";
import { CLAUDE, testFleet } from "../emulator/support.ts";
import { builtClients, runClient } from "./emulator-clients/built-clients.ts";
import { pythonWithClients, pythonWithFrameworks, runPython } from "./emulator-clients/python-clients.ts";

const BOTO3 = fileURLToPath(new URL("emulator-clients/boto3_checks.py", import.meta.url));
/** OpenAI's client comes with LiteLLM. */
const OPENAI = fileURLToPath(new URL("emulator-clients/openai_checks.py", import.meta.url));
const FRAMEWORKS = fileURLToPath(new URL("emulator-clients/framework_checks.py", import.meta.url));
const LITELLM = fileURLToPath(new URL("emulator-clients/litellm_checks.py", import.meta.url));

/** The installed clients, unchanged: what works here works against the service's own wire. */
describe("Clients of the emulator", { timeout: 600_000 }, () => {
  let fleet: Fleet;
  let python: string | undefined;
  let missing: string;
  let folder: string;

  before(async () => {
    ({ python, reason: missing } = await pythonWithClients());
    fleet = await testFleet({ tls: true });
    folder = mkdtempSync(join(tmpdir(), "meridian-clients-"));
    writeFileSync(join(folder, "ca.pem"), fleet.certificate!.certPem);
  });
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await fleet.close(0);
  });
  beforeEach(() => fleet.faults.clear());

  /** Over plain HTTP with SigV4, which is how most tests of other projects will call. */
  function overHttp(): Record<string, string> {
    const { url, tlsUrl } = fleet.endpoints[0]!;
    const pairs = fleet
      .environment("us-east-1")
      .map(([name, value]) => [name, value === tlsUrl ? url : value] as const);
    const { AWS_BEARER_TOKEN_BEDROCK: _key, ...rest } = Object.fromEntries(pairs) as Record<string, string>;
    return rest;
  }

  async function boto3(checks: readonly string[], environment = overHttp()) {
    return JSON.parse(await runPython(python!, [BOTO3, ...checks], environment));
  }

  it("boto3 converses, streams, invokes, counts and manages profiles", async (test) => {
    if (python === undefined) return test.skip(missing);
    const seen = await boto3(["converse", "stream", "invoke", "count", "profiles"]);
    assert.equal(seen.converse.stopReason, "end_turn");
    assert.equal(seen.converse.usage.outputTokens, 9);
    assert.match(seen.converse.requestId, /^[0-9a-f-]{36}$/);
    assert.deepEqual(seen.stream, [
      "messageStart",
      ...Array(4).fill("contentBlockDelta"),
      "contentBlockStop",
      "messageStop",
      "metadata",
    ]);
    assert.equal(seen.invoke.whole.usage.output_tokens, 6);
    assert.equal(seen.invoke.outputHeader, "6");
    assert.equal(seen.invoke.types.at(-1), "message_stop");
    assert.equal(seen.invoke.metrics.outputTokenCount, 6);
    assert.equal(seen.count, 3);
    assert.deepEqual(seen.profiles, { stopReason: "end_turn", gone: "ResourceNotFoundException" });
  });

  it("boto3 sees the service's refusals", async (test) => {
    if (python === undefined) return test.skip(missing);
    const { invalid } = await boto3(["invalid"]);
    for (const refusal of invalid) {
      assert.equal(refusal.code, "ValidationException");
      assert.equal(refusal.status, 400);
      assert.equal(refusal.retries, 0);
    }
    assert.match(invalid[0].message, /with on-demand throughput isn.t supported/);
    assert.equal(invalid[2].message, "The provided model identifier is invalid.");
  });

  it("boto3 tries a throttled call three times in standard mode", async (test) => {
    if (python === undefined) return test.skip(missing);
    fleet.faults.add({ effect: { name: "ThrottlingException" } });
    const before = fleet.log.recent.total;
    const { throttled } = await boto3(["throttled"]);
    assert.equal(throttled.standard.code, "ThrottlingException");
    assert.equal(throttled.standard.status, 429);
    assert.equal(throttled.standard.retries, 2);
    assert.equal(throttled.none.retries, 0);
    assert.equal(fleet.log.recent.total - before, 4);
  });

  it("boto3 raises an exception in the middle of a stream", async (test) => {
    if (python === undefined) return test.skip(missing);
    fleet.faults.add({ effect: { name: "ServiceUnavailableException" }, afterTokens: 2 });
    const { midstream } = await boto3(["midstream"]);
    assert.equal(midstream.code, "serviceUnavailableException");
    assert.deepEqual(midstream.events, ["messageStart", "contentBlockDelta", "contentBlockDelta"]);
  });

  it("boto3 is refused with a wrong secret, an unknown key and a foreign region", async (test) => {
    if (python === undefined) return test.skip(missing);
    const cases = [
      [{ AWS_SECRET_ACCESS_KEY: "wrong" }, "InvalidSignatureException"],
      [{ AWS_ACCESS_KEY_ID: "AKIAUNKNOWNUNKNOWN00" }, "UnrecognizedClientException"],
      [{ AWS_REGION: "eu-west-1", AWS_DEFAULT_REGION: "eu-west-1" }, "InvalidSignatureException"],
    ] as const;
    for (const [change, code] of cases) {
      const { refused } = await boto3(["refused"], { ...overHttp(), ...change });
      assert.equal(refused.code, code);
      assert.equal(refused.status, 403);
    }
  });

  it("boto3 calls over TLS with an API key", async (test) => {
    if (python === undefined) return test.skip(missing);
    const {
      AWS_ACCESS_KEY_ID: _id,
      AWS_SECRET_ACCESS_KEY: _secret,
      ...keyOnly
    } = Object.fromEntries(fleet.environment("us-east-1"));
    const seen = await boto3(["converse", "stream"], { ...keyOnly, AWS_CA_BUNDLE: join(folder, "ca.pem") });
    assert.equal(seen.converse.stopReason, "end_turn");
    assert.equal(seen.stream.length, 8);
  });

  it("the AWS CLI converses and lists profiles", async (test) => {
    if (python === undefined) return test.skip(missing);
    const cli = async (...args: string[]) =>
      JSON.parse(await runPython(python!, ["-m", "awscli", "--output", "json", ...args], overHttp()));
    const answer = await cli(
      ...["bedrock-runtime", "converse", "--model-id", CLAUDE],
      ...["--messages", '[{"role":"user","content":[{"text":"Hi"}]}]', "--inference-config", "maxTokens=3"],
    );
    assert.equal(answer.stopReason, "max_tokens");
    assert.equal(answer.usage.outputTokens, 3);
    const listed = await cli("bedrock", "list-inference-profiles");
    assert.ok(listed.inferenceProfileSummaries.length >= 4);
  });

  it("LiteLLM completes by Converse and by invoke, streams, and meets a throttle at once", async (test) => {
    if (python === undefined) return test.skip(missing);
    const environment = { ...overHttp(), LITELLM_LOCAL_MODEL_COST_MAP: "True" };
    const run = async (...checks: string[]) => JSON.parse(await runPython(python!, [LITELLM, ...checks], environment));
    const seen = await run("completion", "stream", "invoke");
    assert.deepEqual(seen.completion, { usage: 5, finish: "length" });
    assert.deepEqual(seen.invoke, { usage: 5, finish: "length" });
    assert.equal(seen.stream.length, 20);
    fleet.faults.add({ effect: { name: "ThrottlingException" } });
    const before = fleet.log.recent.total;
    assert.equal((await run("throttled")).throttled, 429);
    assert.equal(fleet.log.recent.total - before, 1);
  });

  it("OpenAI's client completes, responds, calls functions and meets errors, below both of its paths", async (test) => {
    if (python === undefined) return test.skip(missing);
    const { url } = fleet.endpoints[0]!;
    const run = async (path: string, ...checks: string[]) => {
      const environment = { OPENAI_BASE_URL: `${url}${path}`, OPENAI_API_KEY: fleet.credentials!.bearerToken };
      return JSON.parse(await runPython(python!, [OPENAI, ...checks], environment));
    };
    const seen = await run("/openai/v1", "chat", "chat_stream", "tool", "responses", "responses_stream", "structured");
    assert.deepEqual(seen.chat, { usage: 5, finish: "length" });
    assert.deepEqual(seen.chat_stream, { text: " one can see how the", usage: 5 });
    assert.deepEqual(seen.responses, { text: seen.chat_stream.text, status: "incomplete", usage: 5 });
    assert.equal(seen.responses_stream.filter((type: string) => type === "response.output_text.delta").length, 5);
    for (const { city, days } of [seen.tool, seen.structured]) {
      assert.ok(typeof city === "string" && Number.isInteger(days) && days >= 1);
    }
    fleet.faults.add({ effect: { name: "ThrottlingException" }, times: 1 });
    const { errors, models, throttled } = await run("/v1", "throttled", "errors", "models");
    assert.deepEqual(errors, [
      ["NotFoundError", 404],
      ["BadRequestError", 400],
      ["AuthenticationError", 401],
    ]);
    assert.deepEqual([models, throttled], [true, 429]);
  });

  it("Anthropic's clients, langchain-aws and pydantic-ai talk, stream, think and call tools", async (test) => {
    if (!IS_FULL) return test.skip("only in a full run: three more packages to install");
    const frameworks = await pythonWithFrameworks();
    if (frameworks.python === undefined) return test.skip(frameworks.reason);
    const environment = {
      ...overHttp(),
      EMULATOR_URL: fleet.endpoints[0]!.url,
      API_KEY: fleet.credentials!.bearerToken,
    };
    const checks = ["anthropic_bedrock", "anthropic_own", "anthropic_errors", "count", "langchain", "pydantic_ai"];
    const seen = JSON.parse(await runPython(frameworks.python, [FRAMEWORKS, ...checks], environment));
    for (const client of [seen.anthropic_bedrock, seen.anthropic_own]) {
      assert.deepEqual(client, {
        text: " one can see how the",
        streamed: " one can see how the",
        stop: "max_tokens",
        thinking: ["thinking", "text"],
        tool: "tool_use",
      });
    }
    assert.deepEqual(seen.anthropic_errors, [
      ["BadRequestError", 400],
      ["BadRequestError", 400],
      ["NotFoundError", 404],
    ]);
    assert.equal(seen.count, 3);
    assert.deepEqual(seen.langchain, { usage: 8, streamed: 32, trip: true });
    assert.deepEqual(seen.pydantic_ai, { usage: 8, trip: true });
  });

  it("Anthropic's Bedrock client for JavaScript and the AI SDK talk, stream, call tools and make objects", async (test) => {
    if (!IS_FULL) return test.skip("only in a full run: more packages to install");
    const { folder, reason } = await builtClients("node");
    if (folder === undefined) return test.skip(reason);
    const environment = { ...overHttp(), EMULATOR_URL: fleet.endpoints[0]!.url };
    const args = [join(folder, "checks.mjs"), "anthropicBedrock", "aiSdk"];
    const seen = await runClient(process.execPath, args, environment);
    const text = " one can see how the";
    assert.deepEqual(seen.anthropicBedrock, { text, streamed: text, trip: true, refused: 400 });
    assert.deepEqual(seen.aiSdk, { text, usage: 5, streamed: text, object: true, tool: true });
  });

  /** Of clients that are compiled: each prints what it saw as the same object. */
  const COMPILED = {
    Go: { language: "go", command: (folder: string) => [join(folder, "client")] },
    Java: {
      language: "java",
      command: (folder: string) => [
        ...["java", "-cp", [join(folder, "target/client-1.jar"), join(folder, "target/dependency/*")].join(delimiter)],
        "Client",
      ],
    },
    Rust: { language: "rust", command: (folder: string) => [join(folder, "target/debug/client")] },
  } as const;
  for (const [name, { language, command }] of Object.entries(COMPILED)) {
    it(`the AWS SDK for ${name} converses, streams, invokes and is refused`, async (test) => {
      if (!IS_FULL) return test.skip("only in a full run: an SDK to compile");
      const { folder, reason } = await builtClients(language);
      if (folder === undefined) return test.skip(reason);
      const environment = { ...overHttp(), EMULATOR_URL: fleet.endpoints[0]!.url };
      const [program, ...args] = command(folder);
      assert.deepEqual(await runClient(program!, args, environment), {
        ...{ stop: "max_tokens", usage: 5, deltas: 5, invoke: "max_tokens", refused: true },
      });
    });
  }
});
