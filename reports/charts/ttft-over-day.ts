import { hourlyP95 } from "./parts/hourly-p95.ts";

/** How long does a user look at an empty screen, hour by hour? */
export const ttftOverDay = hourlyP95({
  id: "ttft-over-day",
  question: "How long until the first token, hour by hour?",
  label: "p95 TTFT",
  key: "ttft_p95_ms",
  latency: "ttftMs",
  metric: "ttftMsP95",
  slo: "sloTtftMs",
});
