import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { scenarioText, writeRunFolder } from "../calibrate/run-folder.ts";
import { meridianHere } from "../run-meridian.ts";

const folder = mkdtempSync(join(tmpdir(), "meridian-calibrate-"));
const at = (name: string) => join(folder, name);

describe("meridian calibrate", () => {
  before(async () => {
    await writeRunFolder(at("run"), 5.5);
  });

  it("fits a measured run, and the world predicts more load than was measured", async () => {
    const fitted = await meridianHere(["calibrate", "--from", at("run"), "--out", at("w.yaml")]);
    assert.equal(fitted.code, 0, fitted.stderr);
    assert.match(fitted.stdout, /10 places and a line; load slows nothing/);
    const p95Ms = await writeRunFolder(at("more"), 8.25, 9);
    writeFileSync(at("more.yaml"), scenarioText(8.25, 9));
    const args = ["simulate", at("more.yaml"), "--set", `world.include=${at("w.yaml")}`, "--json", "--out", at("runs")];
    const simulated = await meridianHere(args);
    assert.equal(simulated.code, 0, simulated.stderr);
    const predictedMs = JSON.parse(simulated.stdout).strategies[0].total.e2eMs.p95.value;
    assert.ok(Math.abs(predictedMs / p95Ms - 1) < 0.15, `${predictedMs} for ${p95Ms}`);
  });

  it("says whether the fit still holds: 0, or 99 where it drifted", async () => {
    await writeRunFolder(at("again"), 5.5, 4, 90);
    const args = (run: string, ...more: string[]) => ["calibrate", "--from", run, "--compare", at("w.yaml"), ...more];
    const same = await meridianHere(args(at("again")));
    assert.equal(same.code, 0, same.stdout + same.stderr);
    assert.match(same.stdout, /no drift/);
    const world = readFileSync(at("w.yaml"), "utf8");
    writeFileSync(at("slow.yaml"), world.replaceAll(/(output:\n\s+perToken: )[\d.]+ms/g, "$117ms"));
    const drifted = await meridianHere(["calibrate", "--from", at("again"), "--compare", at("slow.yaml"), "--json"]);
    assert.equal(drifted.code, 99, drifted.stderr);
    const { kind, drifted: isDrift, compared } = JSON.parse(drifted.stdout);
    assert.deepEqual([kind, isDrift], ["drift", true]);
    assert.ok(compared[0].moved.some(({ name }: { name: string }) => name === "output.perToken"));
  });

  it("writes one JSON document, names models, and takes round trips", async () => {
    const rows = Array.from({ length: 60 }, (_, i) => {
      const at0 = 1_777_888_800_000 + i * 700;
      return `${at0},us-east-1,amazon.nova-pro-v1:0,${100 + 7 * i},${20 + i},${210 + (i % 5)},${600 + 11 * i},200`;
    });
    const header = "timestamp,region,model,inputTokens,outputTokens,ttftMs,e2eMs,status";
    writeFileSync(at("calls.csv"), [header, ...rows, ""].join("\n"));
    const args = ["calibrate", "--from", at("calls.csv"), "--model", "big=amazon.nova-pro", "--rtt", "10ms", "--json"];
    const { code, stdout, stderr } = await meridianHere([...args, "--out", at("csv.yaml")]);
    assert.equal(code, 0, stderr);
    const document = JSON.parse(stdout);
    assert.deepEqual([document.kind, document.fits[0].model, document.fits[0].counts.served], ["calibrate", "big", 60]);
    assert.match(readFileSync(at("csv.yaml"), "utf8"), /big:\n {4}id: "amazon\.nova-pro-v1:0"/);
  });

  it("refuses what it cannot use, and leaves no file behind", async () => {
    const refused = async (...args: string[]) => {
      const { code, stderr } = await meridianHere(["calibrate", ...args, "--out", at("none.yaml")]);
      assert.equal(existsSync(at("none.yaml")), false);
      return `${code} ${stderr.split("\n").find((line) => /^[A-Z_]+ /.test(line))}`;
    };
    writeFileSync(at("bad.csv"), "timestamp,region\n");
    writeFileSync(
      at("few.csv"),
      "timestamp,region,model,inputTokens,outputTokens,e2eMs,status\n2026-05-04T10:00:00Z,r,m,1,1,5,200\n",
    );
    assert.match(await refused("--from", at("bad.csv")), /^3 TRACE_UNKNOWN_FORMAT /);
    assert.match(await refused("--from", at("few.csv")), /^3 CALIBRATE_TOO_FEW /);
    assert.match(await refused("--from", at("few.csv"), "--rtt", "soon"), /^2 CALIBRATE_RTT_SYNTAX /);
    assert.match(await refused("--from", at("few.csv"), "--model", "x"), /^2 CALIBRATE_MODEL_SYNTAX /);
    assert.match(await refused("--from", at("run"), "--strategy", "other"), /^2 CALIBRATE_NO_STRATEGY /);
    assert.match(await refused("--from", at("few.csv"), "--compare", at("nowhere.yaml")), /^2 WORLD_FILE_NOT_FOUND /);
  });
});
