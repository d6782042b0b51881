/** Hedging by a quantile: how long answers take lately, as a router has seen them. */
import { MovingQuantiles } from "./moving-quantiles.ts";

/** An answer weighs 1/e of a new one after so long, or after so many later ones, whichever is first. */
const WINDOW_MS = 300_000;
const WINDOW_ANSWERS = 500;
/** After such a silence nothing that came before counts. */
const FORGOTTEN_MS = 10 * WINDOW_MS;
/** Fewer say nothing of a tail: until then no hedge leaves. */
const ANSWERS_MIN = 20;

/**
 * The delay before a hedge where it is a quantile of latency: from sending an attempt to its last byte, over all answers of
 * a model that the router got lately, those that came too late to serve too, and attempts given up with the time waited.
 * With p95, one attempt in twenty is then slow enough for a hedge. Source: Dean, Barroso, "The tail at scale", CACM 56(2),
 * 2013: "defers sending a secondary request until the first has been outstanding for more than the 95th-percentile".
 */
export class HedgeDelays {
  declare private readonly quantiles: MovingQuantiles;
  declare private readonly seen: Int32Array;
  declare private readonly lastMs: Float64Array;

  /** @param quantile in (0, 1) */
  constructor(quantile: number, models: number) {
    this.quantiles = new MovingQuantiles(models, quantile);
    this.seen = new Int32Array(models);
    this.lastMs = new Float64Array(models);
  }

  /** An attempt has been answered, or given up, after so long. Instants must not decrease. */
  observe(model: number, latencyMs: number, nowMs: number): void {
    const agedMs = this.seen[model]! === 0 ? 0 : nowMs - this.lastMs[model]!;
    if (agedMs > FORGOTTEN_MS) {
      this.quantiles.forget(model);
      this.seen[model] = 0;
    }
    const keep = this.seen[model] === 0 ? 1 : Math.exp(-Math.max(agedMs / WINDOW_MS, 1 / WINDOW_ANSWERS));
    this.quantiles.observe(model, Math.max(latencyMs, 1e-3), keep);
    this.lastMs[model] = nowMs;
    this.seen[model]!++;
  }

  /** ms; Infinity while too little is known. */
  afterMs(model: number): number {
    return this.seen[model]! < ANSWERS_MIN ? Number.POSITIVE_INFINITY : this.quantiles.estimate[model]!;
  }
}
