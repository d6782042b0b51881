import type { SimulationObserver } from "../../simulator/engine/observer.ts";
import { replicationSeed, Simulation } from "../../simulator/engine/simulation.ts";
import type { Plan } from "../../simulator/scenario/plan.ts";
import { createTraffic } from "../../simulator/traffic/source.ts";
import { OUTCOME } from "../../simulator/world/world.ts";
import { type Figures, figuresOf, meanFigures, type Sample, type ServedRequest } from "./sample.ts";

/** Runs behind a prediction: all with the traffic that is measured, each with luck of its own. */
export const RUNS = 20;

/**
 * What the simulator says of a plan's first strategy: the mean of each figure over runs that share the requests that a
 * bench replays and differ in the service's chance.
 */
export function predict(plan: Plan, runs = RUNS): Figures {
  return meanFigures(Array.from({ length: runs }, (_, run) => figuresOf(simulateOnce(plan, run))));
}

/** One simulated run, as its callers saw it. */
export function simulateOnce(plan: Plan, run: number): Sample {
  const served: ServedRequest[] = [];
  const attemptEnds = new Map<
    string,
    { readonly firstMs: number; readonly answeredMs: number; readonly target: number }
  >();
  let requests = 0;
  let attempts = 0;
  let attemptsThrottled = 0;
  const observer: SimulationObserver = {
    onAttemptEnd({ requestId, ordinal, outcome, firstTokenMs, answeredMs, target }) {
      attempts++;
      if (outcome === OUTCOME.throttled) attemptsThrottled++;
      if (outcome !== OUTCOME.ok) return;
      attemptEnds.set(`${requestId}.${ordinal}`, { firstMs: firstTokenMs, answeredMs, target });
    },
    onRequestEnd({ requestId, servedBy, arrivalMs, endedMs }) {
      requests++;
      const attempt = attemptEnds.get(`${requestId}.${servedBy}`);
      if (attempt === undefined) return;
      // Both tokens are seen at the region's door; the way back is the same for both.
      const ttftMs = endedMs - attempt.answeredMs + attempt.firstMs - arrivalMs;
      served.push({ arrivalMs, e2eMs: endedMs - arrivalMs, ttftMs, target: attempt.target });
    },
    onRunEnd: () => {},
  };
  const { seed, durationMs, requestsMax } = plan;
  const simulation = new Simulation(plan, plan.strategies[0]!, replicationSeed(seed, 1000 + run), observer);
  const traffic = createTraffic(plan.traffic, { seed, replication: 0, durationMs, requestsMax });
  for (let chunk = traffic.next(); chunk !== undefined; chunk = traffic.next()) simulation.run(chunk);
  simulation.end();
  return { served: served.sort((a, b) => a.arrivalMs - b.arrivalMs), requests, attempts, attemptsThrottled };
}
