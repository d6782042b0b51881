import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BedrockRuntimeClient, ConverseCommand } from "@aws-sdk/client-bedrock-runtime";
import { startFleet } from "../../emulator/index.ts";
import { planOf, SLOTS_1S } from "./backends/worlds.ts";
import { CLAUDE } from "./support.ts";

const messages = [{ role: "user" as const, content: [{ text: "Hello" }] }];

describe("emulator for test suites", { timeout: 60_000 }, () => {
  it("answers a call of the AWS SDK with the latency that was set, and stops listening when closed", async () => {
    const fleet = await startFleet({
      regions: ["us-east-1", "eu-west-1"],
      latency: { firstTokenMs: 30, perTokenMs: 0 },
    });
    const client = new BedrockRuntimeClient({
      region: "us-east-1",
      endpoint: fleet.endpoint("us-east-1"),
      credentials: fleet.credentials!,
      maxAttempts: 1,
    });
    const command = new ConverseCommand({ modelId: CLAUDE, messages, requestMetadata: { outputTokens: "7" } });
    const answer = await client.send(command);
    assert.equal(answer.usage?.outputTokens, 7);
    assert.equal(answer.metrics?.latencyMs, 30);
    await fleet.close(0);
    await assert.rejects(client.send(command));
    client.destroy();
  });

  it("names an endpoint by its region: HTTPS where TLS is on, an error for a region it does not serve", async () => {
    const fleet = await startFleet({ regions: ["us-east-1"], tls: true });
    const { tlsUrl } = fleet.endpoints[0]!;
    assert.equal(fleet.endpoint("us-east-1"), tlsUrl);
    assert.throws(() => fleet.endpoint("mars-1"), { kind: "usage", message: /^EMULATOR_REGION_UNKNOWN/ });
    await fleet.close(0);
  });

  it("takes regions, models and physics from a resolved scenario", async () => {
    const fleet = await startFleet({
      scenario: await planOf({ regions: ["us-east-1", "us-west-2"], capacity: SLOTS_1S }),
      scale: 20,
    });
    const client = new BedrockRuntimeClient({
      region: "us-west-2",
      endpoint: fleet.endpoint("us-west-2"),
      credentials: fleet.credentials!,
      maxAttempts: 1,
    });
    const regions = fleet.endpoints.map(({ region }) => region);
    const answer = await client.send(new ConverseCommand({ modelId: "amazon.nova-pro-v1:0", messages }));
    await assert.rejects(client.send(new ConverseCommand({ modelId: CLAUDE, messages })), {
      name: "ValidationException",
    });
    client.destroy();
    await fleet.close(0);
    assert.deepEqual(regions, ["us-east-1", "us-west-2"]);
    assert.ok((answer.metrics?.latencyMs ?? 0) >= 1000, "a slot serves for one second");
  });
});
