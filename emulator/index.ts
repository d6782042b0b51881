/**
 * The emulator for test suites: start Bedrock-compatible endpoints in the process of the tests and direct the code under
 * test to them. `startFleet` is the entry; the rest is for backends of one's own and for inspecting a fleet.
 */

export type { FaultEffect, FaultInjector, FaultRule } from "./backends/faults.ts";
export {
  createFixedLatencyBackend,
  createQueueBackend,
  type FixedLatencyOptions,
  type QueueOptions,
  type Stall,
} from "./backends/queue.ts";
export type { RegionPolicy } from "./backends/region-policy.ts";
export type { WorldBackendOptions } from "./backends/world-backend.ts";
export type { FleetEndpoint } from "./endpoint.ts";
export { type Fleet, type FleetOptions, scenarioFleet, startFleet } from "./fleet.ts";
export { TEST_CREDENTIALS } from "./http/authentication.ts";
export { SERVICE_ERROR_NAMES, type ServiceErrorName, type ServiceFault } from "./http/errors.ts";
export type { Credentials } from "./http/signature.ts";
export {
  type Admission,
  cappedOutputTokens,
  type InferenceBackend,
  type InferenceCall,
  type InferenceHandle,
  type InferenceObserver,
} from "./model/backend.ts";
export {
  type CatalogData,
  DEFAULT_CATALOG,
  DEFAULT_REGIONS,
  type ModelInfo,
  type ProfileInfo,
} from "./model/catalog.ts";
export type { EmulatorClock } from "./model/clock.ts";
export type { InvocationLog, InvocationOutcome } from "./monitoring/invocation-log.ts";
export type { Metrics } from "./monitoring/metrics.ts";
