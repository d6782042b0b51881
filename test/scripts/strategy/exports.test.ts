import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { parseAllDocuments } from "yaml";
import { envoy, envoyResources, type Resource } from "../../../scripts/strategy/export-envoy.ts";
import { comments, lostOf } from "../../../scripts/strategy/export-format.ts";
import { moduleFormat } from "../../../scripts/strategy/export-module.ts";
import { EXPORT_FORMATS } from "../../../scripts/strategy/exports.ts";
import { MeridianError } from "../../../simulator/base/errors.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";
import { HAIKU, planOf, scenarioInput } from "../../simulator/scenario/base.ts";

/** Two AWS regions, one class that must stay in the EU, and one that may go anywhere. */
function planWith(strategy: unknown, client: unknown = { retry: "standard", timeout: "20s" }): Plan {
  return planOf(
    scenarioInput({
      world: {
        regions: ["us-east-1", "eu-west-1"],
        models: { m: { id: HAIKU, burndown: 1, capacity: { kind: "slots", servers: 4, service: "1s" } } },
        network: { roundTrips: "none", jitter: "none" },
        prices: { book: "none", overrides: [{ model: "m", input: 1, output: 5 }] },
      } as never,
      traffic: [
        { class: "free", arrivals: { poisson: "1/s" }, tokens: { input: 100, output: 50 }, origin: "us-east-1" },
        {
          class: "eu",
          arrivals: { poisson: "1/s" },
          tokens: { input: 9, output: 5 },
          origin: "eu-west-1",
          residency: "eu",
        },
      ] as never,
      strategies: [strategy] as never,
      client: client as never,
    }),
  );
}

const of = (strategy: unknown, client?: unknown) => {
  const plan = planWith(strategy, client);
  return { plan, strategy: plan.strategies[0]! };
};

/** Fields of the resources as their Go types declare them (envoyproxy/ai-gateway api/v1beta1, envoyproxy/gateway api/v1alpha1). */
const FIELDS: Readonly<Record<string, { readonly apiVersion: string; readonly spec: readonly string[] }>> = {
  AIGatewayRoute: {
    apiVersion: "aigateway.envoyproxy.io/v1beta1",
    spec: ["parentRefs", "rules", "hostnames", "filterConfig", "llmRequestCosts"],
  },
  AIServiceBackend: {
    apiVersion: "aigateway.envoyproxy.io/v1beta1",
    spec: ["schema", "backendRef", "headerMutation", "bodyMutation"],
  },
  BackendSecurityPolicy: {
    apiVersion: "aigateway.envoyproxy.io/v1beta1",
    spec: ["targetRefs", "type", "apiKey", "awsCredentials", "azureCredentials", "gcpCredentials"],
  },
  Backend: {
    apiVersion: "gateway.envoyproxy.io/v1alpha1",
    spec: ["type", "endpoints", "appProtocols", "fallback", "tls"],
  },
  BackendTLSPolicy: { apiVersion: "gateway.networking.k8s.io/v1alpha3", spec: ["targetRefs", "validation", "options"] },
  BackendTrafficPolicy: {
    apiVersion: "gateway.envoyproxy.io/v1alpha1",
    spec: ["targetRefs", "targetRef", "loadBalancer", "retry", "healthCheck", "circuitBreaker", "timeout", "rateLimit"],
  },
};
const REF = ["name", "namespace", "group", "kind", "modelNameOverride", "weight", "priority"];
const RETRY = ["numRetries", "numAttemptsPerPriority", "perRetry", "retryOn"];
const DURATION = /^([0-9]{1,5}(h|m|s|ms)){1,4}$/;

