/** What `meridian calibrate` prints: a fit, and how far a stored fit is from a new measurement. */
import CliTable from "cli-table3";
import type { DriftError, MovedParameter } from "../../simulator/calibrate/drift.ts";
import { type EndpointFit, QUOTA_ERROR_MAX } from "../../simulator/calibrate/fit-endpoint.ts";
import { estimateText } from "./world-file.ts";

/** What a fit found, as a table with what is uncertain about it. */
export function fitText(fit: EndpointFit): string {
  const { region, model, counts, seen, heldOut, extrapolation, quota } = fit;
  const table = plainTable(["parameter", "value [95 %]"]);
  for (const estimate of fit.estimates) table.push([estimate.name, estimateText(estimate)]);
  const errors = heldOut
    .filter(({ share }) => share !== 0.9)
    .map(
      (each) => `${each.measure.toUpperCase()} p${each.share * 100} ${signed(each.predictedMs / each.measuredMs - 1)}`,
    );
  const others = (["throttled", "refused", "failed", "left"] as const)
    .filter((kind) => counts[kind] > 0)
    .map((kind) => `, ${counts[kind]} ${kind}`);
  const { load, e2eMsP95, lowMs, highMs } = extrapolation;
  const lines = [
    `${model} in ${region}: ${counts.served} served${others.join("")}; ${seen.callsPerS.toFixed(1)}/s, up to ${seen.insideMax} inside`,
    `  ${shapeText(fit)}`,
    table.toString(),
    `  held-out error: ${errors.join(", ")}`,
    `  at ${load} times the load: p95 E2E ${Math.round(e2eMsP95)} ms (${Math.round(lowMs)} to ${Math.round(highMs)} over what fits alike)`,
  ];
  if (quota !== undefined && quota.error <= QUOTA_ERROR_MAX) {
    const limit = `${Math.round(quota.limit)} ${quota.of} a minute, ${quota.law}`;
    lines.push(`  quota: ${limit}; it decides ${((1 - quota.error) * 100).toFixed(1)} % of the calls as was decided`);
  }
  for (const { what, fix } of fit.warnings) lines.push(`  warning: ${what}`, `    fix: ${fix}`);
  return lines.join("\n");
}

/** A fit's shape as a phrase. */
function shapeText({ variant, spec }: EndpointFit): string {
  const places =
    spec.servers === Number.POSITIVE_INFINITY ? "no limit on places seen" : `${spec.servers} places and a line`;
  const curve = {
    flat: "load slows nothing",
    straight: "time grows in a straight line with the calls inside",
    capped: "a shared rate with a cap",
    power: "time grows by a power of the calls inside",
  }[variant.curve];
  const prompts = {
    own: "prompts apart from that",
    shared: "prompts and output alike",
    "in-line": "prompts one at a time",
    serial: "prompts one at a time, which slow the output",
    "in-steps": "prompts read in steps, which stop the output",
  }[variant.prompts];
  const when = variant.curve !== "flat" && variant.applies === "at-start" ? ", settled at the start" : "";
  return `${places}; ${curve}${when}; ${variant.isWhole ? "answers in one piece" : prompts}`;
}

/** How far a stored fit is from a new measurement, and which of its numbers moved. */
export function driftText(
  region: string,
  model: string,
  errors: readonly DriftError[],
  moved: readonly MovedParameter[],
): string {
  const table = plainTable(["", "measured", "predicted", "error [95 %]", ""]);
  for (const each of errors) {
    table.push([
      `${each.measure.toUpperCase()} p${each.share * 100}`,
      `${Math.round(each.measuredMs)} ms`,
      `${Math.round(each.predictedMs)} ms`,
      `${signed(each.error)} [${signed(each.low)}, ${signed(each.high)}]`,
      each.isDrift ? "drifted" : "",
    ]);
  }
  const lines = moved.map(
    ({ name, stored, now }) => `  moved: ${name} was ${Number(stored.toPrecision(4))}, is ${estimateText(now)}`,
  );
  return [`${model} in ${region}`, table.toString(), ...lines].join("\n");
}

function plainTable(head: readonly string[]) {
  return new CliTable({ head: [...head], style: { head: [], border: [], compact: true } });
}

function signed(share: number): string {
  return `${share < 0 ? "−" : "+"}${Math.abs(100 * share).toFixed(1)} %`;
}
