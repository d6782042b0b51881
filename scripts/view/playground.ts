/** The playground on the local page: a scenario of a saved run, of the shipped ones or of a file, with the simulator. */
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Hono } from "hono";
import { markup, raw } from "../../reports/html/elements.ts";
import { jsonForScript, STYLE } from "../../reports/html/page.ts";
import { PANEL_STYLE, playgroundPanel } from "../../reports/live/panel.ts";
import { MeridianError } from "../../simulator/base/errors.ts";
import { browserProgram, workerWith } from "../browser/bundle.ts";
import { PACKAGE_ROOT, packageVersion } from "../io/process.ts";
import { runFolder } from "../io/run-store.ts";
import { inputsOfText, type PlaygroundStart, playgroundOf } from "../playground/load.ts";
import { packInputs } from "../playground/pack-inputs.ts";

/** Scripts, the worker and what they ask for come from here; nothing from elsewhere, and no code is made of text in the page. */
const POLICY =
  "default-src 'none'; img-src data:; style-src 'unsafe-inline'; connect-src 'self'; script-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const SCRIPT_TYPE = { "content-type": "text/javascript; charset=utf-8" };
/** A page from elsewhere cannot send this header unasked. */
const OWN_HEADER = "x-meridian";
const TEXT_BYTES_MAX = 1024 * 1024;

/** Where a page's scenario comes from. */
export interface PlaygroundPlaces {
  /** The folder of runs. */
  readonly root: string;
  /** A scenario file that was named on the command line. */
  readonly file?: string;
}

/** Adds the pages below `/playground`. */
export function addPlayground(app: Hono, places: PlaygroundPlaces): void {
  app.get("/playground", async (c) => {
    c.header("content-security-policy", POLICY);
    const query = new URL(c.req.url).searchParams;
    const { file, name } = fileOf(query, places);
    const start = await playgroundOf(file);
    return c.html(page(start, { name, query: String(query) }, await shipped()));
  });
  app.on(["GET", "POST"], "/playground/inputs", async (c) => {
    const { file } = fileOf(new URL(c.req.url).searchParams, places);
    const isPost = c.req.method === "POST";
    if (isPost && c.req.header(OWN_HEADER) === undefined) return c.text("This page is not asked from elsewhere.", 403);
    const text = isPost ? await c.req.text() : "";
    if (text.length > TEXT_BYTES_MAX) return c.text("The scenario is too large.", 413);
    const { inputs, problems } = isPost ? await inputsOfText(text, file) : await playgroundOf(file);
    if (isPost && problems.length > 0) throw new MeridianError("data", problems);
    return c.body(packInputs(inputs).slice().buffer, 200, { "content-type": "application/octet-stream" });
  });
  app.get("/playground/page.js", async (c) => c.body(await browserProgram("page"), 200, SCRIPT_TYPE));
  app.get("/playground/worker.js", async (c) => {
    // A worker has the policy of its own answer. Other sites may not load the script: it has the user's own code in it.
    c.header("content-security-policy", POLICY);
    c.header("cross-origin-resource-policy", "same-origin");
    const { inputs } = await playgroundOf(fileOf(new URL(c.req.url).searchParams, places).file);
    return c.body(await workerWith(inputs.strategySources ?? {}), 200, SCRIPT_TYPE);
  });
}

interface NamedFile {
  readonly file: string;
  /** For people, and for the file that is saved. */
  readonly name: string;
}

/** `?run=id`, `?scenario=name` of a shipped one, or the file of the command line; else the first example. */
function fileOf(query: URLSearchParams, { root, file }: PlaygroundPlaces): NamedFile {
  const run = query.get("run");
  if (run !== null) return { file: join(runFolder(root, run), "scenario.yaml"), name: `${run}.yaml` };
  const scenario = query.get("scenario");
  if (scenario !== null) {
    if (!/^[a-z0-9-]+$/.test(scenario)) {
      const fix = "see the list of the playground's page";
      throw new MeridianError("usage", { code: "VIEW_SCENARIO", what: "there is no such scenario", fix });
    }
    return { file: join(PACKAGE_ROOT, "scenarios", `${scenario}.yaml`), name: `${scenario}.yaml` };
  }
  if (file !== undefined) return { file, name: basename(file) };
  return { file: join(PACKAGE_ROOT, "scenarios", `${FIRST}.yaml`), name: `${FIRST}.yaml` };
}

/** Small, and about a question that many have. */
const FIRST = "chat-primary-fallback";

async function shipped(): Promise<readonly string[]> {
  const names = await readdir(join(PACKAGE_ROOT, "scenarios"));
  return names.flatMap((name) => /^([a-z0-9-]+)\.yaml$/.exec(name)?.[1] ?? []).sort();
}

function page(
  { text, problems }: PlaygroundStart,
  { name, query }: { readonly name: string; readonly query: string },
  examples: readonly string[],
): string {
  const setup = {
    scenario: text,
    file: name,
    version: packageVersion(),
    workerUrl: `/playground/worker.js?${query}`,
    inputsUrl: `/playground/inputs?${query}`,
  };
  const links = examples.map((one) => markup`<a href="/playground?scenario=${one}">${one}</a> `);
  const remark = problems.map(({ what }) => what).join(". ");
  return String(markup`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${name}: Meridian playground</title><link rel="icon" href="data:,"><style>${raw(STYLE)}${raw(PANEL_STYLE)}</style></head>
<body><header><h1>${name}</h1><p class="description"><a href="/">Saved runs</a></p></header><main>
${playgroundPanel({ scenario: text, remark })}
<p class="subtitle">Other scenarios: ${links}</p>
</main><script type="application/json" id="play-setup">${raw(jsonForScript(setup))}</script><script src="/playground/page.js"></script></body></html>`);
}
