import type { RunResult } from "../../simulator/experiment/result.ts";
import { pairingWords } from "../charts/parts/words.ts";
import { formatInstant, formatLength, formatLimitMs, plural } from "../format.ts";
import { type Markup, markup } from "./markup.ts";

/** The first thing on the page: the verdict, and what failed or must be known before believing it. */
export function verdictSection(result: RunResult): Markup {
  const failed = result.assertions.filter((one) => !one.passed).length;
  const unstable = result.strategies.filter((one) => one.status === "unstable");
  return markup`<p class="verdict">${result.verdict}</p>
${failed > 0 ? markup`<p class="alarm"><strong>${plural(failed, "assertion", "assertions")} failed</strong>, see <a href="#assertions">assertions</a>.</p>` : ""}
${unstable.map(
  (one) =>
    markup`<p class="alarm"><strong>${one.name} is unstable</strong>: ${one.statusReason ?? "its backlog grew without bound"}. Its latencies say how long the run was, not how good it is.</p>`,
)}`;
}

/** What was held equal between the strategies, and what the numbers stand on. */
export function conditionsSection(result: RunResult): Markup {
  const { asked, done } = result.replications;
  const requests = result.strategies[0]?.total.counts.sent ?? 0;
  return markup`<dl class="conditions">
${item("Run", `${result.kind}, ${formatLength(result.durationMs)} from ${formatInstant(result.startsAt)}`)}
${item("Requests", `${plural(requests, "request", "requests")} per strategy over all replications`)}
${item("Replications", done === asked ? `${done}${result.strategies.length > 1 ? `, ${pairingWords(result)}` : ""}` : `${done} of ${asked} asked for`, done < asked || done < 2)}
${item("Warm-up removed", result.warmup.kind === "none" ? "nothing" : result.warmup.removed)}
${item("Seed", String(result.seed))}
${item("Baseline", result.baseline)}
${item("Billing rule", `${result.billing} (others beside it)`)}
${item("Traces", result.traces.length === 0 ? "synthetic traffic" : result.traces.map((trace) => `${trace.name} (${trace.sha256.slice(0, 12)})`).join(", "))}
${item("Classes", result.classes.map(classWords).join("; "))}
${residencyItem(result)}
${item("Meridian", `${result.versions.meridian}, scenario ${result.scenario.sha256.slice(0, 12)}`)}
</dl>`;
}

/** Shown where a class has a rule: how often it was broken, and what keeping it cost in refusals. */
function residencyItem(result: RunResult): Markup | "" {
  if (result.classes.every((one) => one.residency === null)) return "";
  const sum = (of: "residencyViolations" | "residencyRefused") =>
    result.strategies.reduce((total, strategy) => total + strategy.total.counts[of], 0);
  const violations = sum("residencyViolations");
  const words = `${plural(violations, "violation", "violations")}, ${plural(sum("residencyRefused"), "request", "requests")} refused for want of a legal target`;
  return item("Residency", words, violations > 0);
}

function classWords(one: RunResult["classes"][number]): string {
  const words = [
    one.model,
    ...(one.sloE2eMs === null ? [] : [`E2E within ${formatLimitMs(one.sloE2eMs)}`]),
    ...(one.sloTtftMs === null ? [] : [`TTFT within ${formatLimitMs(one.sloTtftMs)}`]),
    ...(one.residency === null ? [] : [`residency ${one.residency}`]),
  ];
  return `${one.name} (${words.join(", ")})`;
}

function item(name: string, value: string, warn = false): Markup {
  return markup`<div${warn ? markup` class="alarm"` : ""}><dt>${name}</dt><dd>${value}</dd></div>`;
}

export function assertionsSection(result: RunResult): Markup | "" {
  if (result.assertions.length === 0) return "";
  return markup`<section id="assertions"><h2>Assertions</h2><ul class="assertions">${result.assertions.map(
    (one) =>
      markup`<li class="${one.passed ? "better" : "worse"}"><strong>${one.passed ? "passed" : "FAILED"}</strong> <code>${one.text}</code> found ${one.found}</li>`,
  )}</ul></section>`;
}

export function notesSection(result: RunResult): Markup | "" {
  if (result.notes.length === 0) return "";
  return markup`<section id="notes"><h2>Notes</h2><ul>${result.notes.map((note) => markup`<li>${note}</li>`)}</ul></section>`;
}

/** Everything needed to make this page again. */
export function provenanceSection(result: RunResult): Markup {
  return markup`<section id="provenance"><h2>Provenance</h2><dl class="conditions wide">
${item("Scenario", `${result.scenario.name}, sha256 ${result.scenario.sha256}`)}
${item("Versions", `Meridian ${result.versions.meridian}, result schema ${result.schemaVersion}`)}
${item("Seed", String(result.seed))}
${result.traces.map((trace) => item(`Trace ${trace.name}`, `sha256 ${trace.sha256}; ${trace.attribution}`))}
${result.strategies.map((one) => item(`Strategy ${one.name}`, `${one.kind} ${JSON.stringify(one.options)}`))}
</dl></section>`;
}
