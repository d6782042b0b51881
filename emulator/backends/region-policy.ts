/** An organisation's policy that denies regions: a call that would run in one of them is refused with 403. */
import type { ServiceFault } from "../http/errors.ts";
import type { Admission, InferenceBackend, InferenceCall } from "../model/backend.ts";

/** A backend behind a policy that can change while it runs. */
export interface RegionPolicy extends InferenceBackend {
  /** Replaces the denied regions; none allows all. */
  deny(regions: readonly string[]): void;
  denied(): readonly string[];
}

/**
 * Wraps a backend. The policy is asked for the region that runs a call: with a profile, the same request may be served
 * now and denied the next time, as under a service control policy that denies some of the profile's destinations.
 *
 * @param backend     decides where a call runs
 * @param identityArn whom the refusal names
 * Source of the text: IAM User Guide, Troubleshoot access denied error messages; its resource as quoted in public issues.
 */
export function withRegionPolicy(backend: InferenceBackend, identityArn: string): RegionPolicy {
  let denied: readonly string[] = [];
  return {
    deny(regions) {
      denied = [...regions];
    },
    denied: () => denied,
    ...(backend.roundTripMs === undefined ? {} : { roundTripMs: backend.roundTripMs.bind(backend) }),
    begin(call, nowMs, observer): Admission {
      // Where no region is allowed, the call never begins.
      if (denied.length > 0 && call.destinations.every((region) => denied.includes(region))) {
        return { kind: "refused", fault: denial(call, call.destinations[0]!, identityArn) };
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
    message: `User: ${identityArn} is not authorized to perform: bedrock:${action} on resource: arn:aws:bedrock:${place}::foundation-model/${call.modelId} with an explicit deny in a service control policy`,
  };
}
