import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { parse } from "yaml";
import { meridianHere, ROOT } from "../run-meridian.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "meridian-"));
});
after(() => rm(folder, { recursive: true }));

const init = (name: string, ...more: string[]) => meridianHere(["init", join(folder, name), ...more]);

describe("meridian init", () => {
  it("writes a strategy of one's own, which conforms, and overwrites none", async () => {
    const { code, stderr } = await init("mine.ts", "--strategy");
    assert.equal(code, 0, stderr);
    assert.match(await readFile(join(folder, "mine.ts"), "utf8"), /Strategy `mine`/);
    const again = await init("mine.ts", "--strategy");
    assert.equal(again.code, 2);
    assert.match(again.stderr, /STRATEGY_FILE_EXISTS/);
    assert.match((await init("Mine.txt", "--strategy")).stderr, /STRATEGY_NAME/);
    await rm(join(folder, "mine.ts"));
  });

  it("writes a scenario that check accepts, and says what comes next", async () => {
    const { code, stdout, stderr } = await init(
      "first.yaml",
      "--yes",
      "--rate",
      "50k/d",
      "--regions",
      "eu-west-1,us-east-1",
    );
    assert.equal(code, 0, stderr);
    const file = join(folder, "first.yaml");
    assert.match(stdout, new RegExp(`next: npx meridian check ${file}\\n$`));
    const checked = await meridianHere(["check", file]);
    assert.deepEqual([checked.code, checked.stderr], [0, `next: npx meridian simulate ${file}\n`]);
    const [, schema] = /\$schema=(\S+)/.exec(await readFile(file, "utf8"))!;
    JSON.parse(await readFile(join(folder, schema!), "utf8"));
  });

  it("never overwrites, and without a terminal asks for --yes; nothing is left", async () => {
    const there = join(folder, "there.yaml");
    await writeFile(there, "mine");
    const again = await init("there.yaml", "--yes");
    assert.deepEqual([again.code, /INIT_FILE_EXISTS/.test(again.stderr)], [2, true]);
    assert.equal(await readFile(there, "utf8"), "mine");
    if (process.stdin.isTTY !== true) assert.match((await init("x.yaml")).stderr, /INIT_NO_TERMINAL[\s\S]*--yes/);
    assert.match((await init("x.yaml", "--yes", "--model", "anthropic.claude-none-v1:0")).stderr, /MODEL_|PRICE_/);
    assert.match((await init("no/folder/x.yaml", "--yes")).stderr, /INIT_NOT_WRITTEN/);
    assert.ok(!(await readdir(folder)).includes("x.yaml"));
  });

  it("takes regions, model and times from recorded calls; a model sold through profiles gets them as targets", async () => {
    const logs = join(ROOT, "docs", "examples", "s3-logs");
    const { code, stderr } = await init("logs.yaml", "--yes", "--from", logs);
    assert.equal(code, 0, stderr);
    const scenario = parse(await readFile(join(folder, "logs.yaml"), "utf8")) as {
      readonly world: {
        readonly targets: readonly string[];
        readonly models: { readonly main: { readonly id: string } };
      };
    };
    assert.equal(scenario.world.models.main.id, "anthropic.claude-haiku-4-5-20251001-v1:0");
    assert.deepEqual(scenario.world.targets.slice(0, 2), ["us-east-1/us", "us-west-2/us"]);
    const missing = await init("y.yaml", "--yes", "--from", join(folder, "none.csv"));
    assert.equal(missing.code, 3);
    assert.match(missing.stderr, /TRACE_NOT_FOUND/);
  });
});
