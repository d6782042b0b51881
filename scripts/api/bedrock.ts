/**
 * `meridian/bedrock`: a client of Amazon Bedrock that routes every call with the strategy that was simulated, over the
 * AWS SDK, and writes the log that `calibrate`, `validate` and `audit` read.
 */

import { livePlan } from "../../simulator/bench/live-plan.ts";
import { RoutedBedrockClient as RoutedClient, type RoutedClientOptions } from "../bedrock/client.ts";
import { type LoadOptions, loadScenario, type ScenarioSource } from "./index.ts";

export type { DecisionAttempt, DecisionRecord } from "../../simulator/bench/decision-log.ts";
export type { LiveClass, LiveOptions, LivePlan, LiveTarget } from "../../simulator/bench/live-plan.ts";
export type { RoutableCommand } from "../bedrock/calls.ts";
export type { CallOptions, RoutedClientOptions } from "../bedrock/client.ts";

/** Options of {@link RoutedBedrockClient.fromScenario}. */
export interface ScenarioClientOptions extends RoutedClientOptions, LoadOptions {
  /** Label of the scenario's strategy; its first unless given. */
  readonly strategy?: string;
}

/**
 * Routes the AWS SDK's calls as a simulation does, see {@link RoutedClient}. Made from a scenario, or with `new` from
 * targets alone.
 */
export class RoutedBedrockClient extends RoutedClient {
  /**
   * A client with a strategy of a scenario, its options, targets, prices, round trips, quotas, residency rules, retries,
   * time limits and hedges: what was simulated is what runs.
   *
   * @throws MeridianError for a scenario that is wrong; usage STRATEGY_NOT_IN_SCENARIO, BENCH_NOT_REPLAYABLE
   * @example
   * const client = await RoutedBedrockClient.fromScenario("chat.yaml", { strategy: "round-robin" });
   * // const answer = await client.send(new ConverseCommand({ modelId: "nova", messages }), { class: "chat" });
   * await client.close();
   */
  static async fromScenario(source: ScenarioSource, options: ScenarioClientOptions = {}): Promise<RoutedBedrockClient> {
    const { strategy, set = [], ...rest } = options;
    const named = strategy === undefined ? [] : [strategy];
    const { plan } = await loadScenario(source, { set, strategies: named });
    return new RoutedBedrockClient({ ...rest, plan: livePlan(plan, 0) });
  }
}
