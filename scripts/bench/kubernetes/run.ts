/** `bench --kubernetes`: writes the manifests and prints the commands that run them and collect the rows. */
import { MeridianError } from "../../../simulator/base/errors.ts";
import { plannedCalls } from "../../../simulator/bench/make-plan.ts";
import type { ScheduleRow } from "../../../simulator/bench/rows.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";
import { type CommandInput, type CommonOptions, jsonDocument } from "../../commands/command.ts";
import { RUNS_FOLDER } from "../../commands/options.ts";
import type { Terminal } from "../../io/terminal.ts";
import { type EndpointSet, loadEndpoints } from "../endpoints-file.ts";
import { ensureK6 } from "../k6-program.ts";
import { benchLimits, refuseBeyondLimits } from "../limits.ts";
import { executorOf, operationOf } from "../options.ts";
import { BEDROCK, EMULATOR, refuseAmazon } from "../setup.ts";
import { endpointsTarget } from "../target.ts";
import { type ClusterRun, writeManifests } from "./manifests.ts";

const FOLDER = "k8s";
/** What a kubelet keeps of a container's log by default. */
const LOG_BYTES_KEPT = 10 * 2 ** 20;
/** About what the rows of one request take. */
const ROW_BYTES = 250;

/**
 * Writes manifests for k6-operator instead of running anything, and says what to do with them.
 *
 * @throws MeridianError for everything that a person can fix
 */
export async function benchOnKubernetes(
  plan: Plan,
  schedule: readonly ScheduleRow[],
  { args, options, terminal, signal }: CommandInput,
): Promise<void> {
  const name = String(options.target);
  refuseMeaningless(options);
  refuseBeyondLimits(benchLimits(options, false), schedule, plan.strategies.length);
  if (name === EMULATOR || name === BEDROCK) throw needsEndpoints();
  const set = await clusterEndpoints(plan, name, options);
  const open = await endpointsTarget(set, name, operationOf(plan)).open(Date.now());
  const parallelism = options.parallelism as number;
  const runs = await writeManifests(plan, {
    k6: await ensureK6({ env: process.env, signal, note: (text) => terminal.note(text) }),
    schedule,
    drainMs: Math.min(plan.drainMs, options.drain as number),
    targets: open.targets,
    variables: Object.keys(set.credentials),
    secret: String(options.secret),
    parallelism,
    image: String(options.image),
    namespace: options.namespace as string | undefined,
    volumeClaim: options.volumeClaim as string | undefined,
    startMs: options.startAt as number | undefined,
    out: outOf(options),
    signal,
  });
  if (options.json === true) {
    terminal.out(jsonDocument("kubernetes", { parallelism, runs }));
    return;
  }
  terminal.out(instructions(args[0]!, runs, set, options));
  warn(set, schedule.length / parallelism, terminal);
}

/** Names lead somewhere only inside the cluster, and credentials come from a secret there. */
async function clusterEndpoints(plan: Plan, file: string, options: CommonOptions): Promise<EndpointSet> {
  const elsewhere = "192.0.2.1"; // RFC 5737: stands for an address that is not known yet
  const set = await loadEndpoints(file, {
    regions: [...new Set(plan.targets.map(({ region }) => plan.regionNames[region]!))],
    calls: plannedCalls(plan),
    allowedHosts: (options.allowHost as readonly string[] | undefined) ?? [],
    env: new Proxy({}, { get: () => "in the secret" }),
    resolve: async () => [elsewhere],
  });
  refuseAmazon(set.urlOfRegion, file);
  return set;
}

function outOf(options: CommonOptions): string {
  return options.out === RUNS_FOLDER ? FOLDER : String(options.out);
}

function instructions(
  scenario: string,
  runs: readonly ClusterRun[],
  { credentials }: EndpointSet,
  options: CommonOptions,
): string {
  const parallelism = options.parallelism as number;
  const kubectl = options.namespace === undefined ? "kubectl" : `kubectl -n ${String(options.namespace)}`;
  const lines: string[] = [];
  const variables = Object.keys(credentials);
  if (variables.length > 0) {
    lines.push("# once: the endpoints' credentials, from your environment");
    // By printf, which is part of the shell: arguments of a program are seen by every user of the machine.
    const keys = variables.map((name) => `"${name}=$${name}"`).join(" ");
    lines.push(
      `printf '%s\\n' ${keys} | ${kubectl} create secret generic ${String(options.secret)} --from-env-file=/dev/stdin`,
      "",
    );
  }
  for (const { strategy, name, manifest, archive } of runs) {
    lines.push(`# ${strategy}`);
    if (archive !== undefined) lines.push(`# first copy ${archive} to the volume ${String(options.volumeClaim)}`);
    // Server-side: kubectl would otherwise note the whole ConfigMap in an annotation, which is too small for it.
    lines.push(`${kubectl} apply --server-side -f ${manifest}`);
    lines.push(
      `for i in $(seq ${parallelism}); do until ${kubectl} logs -f job/${name}-$i > ${name}-$i.jsonl 2>/dev/null; do sleep 1; done & done; wait`,
    );
    lines.push(`${kubectl} delete -f ${manifest}`, "");
  }
  const logs = runs.map(({ name }) => `${name}-*.jsonl`).join(" ");
  lines.push("# all rows together", `meridian bench ${scenario}${sameOptions(options)} --import-rows ${logs}`);
  return lines.join("\n");
}

/** The options that say what was to be sent: the rows are known by them. */
function sameOptions(options: CommonOptions): string {
  const quoted = (value: unknown): string => (/^[\w./:=%+-]+$/.test(String(value)) ? String(value) : `'${value}'`);
  const option = (name: string, value: unknown): string => {
    if (value === undefined) return "";
    return ` --${name} ${(Array.isArray(value) ? value : [value]).map(quoted).join(" ")}`;
  };
  const { set, seed, duration, at, drain, strategy, api } = options;
  return [
    option("set", set),
    option("seed", seed),
    option("at", at),
    option("duration", duration),
    option("drain", `${String(drain)}ms`),
    option("strategy", strategy),
    option("api", api),
  ].join("");
}

function warn({ urlOfRegion }: EndpointSet, requestsEach: number, terminal: Terminal): void {
  const local = [...urlOfRegion.values()].filter((url) => /\/\/(127\.|localhost|\[::1\])/.test(url));
  if (local.length > 0) terminal.note(`${local[0]} is each runner's own machine: is there a proxy in its pod?`);
  if (requestsEach * ROW_BYTES > LOG_BYTES_KEPT) {
    terminal.note(
      "each instance's rows may pass 10 MiB, which is what a kubelet keeps: follow the logs from the start",
    );
  }
}

/** Options that would be ignored: better refused. */
function refuseMeaningless(options: CommonOptions): void {
  const refused = [
    [executorOf(options) !== undefined, "--executor", "an executor of k6 is for one machine"],
    [options.budgetUsd !== undefined, "--budget-usd", "no budget is kept in a cluster"],
    [options.dryRun === true, "--dry-run", "writing manifests sends nothing anyway"],
  ] as const;
  const problems = refused
    .filter(([isGiven]) => isGiven)
    .map(([, where, what]) => ({ code: "KUBERNETES_OPTION", what, where, fix: `leave ${where} out` }));
  if (problems.length > 0) throw new MeridianError("usage", problems);
}

function needsEndpoints(): MeridianError {
  return new MeridianError("usage", {
    code: "KUBERNETES_TARGET",
    what: "runners in a cluster need endpoints that they can reach",
    where: "--target",
    fix: "--target endpoints.yaml, with the URLs as they are called inside the cluster, and --allow-host for each",
  });
}
