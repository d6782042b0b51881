import assert from "node:assert/strict";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { loadReference } from "../../../scripts/io/reference.ts";
import { MeridianError } from "../../../simulator/errors.ts";

test("the four bundled data sets load", async () => {
  const reference = await loadReference();
  assert.equal(reference.prices.prices.length, 613);
  assert.equal(reference.profiles.profiles.length, 91);
  assert.equal(reference.quotas.quotas.length, 54);
  assert.equal(Object.keys(reference.roundTrips.rtt).length, 32);
});

test("a missing and a damaged file are told apart, with the file's name", async () => {
  const folder = await mkdtemp(join(tmpdir(), "meridian-reference-"));
  const url = pathToFileURL(`${folder}/`);
  const fails = async (code: string, kind: string) =>
    assert.rejects(
      () => loadReference(url),
      (error) => error instanceof MeridianError && error.kind === kind && error.problems[0]?.code === code,
    );
  try {
    await fails("REFERENCE_UNREADABLE", "environment");
    await cp(new URL("../../../scenarios/reference/", import.meta.url), folder, { recursive: true });
    await writeFile(join(folder, "region-rtt.json"), '{"unit": "ms", "rtt": {');
    await fails("REFERENCE_DAMAGED", "data");
  } finally {
    await rm(folder, { recursive: true });
  }
});
