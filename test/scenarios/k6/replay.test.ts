import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { describe, it } from "node:test";
import { parseSource, type SourceFile, type SyntaxNode } from "../../tidy/source.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");

/** Every file that k6 would load for a script. Imports of types alone are erased and not followed. */
function reached(from: string): ReadonlyMap<string, SourceFile> {
  const files = new Map<string, SourceFile>();
  const walk = (path: string): void => {
    if (files.has(path)) return;
    const file = parseSource(path, readFileSync(join(ROOT, path), "utf8"));
    files.set(path, file);
    for (const specifier of runtimeImports(file)) {
      if (specifier.startsWith(".")) walk(posix.normalize(posix.join(posix.dirname(path), specifier)));
    }
  };
  walk(from);
  return files;
}

function runtimeImports(file: SourceFile): readonly string[] {
  return file.body.flatMap((node) => {
    const source = (node.source as SyntaxNode | null | undefined)?.value;
    if (typeof source !== "string" || node.importKind === "type" || node.exportKind === "type") return [];
    const specifiers = (node.specifiers ?? []) as readonly SyntaxNode[];
    const isTypes =
      specifiers.length > 0 && specifiers.every((each) => (each.importKind ?? each.exportKind) === "type");
    return isTypes ? [] : [source];
  });
}

/** What k6 1.8 cannot run, and how it fails. */
const UNSUPPORTED: Readonly<Record<string, (node: SyntaxNode) => boolean>> = {
  "for await hangs the loader": (node) => node.type === "ForOfStatement" && node.await === true,
  "a decorator hangs the loader": (node) => node.type === "Decorator",
  "accessor hangs the loader": (node) => node.type === "AccessorProperty",
  "using hangs the loader": (node) => node.type === "VariableDeclaration" && /using/.test(String(node.kind)),
  "import attributes hang the loader": (node) => Array.isArray(node.attributes) && node.attributes.length > 0,
  "an async generator is a syntax error": (node) => node.async === true && node.generator === true,
  "a dynamic import is rejected at run time": (node) => node.type === "ImportExpression",
  "import.meta is not there": (node) => node.type === "MetaProperty" && (node.meta as SyntaxNode)?.name === "import",
  "the v flag is a syntax error": (node) => /v/.test((node.regex as { flags?: string } | undefined)?.flags ?? ""),
  "named groups are undefined": (node) =>
    /\(\?<\w/.test((node.regex as { pattern?: string } | undefined)?.pattern ?? ""),
  "a missing global": (node) => node.type === "Identifier" && MISSING.has(String(node.name)),
};

const MISSING = new Set([
  "fetch",
  "URL",
  "URLSearchParams",
  "Headers",
  "Intl",
  "btoa",
  "atob",
  "WeakRef",
  "queueMicrotask",
  "structuredClone",
  "TextEncoder",
  "TextDecoder",
  "performance",
  "AbortController",
  "process",
  "Buffer",
]);

function violations(file: SourceFile): readonly string[] {
  const found = file.nodes.flatMap((node) =>
    Object.entries(UNSUPPORTED)
      .filter(([, holds]) => holds(node))
      .map(([what]) => `${file.path}:${file.lineAt(node.start)}  ${what}`),
  );
  const imports = runtimeImports(file)
    .filter((specifier) => !(specifier.startsWith("k6/") || /^\..*\.ts$/.test(specifier)))
    .map((specifier) => `${file.path}  k6 cannot import "${specifier}"`);
  return [...found, ...imports];
}

describe("everything that the k6 scripts reach", () => {
  const files = new Map([...reached("scenarios/k6/replay.ts"), ...reached("scenarios/k6/native-executor.ts")]);

  it("is what it should be: the strategies and the client of the simulator themselves", () => {
    for (const path of [
      "simulator/strategies/index.ts",
      "simulator/client/target-view.ts",
      "simulator/client/retry-policy.ts",
      "simulator/bench/router.ts",
    ]) {
      assert.ok(files.has(path), path);
    }
  });

  it("keeps within what k6 can load and run", () => {
    assert.deepEqual([...files.values()].flatMap(violations), []);
  });

  it("has the types that it claims", () => {
    execFileSync(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", "scenarios/k6"], {
      cwd: ROOT,
      encoding: "utf8",
    });
  });
});

describe("the rule about k6", () => {
  for (const text of [
    "async function f() { for await (const a of b) a(); }",
    "@a class B {}",
    "class B { accessor a = 1; }",
    "{ using a = b(); }",
    'import a from "./a.json" with { type: "json" };',
    "async function* a() {}",
    'const a = import("./b.ts");',
    "const a = /x/v;",
    "const a = /(?<year>x)/;",
    "const a = structuredClone(b);",
    'import a from "zod";',
    'import { a } from "./b";',
  ]) {
    it(`refuses ${text}`, () => assert.notDeepEqual(violations(parseSource("a.ts", text)), []));
  }

  it("takes what k6 can do", () => {
    const text =
      'import { b } from "./b.ts"; import type { Z } from "zod"; import http from "k6/http"; const a = /(?:x)/g; await b(a?.c ?? 1n);';
    assert.deepEqual(violations(parseSource("a.ts", text)), []);
  });
});
