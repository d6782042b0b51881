import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { it } from "node:test";
import { certificateFile, fleetText } from "../../../scripts/commands/emulate-text.ts";
import { testFleet } from "../../emulator/support.ts";

it("says where the endpoints are and what to export, and ends with ready", async () => {
  const fleet = await testFleet({ regions: ["us-east-1", "eu-west-1"] });
  const text = fleetText(fleet, { caFile: undefined, colour: false });
  for (const { region, url } of fleet.endpoints) assert.match(text, new RegExp(`^ {2}${region} +${url}$`, "m"));
  for (const [name, value] of fleet.environment("us-east-1")) assert.ok(text.includes(`  export ${name}=${value}\n`));
  assert.ok(text.endsWith("\nready"));
  assert.ok(!text.includes("\u001b"));
  assert.ok(fleetText(fleet, { caFile: undefined, colour: true }).includes("\u001b[1mEndpoints"));
  assert.equal(await certificateFile(fleet), undefined);
  await fleet.close(0);
});

it("with TLS shows both addresses and where the certificate is", async () => {
  const fleet = await testFleet({ tls: true });
  const file = (await certificateFile(fleet))!;
  assert.equal(readFileSync(file.path, "utf8"), fleet.certificate!.certPem);
  const text = fleetText(fleet, { caFile: file.path, colour: false });
  const { url, tlsUrl } = fleet.endpoints[0]!;
  assert.ok(text.includes(`${url}  ${tlsUrl}`));
  for (const name of ["AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"]) assert.ok(text.includes(`export ${name}=${file.path}`));
  await file.remove();
  assert.equal(existsSync(file.path), false);
  await fleet.close(0);
});