/** The shape that a cluster would ask for: known kinds and fields, references that lead somewhere, names that are legal. */
function assertShape(resources: readonly Resource[]): void {
  const named = new Set(resources.map(({ kind, metadata }) => `${kind}/${metadata.name}`));
  for (const { apiVersion, kind, metadata, spec } of resources) {
    const known = FIELDS[kind]!;
    assert.equal(apiVersion, known.apiVersion, kind);
    assert.match(metadata.name, /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
    for (const field of Object.keys(spec)) assert.ok(known.spec.includes(field), `${kind}.spec.${field}`);
    for (const ref of (spec.targetRefs ?? []) as readonly { kind: string; name: string }[]) {
      const target = ref.kind === "HTTPRoute" ? "AIGatewayRoute" : ref.kind;
      assert.ok(named.has(`${target}/${ref.name}`), `${kind} ${metadata.name} refers to ${target}/${ref.name}`);
    }
    if (kind === "AIServiceBackend") {
      assert.deepEqual(spec.backendRef, { name: metadata.name, kind: "Backend", group: "gateway.envoyproxy.io" });
      assert.deepEqual(spec.schema, { name: "AWSBedrock" });
    }
    for (const rule of (spec.rules ?? []) as readonly { backendRefs: readonly Record<string, unknown>[] }[]) {
      assert.ok(rule.backendRefs.length > 0);
      for (const ref of rule.backendRefs) {
        for (const field of Object.keys(ref)) assert.ok(REF.includes(field), field);
        assert.ok(ref.weight === undefined || Number.isInteger(ref.weight), "weights are int32");
        assert.ok(named.has(`AIServiceBackend/${ref.name}`));
      }
    }
    const retry = spec.retry as Record<string, never> | undefined;
    if (retry !== undefined) {
      for (const field of Object.keys(retry)) assert.ok(RETRY.includes(field), field);
      const { backOff, timeout } = retry.perRetry as unknown as { backOff: Record<string, string>; timeout?: string };
      for (const text of [...Object.values(backOff), timeout ?? "1s"]) assert.match(text, DURATION);
    }
  }
}

const refsOf = (resources: readonly Resource[]) =>
  (resources[0]!.spec.rules as readonly { matches: { headers: { value: string }[] }[]; backendRefs: unknown[] }[]).map(
    ({ matches, backendRefs }) => ({ when: matches[0]!.headers.map(({ value }) => value), backendRefs }),
  );

describe("a strategy as Envoy AI Gateway's resources", () => {
  it("is a route with priorities, and a rule of its own for each class that residency restricts", async () => {
    const made = of({ priority: { targets: ["us-east-1", "eu-west-1"], cooldown: "10s" } });
    const resources = envoyResources(made.plan, made.strategy);
    assertShape(resources);
    const us = { name: "us-east-1", modelNameOverride: HAIKU, weight: 1, priority: 0 };
    const eu = { name: "eu-west-1", modelNameOverride: HAIKU, weight: 1, priority: 1 };
    assert.deepEqual(refsOf(resources), [
      { when: ["m", "free"], backendRefs: [us, eu] },
      { when: ["m", "eu"], backendRefs: [eu] },
      { when: ["m"], backendRefs: [eu] },
    ]);
    const policy = resources.at(-1)!.spec;
    assert.deepEqual(policy.retry, {
      numRetries: 2,
      numAttemptsPerPriority: 1,
      perRetry: { backOff: { baseInterval: "50ms", maxInterval: "20s" }, timeout: "20s" },
      retryOn: { httpStatusCodes: [429, 500, 503], triggers: ["connect-failure", "retriable-status-codes"] },
    });
    assert.equal((policy.healthCheck as { passive: { baseEjectionTime: string } }).passive.baseEjectionTime, "10s");
    const { text, lost } = await envoy.write(made.plan, made.strategy);
    const documents = parseAllDocuments(text).map((document) => document.toJS() as Resource);
    assert.deepEqual(documents, JSON.parse(JSON.stringify(resources)));
    assert.match(lost.join("\n"), /429 does not eject/);
    for (const line of lost) assert.ok(text.includes(`# ${line}`), line);
  });

  it("is weights, one backend, or refused with the ways out", () => {
    const weighted = of({ weighted: { weights: { "us-east-1": 0.6, "eu-west-1": 0.4 } } }, { retry: "none" });
    const resources = envoyResources(weighted.plan, weighted.strategy);
    assertShape(resources);
    assert.deepEqual(
      (refsOf(resources)[0]!.backendRefs as { weight: number }[]).map(({ weight }) => weight),
      [600, 400],
    );
    assert.equal(resources.at(-1)!.spec.retry, undefined);
    const levels = of({ "envoy-priorities": { priorities: { "eu-west-1": 1 }, ejection: "5s", consecutive: 3 } });
    const leveled = envoyResources(levels.plan, levels.strategy);
    assertShape(leveled);
    assert.deepEqual(
      (refsOf(leveled)[0]!.backendRefs as { priority: number }[]).map(({ priority }) => priority),
      [0, 1],
    );
    const { passive } = leveled.at(-1)!.spec.healthCheck as { passive: Record<string, unknown> };
    assert.deepEqual([passive.baseEjectionTime, passive.consecutive5XxErrors], ["5s", 3]);
    const single = of({ single: { target: "eu-west-1" } });
    assert.equal(envoyResources(single.plan, single.strategy).filter(({ kind }) => kind === "Backend").length, 1);
    const clever = of("bandit");
    assert.throws(
      () => envoyResources(clever.plan, clever.strategy),
      (error) => error instanceof MeridianError && error.message.includes("--as module"),
    );
  });
});

describe("a strategy as a module", () => {
  it("routes and calls with the options that were simulated, within what each class may use", async () => {
    const made = of({ "cheapest-within": { p95: "3s" } }, { retry: "standard", timeout: "20s", deadline: "1m" });
    const { text } = await moduleFormat.write(made.plan, made.strategy);
    const folder = mkdtempSync(join(import.meta.dirname, ".module-"));
    try {
      const file = join(folder, "router.mjs");
      const local = (path: string) => pathToFileURL(join(import.meta.dirname, "../../..", path)).href;
      writeFileSync(
        file,
        text
          .replace('"meridian/bedrock"', `"${local("scripts/api/bedrock.ts")}"`)
          .replace('"meridian/strategies"', `"${local("simulator/routing.ts")}"`),
      );
      const module = (await import(pathToFileURL(file).href)) as {
        routing: { options: object; timeoutMs: number; deadlineMs: number };
        createClassRouter(name: string): { choose(request: object): { target: string } };
        createClient(over: object): { close(): Promise<void> };
      };
      assert.deepEqual([module.routing.timeoutMs, module.routing.deadlineMs], [20_000, 60_000]);
      assert.deepEqual(module.routing.options, made.strategy.options);
      assert.equal(
        module.createClassRouter("eu").choose({ nowMs: 0, inputTokens: 5, maxTokens: 5 }).target,
        "eu-west-1",
      );
      await module.createClient({}).close();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe("what a format cannot keep", () => {
  it("is said in the text, whichever the format", async () => {
    const client = { retry: "standard", deadline: "30s", hedge: { after: "2s", max: 1 } };
    const made = of("random", client);
    const lost = lostOf(made.plan, made.strategy, {});
    assert.match(lost.join("\n"), /Residency is not kept: eu /);
    assert.match(lost.join("\n"), /Hedges after 2000 ms/);
    assert.match(lost.join("\n"), /deadline of 30000 ms/);
    for (const format of EXPORT_FORMATS) {
      const { text, lost: own } = await format.write(made.plan, made.strategy);
      assert.ok(own.length > 0 && own.every((line) => text.includes(line)), format.name);
    }
    assert.equal(comments("#", ["a", "b"]), "# a\n# b\n");
  });
});
