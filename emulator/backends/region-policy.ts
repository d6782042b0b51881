/** An organisation's policy that denies regions: a call that would run in one of them is refused with 403. */
import type { ServiceFault } from "../http/errors.ts";
import type { Admission, InferenceBackend, InferenceCall } from "../model/backend.ts";

/**
 * Which regions the policy must allow for a call. `destination`: the one that runs it, as public reports tell.
 * `profile`: all that its profile may choose, as the Bedrock User Guide says; one denied region then fails every call.
 */
export const POLICY_READINGS = ["destination", "profile"] as const;
export type PolicyReading = (typeof POLICY_READINGS)[number];

/** A backend behind a policy that can change while it runs. */
export interface RegionPolicy extends InferenceBackend {
  /** Replaces the denied regions; none allows all. `destination` unless it says otherwise. */
  deny(regions: readonly string[], reading?: PolicyReading): void;
  denied(): readonly string[];
  reading(): PolicyReading;
}

/**
 * Wraps a backend. Under the reading `destination` the same request may be served now and denied the next time, as under
 * a service control policy that denies some of a profile's destinations.
 *
 * @param backend     decides where a call runs
 * @param identityArn the caller that the refusal names
 * Source: Bedrock User Guide, cross-Region inference; aws-solutions/innovation-sandbox-on-aws#74. Of the text: IAM User Guide, Troubleshoot access denied error messages; its resource as quoted in public issues.
 */
export function withRegionPolicy(backend: InferenceBackend, identityArn: string): RegionPolicy {
  let denied: readonly string[] = [];
  let reading: PolicyReading = "destination";
  return {
    deny(regions, newReading = "destination") {
      denied = [...regions];
      reading = newReading;
    },
    denied: () => denied,
    reading: () => reading,
    ...(backend.roundTripMs === undefined ? {} : { roundTripMs: backend.roundTripMs.bind(backend) }),
    begin(call, nowMs, observer): Admission {
      const deniedHere = call.destinations.filter((region) => denied.includes(region));
      // Where no region is allowed, the call never begins.
      if (deniedHere.length > 0 && (reading === "profile" || deniedHere.length === call.destinations.length)) {
        return { kind: "refused", fault: denial(call, deniedHere[0]!, identityArn) };
      }
      const admission = backend.begin(call, nowMs, observer);
      if (admission.kind !== "accepted") return admission;
      const { handle } = admission;
      if (!denied.includes(handle.destinationRegion)) return admission;
      handle.cancel(nowMs);
      return { kind: "refused", fault: denial(call, handle.destinationRegion, identityArn) };
    },
  };
}

function denial(call: InferenceCall, region: string, identityArn: string): ServiceFault {
  const action = call.operation.endsWith("Stream") ? "InvokeModelWithResponseStream" : "InvokeModel";
  // Global profiles run calls in no region that a policy could name.
  const place = call.profileId?.startsWith("global.") === true ? "" : region;
  return {
    name: "AccessDeniedException",
    gate: "policy",
    message: `User: ${identityArn} is not authorized to perform: bedrock:${action} on resource: arn:aws:bedrock:${place}::foundation-model/${call.modelId} with an explicit deny in a service control policy`,
  };
}
