/** The action, executed as a runner would, up to the calls of the API, which a local server answers. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { parse } from "yaml";
import { BIN, ROOT, TINY } from "./scripts/run-meridian.ts";

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body: { readonly body: string };
  readonly authorization: string | undefined;
}

const ACTION = join(ROOT, ".github", "actions", "meridian");
const action = parse(readFileSync(join(ACTION, "action.yml"), "utf8"));
const folder = mkdtempSync(join(tmpdir(), "meridian-action-"));
const calls: Call[] = [];
let comments: { readonly id: number; readonly body: string }[] = [];
let server: Server;

const git = (...args: readonly string[]) => {
  const identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
  const { status, stdout, stderr } = spawnSync("git", [...identity, ...args], { cwd: folder, encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return stdout.trim();
};

before(async () => {
  server = createServer((request, answer) => {
    let text = "";
    request.on("data", (part) => (text += part));
    request.on("end", () => {
      const body = text === "" ? { body: "" } : JSON.parse(text);
      calls.push({ method: request.method!, path: request.url!, body, authorization: request.headers.authorization });
      answer.setHeader("content-type", "application/json");
      const page = Number(/[?&]page=(\d+)/.exec(request.url!)?.[1] ?? 1);
      const shown = comments.slice(100 * (page - 1), 100 * page);
      answer.end(JSON.stringify(request.method === "GET" ? shown : { id: 1 }));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  git("init", "-q", "-b", "main");
  copyFileSync(TINY, join(folder, "tiny.yaml"));
  git("add", "tiny.yaml");
  git("commit", "-qm", "base");
  const base = git("rev-parse", "HEAD");
  const slower = readFileSync(TINY, "utf8").replace("mean: 1s", "mean: 1300ms");
  writeFileSync(join(folder, "tiny.yaml"), slower);
  writeFileSync(join(folder, "event.json"), JSON.stringify({ pull_request: { number: 12, base: { sha: base } } }));
});
after(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the step's program with the environment that action.yml gives it. */
async function runAction(
  inputs: Readonly<Record<string, string>>,
  over: Readonly<Record<string, string>> = {},
): Promise<number | null> {
  const step = action.runs.steps.find((each: { id?: string }) => each.id === "compare");
  const filled = Object.entries(step.env as Record<string, string>).map(([name, value]) => {
    const input = /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(value)![1]!;
    return [name, inputs[input] ?? action.inputs[input].default ?? ""];
  });
  const { NODE_TEST_CONTEXT, GITHUB_STEP_SUMMARY, ...env } = process.env;
  const own = {
    GITHUB_ACTION_PATH: ACTION,
    GITHUB_API_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    GITHUB_REPOSITORY: "owner/name",
    GITHUB_EVENT_PATH: join(folder, "event.json"),
    GITHUB_OUTPUT: join(folder, "output"),
    MERIDIAN_COMMAND: `${process.execPath} ${BIN}`,
    ...over,
  };
  const child = spawn("bash", ["-ec", step.run], {
    cwd: folder,
    env: { ...env, ...Object.fromEntries(filled), ...own },
    stdio: "ignore",
  });
  return ((await once(child, "close")) as [number | null])[0];
}

describe("the action", () => {
  it("declares what it runs, and pins majors of actions", () => {
    assert.equal(action.runs.using, "composite");
    for (const { uses, shell } of action.runs.steps)
      assert.ok(uses === undefined ? shell === "bash" : /^actions\/[\w-]+@v\d+$/.test(uses));
    assert.match(action.runs.steps[0].with.key, /inputs\.k6-version/);
  });

  it("simulates base and head, comments with the verdict first, and fails on a regression", async () => {
    const code = await runAction({
      scenario: "tiny.yaml",
      token: "a-token",
      arguments: "--set requests=500 --replications 4",
    });
    assert.equal(code, 99);
    assert.deepEqual(
      calls.map(({ method, path }) => [method, path]),
      [
        ["GET", "/repos/owner/name/issues/12/comments?per_page=100&page=1"],
        ["POST", "/repos/owner/name/issues/12/comments"],
      ],
    );
    const { body, authorization } = calls[1]!;
    assert.equal(authorization, "Bearer a-token");
    assert.match(body.body, /^\*\*1 gate failed\. head\/latest against base\/latest: worse: /);
    assert.ok(body.body.length < 64_000);
    assert.match(readFileSync(join(folder, "output"), "utf8"), /^verdict=\*\*1 gate failed/);
    assert.ok(existsSync(join(folder, ".meridian-compare", "junit.xml")));
    assert.doesNotMatch(git("worktree", "list"), /base-tree/, "the base's tree is removed");
  });

  it("writes its comment anew, and compares with a baseline that is named", async () => {
    const { body } = calls[1]!.body;
    const quote = body.replace(/^/gm, "> ");
    const others = Array.from({ length: 120 }, (_, id) => ({ id, body: id === 3 ? quote : "Looks good." }));
    const ofAnother = body.replace("tiny.yaml -->", "other.yaml -->");
    assert.notEqual(ofAnother, body);
    comments = [...others, { id: 76, body: ofAnother }, { id: 77, body: body.replaceAll("\n", "\r\n") }];
    calls.length = 0;
    const inputs = {
      scenario: "tiny.yaml",
      token: "t",
      baseline: ".meridian-compare/base/latest",
      "fail-on": "p95(e2e) > +900%",
      arguments: "--set requests=500 --replications 4",
    };
    assert.equal(await runAction(inputs), 0);
    assert.deepEqual(calls.map(({ method, path }) => [method, path]).at(-1), [
      "PATCH",
      "/repos/owner/name/issues/comments/77",
    ]);
  });

  it("counts the gates all the same where nothing answers to the comment", async () => {
    const inputs = { scenario: "tiny.yaml", token: "t", baseline: ".meridian-compare/base/latest" };
    const args = { "fail-on": "p95(e2e) > +900%", arguments: "--set requests=500 --replications 4" };
    assert.equal(await runAction({ ...inputs, ...args }, { GITHUB_API_URL: "http://127.0.0.1:1" }), 0);
  });
});
