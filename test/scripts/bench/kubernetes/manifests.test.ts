import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { parse, parseAllDocuments } from "yaml";
import { runKeyOf } from "../../../../scripts/bench/import-rows.ts";
import {
  type ClusterOrder,
  configMapManifest,
  manifestFile,
  type RunnersOrder,
  testRunManifest,
  writeManifests,
} from "../../../../scripts/bench/kubernetes/manifests.ts";
import { recordSchedule } from "../../../../simulator/bench/make-plan.ts";
import type { Plan } from "../../../../simulator/scenario/plan.ts";
import { k6ForTests } from "../../../scenarios/k6/k6.ts";
import { planOf, scenarioInput } from "../../../simulator/scenario/base.ts";
import { TESTRUN_FACTS } from "./crd-facts.ts";
import { misfits, type StructuralSchema } from "./structural-schema.ts";

const order: RunnersOrder = {
  name: "meridian-tiny-1",
  namespace: "load",
  parallelism: 4,
  image: "grafana/k6:1.8.1",
  run: "0123456789012345",
  archive: { configMap: "meridian-tiny-1" },
  file: "meridian-tiny-1.tar",
  credentials: { secret: "keys", variables: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] },
  startMs: 1_800_000_000_000,
};
const ORDERS: readonly RunnersOrder[] = [
  order,
  { ...order, namespace: undefined, startMs: undefined, credentials: { secret: "keys", variables: [] } },
  { ...order, archive: { volumeClaim: "disk" } },
];

/** As kubectl reads it. */
const written = (manifest: object) => parse(manifestFile([manifest])) as never;

interface TestRun {
  readonly metadata: { readonly labels: Readonly<Record<string, unknown>> };
  readonly spec: {
    readonly script: object;
    readonly runner: {
      readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
    };
    readonly initializer: object;
  };
}

/** The schema of TestRun in a definition that was published. */
function schemaOf(file: string): StructuralSchema {
  const crd = parse(readFileSync(file, "utf8")) as {
    readonly spec: {
      readonly versions: readonly {
        readonly name: string;
        readonly schema: { readonly openAPIV3Schema: StructuralSchema };
      }[];
    };
  };
  const version = crd.spec.versions.find(({ name }) => name === "v1alpha1");
  const schema = version!.schema.openAPIV3Schema;
  // The API server knows metadata itself.
  return { ...schema, properties: { ...schema.properties, metadata: TESTRUN_FACTS.properties!.metadata! } };
}

describe("a TestRun", () => {
  it("has only what k6-operator takes", () => {
    for (const each of ORDERS) assert.deepEqual(misfits(written(testRunManifest(each)), TESTRUN_FACTS), []);
  });

  const file = process.env.MERIDIAN_TESTRUN_CRD;
  if (file !== undefined) {
    it("fits the definition that MERIDIAN_TESTRUN_CRD names, and so do the facts above", () => {
      const schema = schemaOf(file);
      for (const each of ORDERS) assert.deepEqual(misfits(written(testRunManifest(each)), schema), []);
      const differences = (
        facts: StructuralSchema,
        published: StructuralSchema | undefined,
        path: string,
      ): readonly string[] => {
        if (published === undefined) return [`${path} is not published`];
        const inner = Object.entries(facts.properties ?? {}).flatMap(([name, each]) =>
          differences(each, published.properties?.[name], `${path}.${name}`),
        );
        const items = facts.items === undefined ? [] : differences(facts.items, published.items, `${path}[]`);
        const own = ["type", "required", "enum"] as const;
        const unlike = own.filter((key) => JSON.stringify(facts[key]) !== JSON.stringify(published[key]));
        return [...unlike.map((key) => `${path}: ${key} is ${JSON.stringify(published[key])}`), ...inner, ...items];
      };
      assert.deepEqual(differences(TESTRUN_FACTS.properties!.spec!, schema.properties?.spec, "spec"), []);
    });
  }

  it("takes credentials from a secret, for the runners alone, and holds none", () => {
    const { spec } = written(testRunManifest(order)) as TestRun;
    const fromSecret = spec.runner.env.filter(({ valueFrom }) => valueFrom !== undefined);
    assert.deepEqual(fromSecret.at(-1), {
      name: "AWS_SESSION_TOKEN",
      valueFrom: { secretKeyRef: { name: "keys", key: "AWS_SESSION_TOKEN", optional: true } },
    });
    assert.deepEqual(
      spec.runner.env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])),
      [
        ["NO_PROXY", "*"],
        ["K6_AUTO_EXTENSION_RESOLUTION", "false"],
        ["MERIDIAN_START_MS", "1800000000000"],
      ],
    );
    // The initializer would write its variables into an archive of its own.
    assert.ok(!("env" in spec.initializer));
  });

  it("keeps a run's key a text, whatever it looks like", () => {
    const { metadata } = written(testRunManifest(order)) as TestRun;
    assert.equal(metadata.labels["meridian.run"], "0123456789012345");
  });

  it("finds its archive in a ConfigMap beside it, or on a volume", () => {
    const archive = new TextEncoder().encode("a tar file");
    const documents = parseAllDocuments(manifestFile([configMapManifest(order, archive), testRunManifest(order)]));
    const [configMap, testRun] = documents.map((document) => document.toJS()) as [
      { kind: string; metadata: { name: string }; binaryData: Record<string, string> },
      TestRun,
    ];
    assert.deepEqual(testRun.spec.script, { configMap: { name: configMap.metadata.name, file: order.file } });
    assert.equal(Buffer.from(configMap.binaryData[order.file]!, "base64").toString(), "a tar file");
    const { spec } = written(testRunManifest(ORDERS[2]!)) as TestRun;
    assert.deepEqual(spec.script, { volumeClaim: { name: "disk", file: order.file, readOnly: true } });
  });
});

