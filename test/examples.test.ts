/**
 * Executes the examples of JSDoc comments: `@example f(1, 2) // => 3`, with the exports of the file in scope. In an
 * example of several lines, each line that ends with `// => value` is held to its value and the others are run.
 */
import assert from "node:assert/strict";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { BedrockRuntimeClient } from "@aws-sdk/client-bedrock-runtime";

const ROOT = join(import.meta.dirname, "..");
const EXAMPLES_MIN = 20;

/** Files whose examples are whole programs with their imports, and the test that runs them. */
const RUN_ELSEWHERE: Readonly<Record<string, string>> = { "reports/index.ts": "test/reports/index.test.ts" };

/** What examples use besides the exports of their file; what they print is not of interest. */
const SCOPE: Readonly<Record<string, unknown>> = { BedrockRuntimeClient, console: { log: () => {} } };

/** The scenario that examples read. */
const CHAT_YAML = `
name: chat
start: 2026-05-04T09:00:00Z
duration: 1m
replications: 2
world:
  regions: [us-east-1, eu-west-1]
  models:
    assistant: { id: amazon.nova-pro-v1:0, capacity: { kind: slots, servers: 8, service: 300ms } }
traffic:
  - { class: chat, arrivals: { poisson: 2/s }, tokens: { input: 200, output: 50 } }
strategies:
  - { single: { target: us-east-1 } }
  - round-robin: {}
`;

interface Example {
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

const paths = globSync("{simulator,reports,emulator,scripts}/**/*.ts", { cwd: ROOT }).map((path) =>
  path.replaceAll("\\", "/"),
);
const examples = paths
  .sort()
  .flatMap((path) => examplesIn(path, readFileSync(join(ROOT, path), "utf8")))
  .filter(({ path }) => !Object.hasOwn(RUN_ELSEWHERE, path));

describe("examples in comments", () => {
  const home = process.cwd();
  const folder = mkdtempSync(join(tmpdir(), "meridian-examples-"));
  before(() => {
    writeFileSync(join(folder, "chat.yaml"), CHAT_YAML);
    process.chdir(folder);
  });
  after(() => {
    process.chdir(home);
    rmSync(folder, { recursive: true });
  });

  it(`are there: at least ${EXAMPLES_MIN}`, () => assert.ok(examples.length >= EXAMPLES_MIN, String(examples.length)));

  it("that run elsewhere do", () => {
    for (const [path, test] of Object.entries(RUN_ELSEWHERE)) {
      assert.ok(examplesIn(path, readFileSync(join(ROOT, path), "utf8")).length > 0, `${path} has no example`);
      assert.match(readFileSync(join(ROOT, test), "utf8"), /@example/, `${test} does not run it`);
    }
  });

  for (const { path, line, text } of examples)
    it(`${path}:${line}  ${text.split("\n", 1)[0]}`, async () => {
      const code = programOf(text);
      assert.ok(code, `${path}:${line}  write it as: @example f(1, 2) // => 3`);
      const exported = (await import(join(ROOT, path))) as Readonly<Record<string, unknown>>;
      await runProgram(code, exported);
    });
});

describe("the reader of examples", () => {
  const comment = (...lines: readonly string[]) => `/**\n${lines.map((line) => ` * ${line}\n`).join("")} */\n`;

  it("finds each with its line, up to the next tag", () => {
    const text = `${comment("Adds.", "@example f(1) // => 2", "@example", "f(2)", "@returns 3")}// @example no\n`;
    assert.deepEqual(examplesIn("a.ts", text), [
      { path: "a.ts", line: 3, text: "f(1) // => 2" },
      { path: "a.ts", line: 4, text: "\nf(2)" },
    ]);
  });

  it("refuses an example that says no value", () => {
    assert.equal(programOf("f(1) // 2"), undefined);
    assert.equal(programOf("f(1)"), undefined);
    assert.equal(programOf("// => 2"), undefined);
    assert.equal(programOf("\n"), undefined);
  });

  it("holds an expression, of one line or several, to its value", async () => {
    const f = (x: number, y = 1) => x + y;
    for (const text of ["f(1) // => 2", "f(\n  1,\n) // => 2", "\nconst x: number = 1;\nf(x) // => 2\nf(x, 2) // => 3"])
      await runProgram(programOf(text)!, { f });
    for (const text of ["f(1) // => 3", "[f(1)] // => [3]", "\nf(1) // => 2\nf(1) // => 3", "\nthrow new Error();"])
      await assert.rejects(runProgram(programOf(text)!, { f }), text);
  });
});

function examplesIn(path: string, text: string): readonly Example[] {
  return [...text.matchAll(/^[ \t]*\/\*\*[\s\S]*?\*\//gm)].flatMap((comment) =>
    [...comment[0].matchAll(/^[ \t]*\* @example\b[ \t]*([\s\S]*?)(?=^[ \t]*\* @|^[ \t]*\*\/)/gm)].map((match) => ({
      path,
      line: text.slice(0, comment.index + match.index).split("\n").length,
      text: match[1]!.replace(/^[ \t]*\*[ \t]?/gm, "").trimEnd(),
    })),
  );
}

/** The statements of an example, each expected value as a call of `expect`; undefined where it says none. */
function programOf(text: string): string | undefined {
  const value = /^(.*\S)\s*\/\/ => (.+)$/;
  const isBlock = text.startsWith("\n");
  const lines = isBlock ? text.trim().split("\n") : [text.replaceAll("\n", " ")];
  if (isBlock ? lines.join("") === "" : !value.test(lines[0]!)) return undefined;
  return lines
    .map((line) => {
      const [, expression, expected] = value.exec(line) ?? [];
      return expression === undefined ? line : `expect((${expression}), (${expected}));`;
    })
    .join("\n");
}

async function runProgram(code: string, exported: Readonly<Record<string, unknown>>): Promise<void> {
  const expect = (actual: unknown, expected: unknown) => assert.deepEqual(plain(actual), plain(expected));
  const scope: Readonly<Record<string, unknown>> = { ...SCOPE, ...exported, expect };
  const AsyncFunction = (async () => {}).constructor as new (
    ...args: string[]
  ) => (...args: unknown[]) => Promise<void>;
  const body = stripTypeScriptTypes(`async () => {\n${code}\n}`);
  await new AsyncFunction(...Object.keys(scope), `await (${body})();`)(...Object.values(scope));
}

/** Views of numbers are written as lists. */
function plain(value: unknown): unknown {
  return ArrayBuffer.isView(value) && !(value instanceof DataView) ? [...(value as Float64Array)] : value;
}
