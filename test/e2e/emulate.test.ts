import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { BedrockRuntimeClient, ConverseCommand, ConverseStreamCommand } from "@aws-sdk/client-bedrock-runtime";
import { type EmulatorProcess, startEmulator } from "../scripts/emulator-process.ts";
import { ROOT } from "../scripts/run-meridian.ts";
import { clientBlocks, documentedStarts, exportsOf } from "./emulator-clients/documented.ts";
import { pythonWithClients, runPython } from "./emulator-clients/python-clients.ts";

const run = promisify(execFile);
const scriptOf = (name: string) => fileURLToPath(new URL(`emulator-clients/${name}`, import.meta.url));
const NOVA = "amazon.nova-pro-v1:0";
const TOO_MANY = "Too many requests, please wait before trying again.";

/** The installed clients, unchanged, against the command that a user would start. */
describe("clients of meridian emulate", { timeout: 600_000 }, () => {
  let python: string | undefined;
  let missing: string;
  let emulator: EmulatorProcess;

  before(async () => {
    ({ python, reason: missing } = await pythonWithClients());
    emulator = await startEmulator([]);
  });
  after(async () => {
    await emulator.stop();
  });

  const environmentOf = (of: EmulatorProcess, region: string) =>
    of.ready.endpoints.find((endpoint) => endpoint.region === region)!.environment;

  function sdk(of: EmulatorProcess, region: string, maxAttempts?: number): BedrockRuntimeClient {
    const environment = environmentOf(of, region);
    return new BedrockRuntimeClient({
      region,
      endpoint: environment.AWS_ENDPOINT_URL_BEDROCK_RUNTIME!,
      credentials: {
        accessKeyId: environment.AWS_ACCESS_KEY_ID!,
        secretAccessKey: environment.AWS_SECRET_ACCESS_KEY!,
      },
      ...(maxAttempts === undefined ? {} : { maxAttempts }),
    });
  }

  const messages = [{ role: "user" as const, content: [{ text: "Hello there" }] }];

  it("the JavaScript SDK converses, and streams at the pace of the endpoint", async () => {
    const client = sdk(emulator, "eu-west-1");
    const modelId = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0";
    const requestMetadata = { outputTokens: "25" };
    const answer = await client.send(new ConverseCommand({ modelId, messages, requestMetadata }));
    assert.equal(answer.usage?.outputTokens, 25);
    const { stream } = await client.send(new ConverseStreamCommand({ modelId, messages, requestMetadata }));
    const deltasMs: number[] = [];
    for await (const event of stream!) if (event.contentBlockDelta !== undefined) deltasMs.push(performance.now());
    client.destroy();
    assert.equal(deltasMs.length, 25);
    // A step takes 9 ms + 0.11 ms for each of some 60 to 130 sequences: 15 to 25 ms, times noise.
    const gapMs = (deltasMs.at(-1)! - deltasMs[0]!) / 24;
    assert.ok(gapMs > 5 && gapMs < 60, `${gapMs} ms between tokens`);
  });

  it("boto3 has everything that it has of the service", async (test) => {
    if (python === undefined) return test.skip(missing);
    const checks = ["converse", "stream", "invoke", "count", "profiles", "invalid"];
    const seen = JSON.parse(
      await runPython(python, [scriptOf("boto3_checks.py"), ...checks], environmentOf(emulator, "us-east-1")),
    );
    assert.equal(seen.converse.usage.outputTokens, 9);
    assert.equal(seen.stream.filter((event: string) => event === "contentBlockDelta").length, 4);
    assert.equal(seen.invoke.whole.usage.output_tokens, 6);
    assert.equal(seen.profiles.gone, "ResourceNotFoundException");
    assert.deepEqual(
      seen.invalid.map(({ code }: { code: string }) => code),
      Array(3).fill("ValidationException"),
    );
  });

  it("what the docs show works as they show it", async (test) => {
    if (python === undefined) return test.skip(missing);
    const blocks = clientBlocks();
    const url = emulator.ready.endpoints[0]!.url;
    const exports = blocks.filter(({ text }) => text.startsWith("export "));
    assert.ok(exports.length >= 1);
    const shown = exports.flatMap((block) => Object.entries(exportsOf(block)));
    const environment = Object.fromEntries(
      shown.map(([name, value]) => [name, value.replace("http://127.0.0.1:7400", url)]),
    );
    const examples = blocks.filter((block) => !exports.includes(block));
    const names = new Set(examples.map(({ language, name }) => `${language} ${name}`.trim()));
    for (const name of ["python boto3", "python litellm", "js", "sh aws"]) assert.ok(names.has(name), name);
    // Below node_modules, where an import finds the installed packages.
    const cache = join(ROOT, "node_modules", ".cache");
    mkdirSync(cache, { recursive: true });
    const folder = mkdtempSync(join(cache, "documented-"));
    try {
      for (const { page, language, name, text } of examples) {
        const printed = await runBlock(language, name, text, environment, folder);
        assert.match(printed, /output_?tokens|completion_tokens/i, `${page}, ${language} ${name}: ${printed}`);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("every way to start it that the docs show starts it", async () => {
    const starts = documentedStarts();
    assert.ok(starts.length >= 5);
    // Without options it has been started for the tests above.
    const start = async (args: readonly string[]) => {
      const started = await startEmulator(args.filter((arg) => arg !== "--json"));
      const { endpoints } = started.ready;
      const answer = await fetch(`${endpoints[0]!.url}/_meridian/health`);
      assert.equal(answer.status, 200, args.join(" "));
      assert.equal(await started.stop(), 0, args.join(" "));
    };
    await Promise.all(starts.filter((args) => args.length > 0).map(start));
  });

  async function runBlock(
    language: string,
    name: string,
    text: string,
    environment: Readonly<Record<string, string>>,
    folder: string,
  ): Promise<string> {
    if (language === "python") {
      return runPython(python!, ["-c", text], { ...environment, LITELLM_LOCAL_MODEL_COST_MAP: "True" });
    }
    const env = { PATH: process.env.PATH ?? "", HOME: "/nonexistent", ...environment };
    if (language === "js") {
      const file = join(folder, "block.mjs");
      writeFileSync(file, text);
      return (await run(process.execPath, [file], { env, timeout: 60_000 })).stdout;
    }
    assert.equal(`${language} ${name}`, "sh aws");
    const script = `aws() { ${python!} -m awscli --output json "$@"; }\n${text}`;
    return (await run("sh", ["-c", script], { env, timeout: 60_000 })).stdout;
  }

  describe("meet a quota of one call a minute", { concurrency: 2 }, () => {
    let tight: EmulatorProcess;
    before(async () => {
      tight = await startEmulator(["--set", "world.quotas=[{ requests: 1, law: token-bucket }]"]);
    });
    after(async () => {
      await tight.stop();
    });

    /** Statuses of a region's attempts so far, from its log. */
    async function throttled(region: string): Promise<number> {
      const url = tight.ready.endpoints.find((endpoint) => endpoint.region === region)!.url;
      const text = await (await fetch(`${url}/_meridian/metrics`)).text();
      const line = new RegExp(`^bedrock_invocation_throttles_sum\\{region="${region}"[^}]*\\} (\\d+)$`, "m").exec(text);
      return Number(line?.[1] ?? 0);
    }

    it("boto3 tries three times", async (test) => {
      if (python === undefined) return test.skip(missing);
      const environment = { ...environmentOf(tight, "us-east-1"), TEST_MODEL: NOVA };
      const seen = JSON.parse(await runPython(python, [scriptOf("quota_checks.py"), "boto3"], environment));
      const { served, ...refusal } = seen;
      assert.equal(typeof served, "string");
      assert.deepEqual(refusal, { code: "ThrottlingException", message: TOO_MANY, status: 429, retries: 2 });
      assert.equal(await throttled("us-east-1"), 3);
    });

    it("the AWS CLI tries five times", async (test) => {
      if (python === undefined) return test.skip(missing);
      const call = ["-m", "awscli", "bedrock-runtime", "converse", "--model-id", NOVA];
      const args = [...call, "--messages", '[{"role":"user","content":[{"text":"Hi"}]}]'];
      // The one call of the minute, by a client that starts sooner; that the CLI is served is shown above.
      const first = sdk(tight, "us-west-2");
      await first.send(new ConverseCommand({ modelId: NOVA, messages }));
      first.destroy();
      const error = await runPython(python, args, environmentOf(tight, "us-west-2")).then(
        () => assert.fail("the second call was served"),
        (cause: { stderr: string }) => cause.stderr,
      );
      assert.match(error, /ThrottlingException.*reached max retries: 4.*Too many requests/s);
      assert.equal(await throttled("us-west-2"), 5);
    });

    it("LiteLLM raises its rate limit error at once", async (test) => {
      if (python === undefined) return test.skip(missing);
      const environment = {
        ...environmentOf(tight, "eu-west-1"),
        TEST_MODEL: NOVA,
        LITELLM_LOCAL_MODEL_COST_MAP: "True",
      };
      const seen = JSON.parse(await runPython(python, [scriptOf("quota_checks.py"), "litellm"], environment));
      assert.equal(seen.status, 429);
      assert.match(seen.message, /Too many requests/);
      assert.equal(await throttled("eu-west-1"), 1);
    });

    it("the JavaScript SDK tries three times, and passes where the quota has room again", async () => {
      const client = sdk(tight, "ap-northeast-1");
      const command = () => new ConverseCommand({ modelId: NOVA, messages, requestMetadata: { outputTokens: "1" } });
      assert.equal((await client.send(command())).$metadata.attempts, 1);
      const error = await client.send(command()).then(
        () => assert.fail("the second call was served"),
        (cause: { name: string; message: string; $metadata: { attempts: number; httpStatusCode: number } }) => cause,
      );
      assert.deepEqual([error.name, error.message], ["ThrottlingException", TOO_MANY]);
      assert.deepEqual([error.$metadata.httpStatusCode, error.$metadata.attempts], [429, 3]);
      assert.equal(await throttled("ap-northeast-1"), 3);
      client.destroy();

      const quick = await startEmulator([
        "--set",
        "world.quotas=[{ requests: { limit: 60, burst: 1 }, law: token-bucket }]",
      ]);
      try {
        const patient = sdk(quick, "us-east-1", 10);
        const answers = await Promise.all([patient.send(command()), patient.send(command())]);
        patient.destroy();
        const attempts = answers.map(({ $metadata }) => $metadata.attempts ?? 0).sort((a, b) => a - b);
        assert.ok(attempts[0] === 1 && attempts[1]! >= 2, `attempts ${attempts}`);
      } finally {
        await quick.stop();
      }
    });
  });
});
