import { isIP } from "node:net";
import type { ReplayOperation } from "../../../simulator/replay/replay-plan.ts";
import type { BenchTarget } from "../k6/target.ts";
import type { PromptMeasure } from "./count-tokens.ts";
import { type BedrockCredentials, refuseExpiring } from "./credentials.ts";
import type { BedrockEndpoint } from "./endpoints.ts";

export interface BedrockTargetOptions {
  readonly endpoints: readonly BedrockEndpoint[];
  readonly operation: ReplayOperation;
  /** Asked again before each strategy: sessions are renewed where they can be. */
  readonly credentials: () => Promise<BedrockCredentials>;
  /** By model id, of those that could be measured. */
  readonly measures: ReadonlyMap<string, PromptMeasure>;
  /** Part of every prompt of the run. */
  readonly salt: string;
  /** From a strategy's start to the end of its drain, on the scenario's clock, ms. */
  readonly endMs: number;
}

/** Amazon Bedrock itself, or what the environment puts in its place. */
export function bedrockTarget(options: BedrockTargetOptions): BenchTarget {
  const { endpoints, measures, operation, salt } = options;
  return {
    place: placeOf(endpoints),
    async open(startMs) {
      const credentials = await options.credentials();
      refuseExpiring(credentials, startMs + options.endMs);
      return {
        targets: {
          urlOfRegion: new Map(endpoints.map(({ region, url }) => [region, url])),
          operation,
          isEmulated: false,
          roundTripMs: new Map(),
          charsPerToken: new Map([...measures].map(([id, { charsPerToken }]) => [id, charsPerToken])),
          templateTokens: new Map([...measures].map(([id, { templateTokens }]) => [id, templateTokens])),
          promptSalt: salt,
        },
        credentials: credentials.variables,
        addresses: addressesOf(endpoints),
        records: new Map(),
        lateMsP99: () => null,
        faults: [],
        close: async () => {},
      };
    },
  };
}

/**
 * Names that k6 is held to the checked address of. Amazon's own are not: TLS says who answers, and one address of many would
 * take load that the service spreads.
 */
function addressesOf(endpoints: readonly BedrockEndpoint[]): Readonly<Record<string, string>> {
  const named = endpoints.filter(({ host, isStandard }) => !isStandard && isIP(host) === 0);
  return Object.fromEntries(named.map(({ host, address }) => [host, address]));
}

function placeOf(endpoints: readonly BedrockEndpoint[]): string {
  const regions = endpoints.map(({ region }) => region).join(", ");
  if (endpoints.every(({ isStandard }) => isStandard)) return `Amazon Bedrock in ${regions}`;
  return `Bedrock endpoints that the environment names (${endpoints.map(({ url }) => url).join(", ")})`;
}
