import { hourlyP95 } from "./parts/hourly-p95.ts";

/** When is each strategy slow, and does it matter against the objective? */
export const p95OverDay = hourlyP95({
  id: "p95-over-day",
  question: "When is each strategy slow?",
  label: "p95 E2E latency",
  key: "e2e_p95_ms",
  latency: "e2eMs",
  metric: "e2eMsP95",
  slo: "sloE2eMs",
});
