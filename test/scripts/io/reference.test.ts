import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { checkReference, loadReference } from "../../../scripts/io/reference.ts";
import { MeridianError } from "../../../simulator/base/errors.ts";

describe("reference data", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "meridian-reference-"));
  });
  after(() => rm(folder, { recursive: true }));
  const url = () => pathToFileURL(`${folder}/`);
  const copy = () => cp(new URL("../../../scenarios/reference/", import.meta.url), folder, { recursive: true });

  it("the five bundled data sets load", async () => {
    const reference = await loadReference();
    assert.equal(reference.prices.prices.length, 613);
    assert.equal(reference.profiles.profiles.length, 91);
    assert.equal(reference.quotas.quotas.length, 54);
    assert.equal(Object.keys(reference.roundTrips.rtt).length, 32);
    assert.equal(reference.models.nameOf("amazon.nova-pro-v1:0"), "Nova Pro");
  });

  it("a missing and a damaged file are different problems, with the file's name", async () => {
    const fails = async (code: string, kind: string) =>
      assert.rejects(
        () => loadReference(url()),
        (error) => error instanceof MeridianError && error.kind === kind && error.problems[0]?.code === code,
      );
    await fails("REFERENCE_UNREADABLE", "environment");
    await copy();
    await writeFile(join(folder, "region-rtt.json"), '{"unit": "ms", "rtt": {');
    await fails("REFERENCE_DAMAGED", "data");
  });

  it("a table of model facts with a model in it twice is refused by its name", async () => {
    await copy();
    const file = join(folder, "bedrock-models.json");
    const table = JSON.parse(await readFile(file, "utf8")) as { models: unknown[] };
    await writeFile(file, JSON.stringify({ ...table, models: [...table.models, table.models[0]] }));
    await assert.rejects(
      () => loadReference(url()),
      /REFERENCE_DAMAGED {2}scenarios\/reference\/bedrock-models\.json.* is listed twice/s,
    );
  });

  it("what a build has checked is taken as long as the files are those, and is the same as what they hold", async () => {
    await copy();
    const kept = join(folder, "checked.json");
    const { data, sha256 } = await checkReference(url());
    await writeFile(kept, JSON.stringify({ data, sha256 }));
    const { models: _facts, ...checked } = await loadReference(url(), null);
    const { models: _kept, ...taken } = await loadReference(url(), kept);
    assert.deepEqual(taken, checked);
    // A mark shows which of the two was read.
    await writeFile(kept, JSON.stringify({ data: { ...data, quotas: { ...data.quotas, quotas: [] } }, sha256 }));
    assert.equal((await loadReference(url(), kept)).quotas.quotas.length, 0);
    const file = join(folder, "bedrock-prices.json");
    await writeFile(file, (await readFile(file, "utf8")).replace('"input": 3,', '"input": 4,'));
    assert.equal((await loadReference(url(), kept)).quotas.quotas.length, 54);
    await writeFile(file, '{"currency": "USD"}');
    await assert.rejects(() => loadReference(url(), kept), /REFERENCE_DAMAGED/);
    for (const cut of ["", '{"sha256'] as const) {
      await copy();
      await writeFile(kept, cut);
      assert.equal((await loadReference(url(), kept)).quotas.quotas.length, 54);
    }
  });
});
