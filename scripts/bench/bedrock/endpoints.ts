/** Bedrock's endpoint of each region, as the AWS SDK resolves it, and Bedrock as the target of a bench. */
import { isIP } from "node:net";
import { BedrockRuntimeClient, ConverseCommand } from "@aws-sdk/client-bedrock-runtime";
import { MeridianError, type Problem } from "../../../simulator/base/errors.ts";
import { suggest } from "../../../simulator/base/near-names.ts";
import { regionDirectory } from "../../../simulator/base/regions.ts";
import type { ReplayOperation } from "../../../simulator/bench/plan.ts";
import { type GuardedEndpoint, guardEndpoint, type Resolve } from "../endpoints-file.ts";
import type { BenchTarget } from "../target.ts";
import type { PromptMeasure } from "./count-tokens.ts";
import { type BedrockCredentials, hideSecrets, refuseExpiring } from "./credentials.ts";

/** Where a region's calls go. */
export interface BedrockEndpoint extends GuardedEndpoint {
  readonly region: string;
  /** The partition's own endpoint, not one that was set in the environment or a profile. */
  readonly isStandard: boolean;
  /** Its host name resolves on this machine; false only where that was allowed. */
  readonly hasAddress: boolean;
}

export interface BedrockEndpointOptions {
  /** Source regions that the scenario's targets call. */
  readonly regions: readonly string[];
  /** Undefined leaves it to the environment and the profile. */
  readonly useFips?: boolean | undefined;
  readonly profile?: string | undefined;
  /** Hosts that may be called beside the partition's own and this machine. */
  readonly allowedHosts: readonly string[];
  readonly resolve?: Resolve | undefined;
  /** Names without an address pass too: for a dry run, which may be far from the network. */
  readonly allowUnknown?: boolean;
}

/**
 * The endpoint of each region as the AWS SDK finds it: from region and partition, with FIPS and dual-stack settings,
 * `AWS_ENDPOINT_URL_BEDROCK_RUNTIME`, `AWS_ENDPOINT_URL` and what a profile says. Only the partition's own hosts,
 * loopback and hosts that were allowed by name pass.
 *
 * @throws MeridianError usage with every problem at once
 */
export async function bedrockEndpoints(options: BedrockEndpointOptions): Promise<readonly BedrockEndpoint[]> {
  const endpoints: BedrockEndpoint[] = [];
  const problems: Problem[] = [];
  const restore = useProfile(options.profile);
  for (const region of options.regions) {
    const found = await endpointOf(region, options).catch((error: unknown) => unusable(region, error));
    if ("code" in found) problems.push(found);
    else endpoints.push(found);
  }
  restore();
  const shared = endpoints.find(({ url, region }) =>
    endpoints.some((other) => other.url === url && other.region !== region),
  );
  if (shared !== undefined) problems.push(oneForAll(shared, options.regions));
  if (problems.length > 0) throw new MeridianError("usage", problems);
  return endpoints;
}

/** The SDK looks for a profile's endpoints under `AWS_PROFILE` only, not under the profile that a client is given. */
function useProfile(profile: string | undefined): () => void {
  const { AWS_PROFILE: before } = process.env;
  if (profile !== undefined) process.env.AWS_PROFILE = profile;
  return () => {
    if (before === undefined) delete process.env.AWS_PROFILE;
    else process.env.AWS_PROFILE = before;
  };
}

/** A host without an address is most often a region that is misspelled. */
function ofRegion(problem: Problem, region: string): Problem {
  const regions = [...regionDirectory([]).keys()];
  if (problem.code !== "ENDPOINT_UNKNOWN_HOST" || regions.includes(region)) return problem;
  return { ...problem, what: `${problem.what}, and there is no region "${region}"`, fix: suggest(region, regions) };
}

async function endpointOf(region: string, options: BedrockEndpointOptions): Promise<BedrockEndpoint | Problem> {
  const { url, standardHost } = await resolveEndpoint(region, options);
  const guarded = await guardEndpoint(url, region, [standardHost, ...options.allowedHosts], options.resolve);
  if ("code" in guarded) {
    const { protocol, host, hostname } = new URL(url);
    if (guarded.code !== "ENDPOINT_UNKNOWN_HOST" || options.allowUnknown !== true) return ofRegion(guarded, region);
    const isStandard = hostname === standardHost;
    const place = { host: hostname, address: "", isLoopback: false };
    return { url: `${protocol}//${host}`, ...place, region, isStandard, hasAddress: false };
  }
  if (!guarded.isLoopback && !guarded.url.startsWith("https:")) {
    const what = "prompts and credentials would travel in the clear";
    return { code: "ENDPOINT_PLAIN_HTTP", what, where: region, fix: "use an https endpoint" };
  }
  return { ...guarded, region, isStandard: guarded.host === standardHost, hasAddress: true };
}

/** What of a call that is ready to leave says where it would go. */
interface PreparedCall {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
}

/** Lets the SDK prepare a call and looks at where it would go. Nothing is sent and no credentials are looked for. */
async function resolveEndpoint(region: string, options: BedrockEndpointOptions) {
  let url: string | undefined;
  const client = new BedrockRuntimeClient({
    region,
    ...(options.useFips === undefined ? {} : { useFipsEndpoint: options.useFips }),
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    credentials: { accessKeyId: "none", secretAccessKey: "none" },
    authSchemePreference: ["sigv4"],
    maxAttempts: 1,
    requestHandler: {
      handle: async ({ protocol, hostname, port, path }: PreparedCall) => {
        const prefix = path.slice(0, Math.max(0, path.indexOf("/model/")));
        url = `${protocol}//${hostname}${port === undefined ? "" : `:${port}`}${prefix}/`;
        throw new Error("only looked at");
      },
    },
  });
  try {
    await client.send(new ConverseCommand({ modelId: "none", messages: [] })).catch((error: unknown) => {
      if (url === undefined) throw error;
    });
    const standard = client.config.endpointProvider({
      Region: region,
      UseFIPS: (await client.config.useFipsEndpoint()) ?? false,
      UseDualStack: (await client.config.useDualstackEndpoint()) ?? false,
    });
    return { url: url!, standardHost: standard.url.hostname };
  } finally {
    client.destroy();
  }
}

function unusable(region: string, error: unknown): Problem {
  const said = error instanceof Error ? error.message : String(error);
  return {
    code: "BEDROCK_ENDPOINT",
    what: `the AWS SDK finds no endpoint: ${hideSecrets(said.split("\n", 1)[0]!)}`,
    where: region,
    fix: "check the region's name, and the endpoint settings in the environment and the profile",
  };
}

function oneForAll({ url }: BedrockEndpoint, regions: readonly string[]): Problem {
  return {
    code: "BEDROCK_ONE_ENDPOINT",
    what: `${regions.join(" and ")} all lead to ${url}: their calls could not be told apart`,
    where: "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
    fix: "unset it, or bench one region with it; --target takes a file that gives each region its endpoint",
  };
}

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
