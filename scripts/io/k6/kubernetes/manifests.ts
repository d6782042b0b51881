import { stringify } from "yaml";

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
 * A TestRun of k6-operator (fields as of version 1.6.0; test/scripts/io/k6/kubernetes/crd-facts.ts has them). The
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
