/** The playground inside a one-file report: the simulator and its data travel in the page, packed. */
import { type Markup, markup, raw } from "../html/elements.ts";
import { jsonForScript, type PageExtension } from "../html/page.ts";
import { PANEL_STYLE, playgroundPanel } from "./panel.ts";

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
