import type { Problem } from "../../../simulator/errors.ts";
import type { ProbeRecord } from "../../../simulator/probe/probe-record.ts";
import { type FailureKind, failureProblem } from "./failure.ts";
import type { PreparedProbe } from "./prepare.ts";

/** One problem for each kind of failure of a region and model, with how often it happened. */
export function failureProblems(
  probes: readonly ProbeRecord[],
  { profilesOf, placeOf }: Pick<PreparedProbe, "profilesOf" | "placeOf">,
): readonly Problem[] {
  const first = new Map<string, { readonly probe: ProbeRecord; times: number }>();
  for (const probe of probes) {
    if (probe.error === null) continue;
    const key = `${probe.region}\n${probe.model}\n${probe.error}`;
    const known = first.get(key);
    if (known === undefined) first.set(key, { probe, times: 1 });
    else known.times++;
  }
  return [...first.values()].map(({ probe, times }) => {
    const { region, model } = probe;
    const problem = failureProblem({
      kind: probe.error as FailureKind,
      message: probe.message ?? "",
      region,
      model,
      profiles: profilesOf(model, region),
      host: placeOf.get(region)?.host ?? region,
    });
    return times === 1 ? problem : { ...problem, what: `${problem.what} (${times} times)` };
  });
}
