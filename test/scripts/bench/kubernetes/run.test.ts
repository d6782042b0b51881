import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { parseAllDocuments } from "yaml";
import { benchOnKubernetes } from "../../../../scripts/bench/kubernetes/run.ts";
import type { CommonOptions } from "../../../../scripts/commands/command.ts";
import { createTerminal } from "../../../../scripts/io/terminal.ts";
import { MeridianError } from "../../../../simulator/base/errors.ts";
import { k6ForTests } from "../../../scenarios/k6/k6.ts";
import { planOf, scenarioInput } from "../../../simulator/scenario/base.ts";
import { meridianHere, TINY } from "../../run-meridian.ts";

let folder = "";
let endpoints = "";
before(
  async () => {
    folder = await mkdtemp(join(tmpdir(), "meridian-kubernetes-test-"));
    endpoints = join(folder, "endpoints.yaml");
    const urls = "  us-east-1: http://gateway-us.load.svc:7400\n  eu-west-1: http://gateway-eu.load.svc:7400\n";
    await writeFile(endpoints, `auth: sigv4\nendpoints:\n${urls}`);
    await k6ForTests();
  },
  { timeout: 900_000 },
);
after(() => rm(folder, { recursive: true, force: true }));

const CANARY = {
  AWS_ACCESS_KEY_ID: "AKIACANARYCANARY",
  AWS_SECRET_ACCESS_KEY: "canary/secret/key",
  AWS_SESSION_TOKEN: "canary-token",
};
const HOSTS = ["--allow-host", "gateway-us.load.svc", "gateway-eu.load.svc"];
const base = () => ["bench", TINY, "--duration", "3s", "--target", endpoints, "--kubernetes", "--set", "routers=4"];
const run = (args: readonly string[]) => meridianHere([...base(), ...args], CANARY, folder);

describe("meridian bench --kubernetes", () => {
  it("writes a manifest for each strategy, says what to do with them, and runs nothing", {
    timeout: 60_000,
  }, async () => {
    const { code, stdout, stderr } = await run([...HOSTS, "--namespace", "load"]);
    assert.equal(code, 0, stderr);
    assert.deepEqual((await readdir(join(folder, "k8s"))).sort(), ["meridian-tiny-1.yaml", "meridian-tiny-2.yaml"]);
    const text = await readFile(join(folder, "k8s", "meridian-tiny-1.yaml"), "utf8");
    const kinds = parseAllDocuments(text).map((document) => (document.toJS() as { kind: string }).kind);
    assert.deepEqual(kinds, ["ConfigMap", "TestRun"]);
    const archive = Buffer.from(/\.tar: (\S+)/.exec(text)![1]!, "base64").toString("latin1");
    for (const secret of Object.values(CANARY)) {
      for (const place of [text, archive, stdout, stderr]) assert.ok(!place.includes(secret), secret);
    }
    assert.match(stdout, /kubectl -n load apply --server-side -f k8s\/meridian-tiny-1\.yaml/);
    assert.match(
      stdout,
      /printf '%s\\n' .*"AWS_SESSION_TOKEN=\$AWS_SESSION_TOKEN".* \| kubectl .*--from-env-file=\/dev\/stdin/,
    );
    assert.match(stdout, /meridian bench \S+ --set routers=4 --duration 3s .*--import-rows meridian-tiny-1-\*\.jsonl/);
  });

  it("puts an archive for a volume beside its manifest", { timeout: 60_000 }, async () => {
    const args = [...HOSTS, "--volume-claim", "disk", "--out", "volume", "--strategy", "single", "--json"];
    const { code, stdout, stderr } = await run(args);
    assert.equal(code, 0, stderr);
    const { parallelism, runs } = JSON.parse(stdout) as {
      readonly parallelism: number;
      readonly runs: readonly { readonly archive: string; readonly manifest: string; readonly run: string }[];
    };
    assert.equal(parallelism, 4);
    assert.equal(runs.length, 1);
    assert.match(runs[0]!.run, /^[0-9a-f]{16}$/);
    assert.ok((await readFile(join(folder, runs[0]!.archive))).length > 50_000);
    assert.match(await readFile(join(folder, runs[0]!.manifest), "utf8"), /volumeClaim:\n\s+name: disk/);
  });

  const refused = async (args: readonly string[], text: RegExp): Promise<void> => {
    const { code, stderr } = await run([...args, "--out", "refused"]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, text);
    assert.deepEqual(await readdir(join(folder, "refused")).catch(() => []), []);
  };

  it("refuses hosts that were not allowed", () => refused([], /ENDPOINT_NOT_ALLOWED/));
  it("refuses routers that do not divide", () =>
    refused([...HOSTS, "--parallelism", "3"], /KUBERNETES_ROUTERS.*4 routers[\s\S]*--set routers=6/));
  it("refuses an emulator, which runners cannot reach", () => refused(["--target", "emulator"], /KUBERNETES_TARGET/));
  it("refuses options that would mean nothing", () =>
    refused(
      [...HOSTS, "--executor", "ramping-vus", "--budget-usd", "3"],
      /KUBERNETES_OPTION[\s\S]*--executor[\s\S]*KUBERNETES_OPTION[\s\S]*--budget-usd/,
    ));
  it("refuses a start without its zone", () => refused([...HOSTS, "--start-at", "12:00"], /to come, with its zone/));
  it("refuses what no ConfigMap holds, and says what does", { timeout: 60_000 }, () =>
    refused(
      [...HOSTS, "--duration", "14m", "--set", "traffic[0].arrivals.poisson=60/s"],
      /KUBERNETES_TOO_LARGE[\s\S]*--volume-claim/,
    ),
  );
});

describe("what a cluster cannot do", () => {
  const plan = planOf(scenarioInput());
  const terminal = createTerminal({ quiet: true });
  const problemsOf = async (options: CommonOptions) => {
    const input = { args: ["a.yaml"], options, terminal, signal: new AbortController().signal };
    const error: unknown = await benchOnKubernetes(plan, [], input).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof MeridianError);
    return error.problems.map(({ code, where }) => `${code} ${where}`);
  };

  it("is refused, each option that would be ignored by its name", async () => {
    const options = { target: "endpoints.yaml", executor: "ramping-vus", vus: 1, budgetUsd: 5, dryRun: true };
    assert.deepEqual(await problemsOf(options), [
      "KUBERNETES_OPTION --executor",
      "KUBERNETES_OPTION --budget-usd",
      "KUBERNETES_OPTION --dry-run",
    ]);
  });

  it("needs endpoints that runners can reach", async () => {
    for (const target of ["emulator", "bedrock"])
      assert.deepEqual(await problemsOf({ target }), ["KUBERNETES_TARGET --target"]);
  });
});