describe("the check of manifests", () => {
  it("finds fields that are not known, of another type, missing or no quantity", () => {
    const bad = {
      spec: {
        parallelism: "4",
        script: { configMap: { file: "a.tar" } },
        runner: { image: 3, colour: "red", resources: { limits: { memory: true } } },
        cleanup: "pre",
      },
    };
    assert.deepEqual(misfits(bad, TESTRUN_FACTS), [
      '$.spec.parallelism: "4" is no integer',
      "$.spec.script.configMap.name is missing",
      "$.spec.runner.image: 3 is no string",
      "$.spec.runner.colour is not known",
      "$.spec.runner.resources.limits.memory: true is no quantity",
      "$.spec.cleanup: pre is not in the list",
    ]);
    assert.deepEqual(misfits({ spec: { script: {} } }, TESTRUN_FACTS), ["$.spec.parallelism is missing"]);
  });
});

const plan: Plan = {
  ...planOf(scenarioInput({ requests: 20, routers: 4, strategies: ["round-robin", { single: { target: "a" } }] })),
  name: "Über die Straße: a very long name, with signs and MORE",
};
const schedule = recordSchedule(plan);
let clusterOrder: ClusterOrder;
before(
  async () => {
    clusterOrder = {
      k6: await k6ForTests(),
      schedule,
      drainMs: 5000,
      targets: {
        urlOfRegion: new Map([
          ["a", "http://gateway-a:80"],
          ["b", "http://gateway-b:80"],
        ]),
        operation: "converse",
        isEmulated: false,
        roundTripMs: new Map(),
      },
      variables: ["GATEWAY_KEY"],
      secret: "keys",
      parallelism: 2,
      image: "k6:test",
      namespace: undefined,
      volumeClaim: "disk",
      startMs: 1_800_000_000_000,
      out: await mkdtemp(join(tmpdir(), "meridian-manifests-test-")),
      signal: new AbortController().signal,
    };
  },
  { timeout: 900_000 },
);
after(() => rm(clusterOrder.out, { recursive: true, force: true }));

describe("manifests of a bench", () => {
  it("have names that Kubernetes takes and keys that can be computed again", async () => {
    const runs = await writeManifests(plan, clusterOrder);
    assert.deepEqual(
      runs.map(({ strategy, run }) => [strategy, run]),
      plan.strategies.map(({ name }, i) => [
        name,
        runKeyOf(plan, i, { schedule, operation: "converse", drainMs: 5000 }),
      ]),
    );
    assert.notEqual(runs[0]!.run, runs[1]!.run);
    for (const { name, manifest, archive } of runs) {
      assert.match(name, /^[a-z]([a-z0-9-]*[a-z0-9])?$/);
      assert.ok(`${name}-initializer`.length <= 63, name);
      const { metadata, spec } = parse(await readFile(manifest, "utf8")) as {
        readonly metadata: { readonly name: string };
        readonly spec: {
          readonly parallelism: number;
          readonly script: { readonly volumeClaim: { readonly file: string } };
          readonly runner: { readonly image: string };
        };
      };
      assert.deepEqual([metadata.name, spec.parallelism, spec.runner.image], [name, 2, "k6:test"]);
      assert.equal(join(clusterOrder.out, spec.script.volumeClaim.file), archive);
    }
    assert.equal((await readdir(clusterOrder.out)).length, 4);
  });

  it("have a key that is another for other traffic, another client and another operation", () => {
    const key = (over: Partial<Plan>, with_: object = {}) =>
      runKeyOf({ ...plan, ...over }, 0, { schedule, operation: "converse", drainMs: 5000, ...with_ });
    const other = [
      key({ seed: 2 }),
      key({ routers: 2 }),
      key({}, { operation: "converse-stream" }),
      key({}, { drainMs: 6000 }),
      key({}, { schedule: schedule.slice(1) }),
    ];
    assert.equal(new Set([key({}), ...other]).size, 6);
    assert.equal(key({ name: "renamed" }), key({}));
  });

  it("are refused for routers that do not divide, before anything is written", async () => {
    const out = join(clusterOrder.out, "none");
    await assert.rejects(writeManifests(plan, { ...clusterOrder, parallelism: 3, out }), /KUBERNETES_ROUTERS/);
    assert.deepEqual(await readdir(out).catch(() => []), []);
  });
});
