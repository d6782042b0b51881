/** Manifests for k6-operator: a TestRun for each strategy, with its archive. */
import { join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { stringify } from "yaml";
import { MeridianError } from "../../../simulator/base/errors.ts";
import { makeReplayPlan, type ReplayTargets } from "../../../simulator/bench/make-plan.ts";
import type { ScheduleRow } from "../../../simulator/bench/rows.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";
import { makeFolder } from "../../io/text-files.ts";
import { runKeyOf } from "../import-rows.ts";
import type { K6Program } from "../k6-program.ts";
import { makeArchive } from "./archive.ts";

export interface ClusterOrder {
  readonly k6: K6Program;
  readonly schedule: readonly ScheduleRow[];
  readonly drainMs: number;
  /** Where the endpoints are, as seen from the cluster. */
  readonly targets: ReplayTargets;
  /** Variables that the endpoints' credentials are in. */
  readonly variables: readonly string[];
  readonly secret: string;
  readonly parallelism: number;
  readonly image: string;
  readonly namespace: string | undefined;
  /** A volume that will hold the archives; undefined puts each into a ConfigMap. */
  readonly volumeClaim: string | undefined;
  readonly startMs: number | undefined;
  /** Folder for the files. */
  readonly out: string;
  readonly signal: AbortSignal;
}

/** The files of one strategy's run. */
export interface ClusterRun {
  readonly strategy: string;
  /** Name of its TestRun. */
  readonly name: string;
  readonly run: string;
  readonly manifest: string;
  /** The archive that is to be copied to the volume; undefined where the manifest holds it. */
  readonly archive: string | undefined;
}

/** What a ConfigMap may hold, keys included. */
const CONFIG_MAP_BYTES_MAX = 1_048_576;
/** The operator adds suffixes, and labels end at 63 characters. */
const NAME_LENGTH_MAX = 40;

/**
 * Writes what k6-operator needs to run a bench on several machines, a file for each strategy: a TestRun, and its archive
 * in a ConfigMap or, for a volume, beside it. Nothing is applied.
 *
 * @throws MeridianError usage KUBERNETES_ROUTERS, KUBERNETES_TOO_LARGE; environment K6_*
 */
export async function writeManifests(plan: Plan, order: ClusterOrder): Promise<readonly ClusterRun[]> {
  refuseUnevenRouters(plan.routers, order.parallelism);
  const runs: ClusterRun[] = [];
  const files: (readonly [file: string, content: string | Uint8Array])[] = [];
  for (let strategy = 0; strategy < plan.strategies.length; strategy++) {
    const made = await makeRun(plan, strategy, order);
    runs.push(made.run);
    files.push(...made.files);
  }
  await makeFolder(order.out);
  for (const [file, content] of files) {
    await writeFileAtomic(file, typeof content === "string" ? content : Buffer.from(content));
  }
  return runs;
}

async function makeRun(plan: Plan, strategy: number, order: ClusterOrder) {
  const { schedule, drainMs, targets, volumeClaim, out } = order;
  const run = runKeyOf(plan, strategy, { schedule, drainMs, operation: targets.operation });
  const replay = makeReplayPlan(plan, strategy, targets, {
    requests: schedule.length,
    lastArrivalMs: schedule.at(-1)![0],
    drainMs,
  });
  const archive = await makeArchive({ k6: order.k6, plan: replay, schedule, run, signal: order.signal });
  const name = nameOf(plan.name, strategy);
  const file = `${name}.tar`;
  const runners: RunnersOrder = {
    name,
    namespace: order.namespace,
    parallelism: order.parallelism,
    image: order.image,
    run,
    archive: volumeClaim === undefined ? { configMap: name } : { volumeClaim },
    file,
    credentials: { secret: order.secret, variables: order.variables },
    startMs: order.startMs,
  };
  const testRun = testRunManifest(runners);
  const manifest = join(out, `${name}.yaml`);
  const place = { strategy: plan.strategies[strategy]!.name, name, run, manifest };
  if (volumeClaim !== undefined) {
    const archiveFile = join(out, file);
    return {
      run: { ...place, archive: archiveFile },
      files: [[manifest, manifestFile([testRun])] as const, [archiveFile, archive] as const],
    };
  }
  if (archive.length + file.length > CONFIG_MAP_BYTES_MAX) throw tooLarge(archive.length, schedule.length);
  return {
    run: { ...place, archive: undefined },
    files: [[manifest, manifestFile([configMapManifest(runners, archive), testRun])] as const],
  };
}

/** A DNS label: lower-case letters, digits and hyphens. */
function nameOf(scenario: string, strategy: number): string {
  const slug = scenario.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return `meridian-${slug}`
    .slice(0, NAME_LENGTH_MAX)
    .replace(/^-+|-+$/g, "")
    .concat(`-${strategy + 1}`);
}

/** Each instance gets as many virtual users, and a virtual user is a router. */
function refuseUnevenRouters(routers: number, parallelism: number): void {
  if (routers % parallelism === 0) return;
  throw new MeridianError("usage", {
    code: "KUBERNETES_ROUTERS",
    what: `${routers} routers cannot be shared out evenly among ${parallelism} instances`,
    where: "routers",
    fix: `--set routers=${Math.ceil(routers / parallelism) * parallelism}, or another --parallelism; how many routers there are changes what is measured`,
  });
}

function tooLarge(bytes: number, requests: number): MeridianError {
  return new MeridianError("usage", {
    code: "KUBERNETES_TOO_LARGE",
    what: `the archive with its ${requests} requests has ${bytes} bytes, and a ConfigMap holds ${CONFIG_MAP_BYTES_MAX}`,
    where: "--kubernetes",
    fix: "--volume-claim <name> with a volume that all runners can read, or a shorter --duration",
  });
}

/** What the manifests of one strategy's run say. */
export interface RunnersOrder {
  /** Name of the TestRun: a DNS label that leaves room for the operator's suffixes. */
  readonly name: string;
  readonly namespace: string | undefined;
  readonly parallelism: number;
  readonly image: string;
  readonly run: string;
  /** Where the runners find the archive: a ConfigMap of this name, or a volume claim. */
  readonly archive: { readonly configMap: string } | { readonly volumeClaim: string };
  /** The archive's file name there. */
  readonly file: string;
  /** Variables that the endpoints' credentials are in, and the secret that has them as keys. */
  readonly credentials: { readonly secret: string; readonly variables: readonly string[] };
  /** When to start, ms since 1970; undefined leaves it to the runners. */
  readonly startMs: number | undefined;
}

/** The user that k6's own image runs as. */
const K6_USER = 12_345;
/** May be absent: only credentials that expire have it. */
const OPTIONAL = "AWS_SESSION_TOKEN";

/**
 * A TestRun of k6-operator (fields as of version 1.6.0; test/scripts/bench/kubernetes/crd-facts.ts has them). The
 * operator itself adds to each runner its execution segment, `--quiet`, `--paused` and the tag `instance_id`.
 */
export function testRunManifest(order: RunnersOrder): object {
  const { archive, file, parallelism, image, run } = order;
  const hardening = {
    automountServiceAccountToken: "false",
    securityContext: { runAsNonRoot: true, runAsUser: K6_USER, runAsGroup: K6_USER },
    containerSecurityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
  };
  return {
    apiVersion: "k6.io/v1alpha1",
    kind: "TestRun",
    metadata: metadataOf(order, order.name),
    spec: {
      parallelism,
      script:
        "configMap" in archive
          ? { configMap: { name: archive.configMap, file } }
          : { volumeClaim: { name: archive.volumeClaim, file, readOnly: true } },
      // Rows are read as they were written: one JSON object a line.
      arguments: `--log-format=raw --no-usage-report --tag run=${run}`,
      quiet: "true",
      paused: "true",
      // Not cleaned up afterwards: the rows are in the runners' logs.
      initializer: { image, ...hardening, resources: { requests: { cpu: "100m", memory: "256Mi" } } },
      runner: {
        image,
        ...hardening,
        env: environment(order),
        // No limit on the CPU: a throttled dispatcher is a late one.
        resources: { requests: { cpu: "1", memory: "512Mi" }, limits: { memory: "2Gi" } },
      },
    },
  };
}

/** The archive as a ConfigMap. */
export function configMapManifest(order: RunnersOrder, archive: Uint8Array): object {
  const name = "configMap" in order.archive ? order.archive.configMap : order.name;
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: metadataOf(order, name),
    immutable: true,
    binaryData: { [order.file]: Buffer.from(archive).toString("base64") },
  };
}

/** Several manifests in one YAML file. */
export function manifestFile(manifests: readonly object[]): string {
  return manifests
    .map((manifest) => `---\n${stringify(manifest, { lineWidth: 0, aliasDuplicateObjects: false })}`)
    .join("");
}

function metadataOf({ namespace, run }: RunnersOrder, name: string): object {
  const labels = { "app.kubernetes.io/managed-by": "meridian", "meridian.run": run };
  return { name, ...(namespace === undefined ? {} : { namespace }), labels };
}

function environment({ credentials, startMs }: RunnersOrder): readonly object[] {
  const fixed = {
    NO_PROXY: "*",
    K6_AUTO_EXTENSION_RESOLUTION: "false",
    ...(startMs === undefined ? {} : { MERIDIAN_START_MS: String(startMs) }),
  };
  const secret = (variable: string): object => ({
    name: variable,
    valueFrom: {
      secretKeyRef: { name: credentials.secret, key: variable, ...(variable === OPTIONAL ? { optional: true } : {}) },
    },
  });
  return [...Object.entries(fixed).map(([name, value]) => ({ name, value })), ...credentials.variables.map(secret)];
}
