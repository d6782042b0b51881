/**
 * The playground as a section of a page: the places that its script fills, what it says without scripts, its style; and in a
 * one-file report, where the simulator and its data travel in the page, packed.
 */
import { type Markup, markup, raw } from "../html/elements.ts";
import { jsonForScript, type PageExtension } from "../html/page.ts";

/** What the section starts with. */
export interface PanelText {
  /** The scenario, to be read where scripts are off. */
  readonly scenario: string;
  /** One sentence on what is simulated here; empty for none. */
  readonly remark: string;
}

/** The section. Every place has an id that begins with `play-`. */
export function playgroundPanel({ scenario, remark }: PanelText): Markup {
  return markup`<section id="playground"><h2>Playground: the same scenario with other numbers</h2>
<p class="subtitle">The simulator runs in this page. Moving a slider simulates one replication at once; letting go, all of them. Nothing is sent anywhere.${remark === "" ? "" : ` ${remark}`}</p>
<p id="play-needs" class="subtitle">It needs scripts, which are off or have not started. Without them the scenario can be read here, and simulated by meridian simulate.</p>
<div id="play" hidden>
<div class="play-side">
<fieldset id="play-knobs"><legend>What if</legend></fieldset>
<div class="play-buttons"><button type="button" id="play-reset">Reset the sliders</button> <button type="button" id="play-write">Write them into the text</button> <button type="button" id="play-save">Save as a scenario file</button></div>
<div id="play-editor" class="play-editor"></div>
<div id="play-problems" role="status"></div>
</div>
<div class="play-main">
<p id="play-status" class="subtitle" role="status"></p>
<div class="play-buttons"><button type="button" id="play-whole" hidden>Simulate the whole run</button> <progress id="play-progress" max="1" value="0" hidden aria-label="share of the run that is done"></progress></div>
<div id="play-answer">
<p class="verdict" id="play-verdict"></p>
<p class="reasons" id="play-reasons"></p>
<p class="question">Cost and latency. Faint: where a strategy stood before the change. Hollow: it fails too many requests to be compared</p>
<div class="scroll" role="region" tabindex="0" aria-label="Cost and latency of each strategy"><div class="picture" id="play-frontier"></div></div>
<p class="question">p95 of each class; dashed is its objective</p>
<div class="scroll" role="region" tabindex="0" aria-label="p95 of each class"><div class="picture" id="play-classes"></div></div>
<details><summary>Tables</summary><div id="play-tables"></div></details>
</div></div></div>
<details id="play-source"><summary>The scenario as text</summary><pre class="scenario">${scenario}</pre></details>
</section>`;
}

/** Styles of the section, beside those of a report. */
export const PANEL_STYLE = `
#play{display:grid;grid-template-columns:minmax(300px,5fr) minmax(0,7fr);gap:16px 24px;margin-top:12px}
#play[hidden]{display:none}
.play-side,.play-main{min-width:0}
#play fieldset{border:1px solid var(--grid);border-radius:8px;margin:0 0 10px;padding:8px 14px 12px}
#play legend{font-size:12px;color:var(--muted);padding:0 4px}
.knob{display:grid;grid-template-columns:1fr auto;gap:0 10px;margin-top:6px;font-size:14px}
.knob output{font-variant-numeric:tabular-nums;font-weight:600}
.knob input{grid-column:1/-1;width:100%;margin:2px 0;accent-color:var(--link)}
.knob small{grid-column:1/-1;color:var(--muted)}
.play-buttons{display:flex;flex-wrap:wrap;gap:6px;align-items:center;margin:0 0 10px;min-height:1px}
.play-editor{border:1px solid var(--grid);border-radius:8px;overflow:hidden}
#play-problems{font-size:13px;margin-top:8px;overflow-wrap:anywhere}
#play-problems p{margin:0 0 6px}
#play .verdict{font-size:18px;margin:6px 0 10px}
#play .reasons{font-size:14px}
#play-answer.stale{opacity:.55}
#play .picture svg{display:block;max-width:100%;height:auto;min-width:520px}
pre.scenario{font-size:12px;overflow-x:auto;border:1px solid var(--grid);border-radius:8px;padding:12px}
@media (max-width:900px){#play{grid-template-columns:minmax(0,1fr)}.play-side{display:contents}.play-main{order:1}.play-editor{order:2}#play-problems{order:3}}
@media print{#play{display:none}}
`;

/** What goes into the page: everything that the playground needs, since a report asks for nothing. */
export interface Explorable {
  readonly scenario: string;
  /** Name of the scenario's file, for problems and for the file that is saved. */
  readonly file: string;
  readonly meridianVersion: string;
  /** The page's script, as it stands. */
  readonly pageScript: string;
  /** The worker's script, and the reference data with the recordings: gzip, base64. */
  readonly worker: string;
  readonly inputs: string;
}

/** Why a report that should have a playground has none. */
export interface NotExplorable {
  readonly absence: string;
}

/** The section; where there can be none, why. */
export function explorableSection(one: Explorable | NotExplorable | undefined): Markup | "" {
  if (one === undefined) return "";
  if ("absence" in one)
    return markup`<section id="playground"><h2>Playground</h2><p class="subtitle">Not in this page: ${one.absence}</p></section>`;
  const { scenario, file, meridianVersion, worker, inputs } = one;
  const setup = { scenario, file, version: meridianVersion, worker, inputs };
  return markup`${playgroundPanel({ scenario, remark: "" })}
<script type="application/json" id="play-setup">${raw(jsonForScript(setup))}</script>`;
}

/** The line that leads to the section. */
export function explorableLink(one: Explorable | NotExplorable | undefined): Markup | "" {
  if (one === undefined || "absence" in one) return "";
  return markup`<p class="subtitle">What if the load, the quotas or the prices were others? Try it in the <a href="#playground">playground</a>, in this page.</p>`;
}

/** Style and script of the section, and the policy that lets them run: a worker of the page's own making, no more. */
export function explorableExtension(one: Explorable | NotExplorable | undefined): PageExtension | undefined {
  if (one === undefined || "absence" in one) return undefined;
  return { style: PANEL_STYLE, script: one.pageScript, policy: ["worker-src blob:"] };
}
