/**
 * The local page over saved runs, loopback only: a list, comparisons by ticking, reports, what is running now, and the playground
 * with a scenario of a saved run, of the shipped ones or of a file.
 */
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { renderComparisonHtml } from "../../reports/compare/index.ts";
import { markup, raw } from "../../reports/html/elements.ts";
import { jsonForScript, STYLE } from "../../reports/html/page.ts";
import { PANEL_STYLE, playgroundPanel } from "../../reports/live/panel.ts";
import { MeridianError } from "../../simulator/base/errors.ts";
import { compareRuns } from "../../simulator/compare/compare.ts";
import { browserProgram, workerWith } from "../browser/bundle.ts";
import { loadRun } from "../compare/load.ts";
import { PACKAGE_ROOT, packageVersion } from "../io/process.ts";
import { runFolder } from "../io/run-store.ts";
import { inputsOfText, type PlaygroundStart, playgroundOf } from "../playground/load.ts";
import { packInputs } from "../playground/pack-inputs.ts";
import { findRuns, idsByAge } from "../store/find-runs.ts";
import { tagsOf } from "../store/labels.ts";
import { runningNow } from "./progress-file.ts";

const LOOPBACK = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i;
/** Nothing from elsewhere, and no script but the list's own. */
const LIST_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; connect-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

export interface ViewServer {
  readonly url: string;
  close(): Promise<void>;
}

/** @param port 0 for any that is free @param file a scenario for the playground */
export async function startView(root: string, port: number, file?: string): Promise<ViewServer> {
  const app = viewApp(root, file);
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port }, (info) => {
      const close = () =>
        new Promise<void>((done) => {
          server.close(() => done());
          if ("closeAllConnections" in server) server.closeAllConnections();
        });
      resolve({ url: `http://127.0.0.1:${info.port}/`, close });
    });
    server.on("error", (error: NodeJS.ErrnoException) => {
      const fix = "name another port with --port, or 0 for any that is free";
      const what = error.code === "EADDRINUSE" ? `port ${port} is in use` : error.message;
      reject(new MeridianError("environment", { code: "VIEW_PORT", what, fix }, { cause: error }));
    });
  });
}

/** The pages, without a socket. */
export function viewApp(root: string, file?: string): Hono {
  const app = new Hono();
  app.use("*", async (c, next) => {
    // A page elsewhere could let its own name point here (DNS rebinding).
    if (!LOOPBACK.test(c.req.header("host") ?? "")) return c.text("The Host header must name loopback.", 403);
    await next();
    c.header("cache-control", "no-store");
    c.header("x-content-type-options", "nosniff");
    return undefined;
  });
  app.get("/", async (c) => {
    c.header("content-security-policy", LIST_POLICY);
    return c.html(await listPage(root));
  });
  app.get("/view.js", (c) => c.body(SCRIPT, 200, { "content-type": "text/javascript; charset=utf-8" }));
  app.get("/running.json", async (c) => c.json({ running: await runningNow(root) }));
  addPlayground(app, { root, ...(file === undefined ? {} : { file }) });
  app.get("/runs/:id", async (c) =>
    c.html(await readFile(join(runFolder(root, c.req.param("id")), "report.html"), "utf8")),
  );
  app.get("/compare", async (c) => {
    const ids = c.req.queries("run") ?? [];
    if (ids.length < 2) return c.text("Tick two runs or more.", 400);
    for (const id of ids) runFolder(root, id);
    const runs = await Promise.all((await findRuns(ids, root)).map(loadRun));
    const comparison = { ...compareRuns(runs, { force: c.req.query("force") === "yes" }), gates: [] };
    return c.html(
      await renderComparisonHtml(
        comparison,
        runs.map(({ result }) => result),
      ),
    );
  });
  app.notFound((c) => c.text("There is no such page.", 404));
  app.onError((error, c) => {
    if (error instanceof MeridianError) return c.text(error.message, error.kind === "internal" ? 500 : 400);
    return (error as NodeJS.ErrnoException).code === "ENOENT"
      ? c.text("There is no such run.", 404)
      : c.text("The page could not be made.", 500);
  });
  return app;
}

async function listPage(root: string): Promise<string> {
  const ids = [...(await idsByAge(root))].reverse();
  const rows = await Promise.all(
    ids.map(async (id) => {
      const tags = await tagsOf(join(root, id));
      const read = await findRuns([id], root).then(
        ([run]) => ({
          scenario: run!.result.scenario.name,
          kind: run!.result.kind as string,
          verdict: run!.result.verdict,
        }),
        (error: unknown) => ({
          scenario: "",
          kind: "unreadable",
          verdict: error instanceof MeridianError ? error.problems[0]!.what : "",
        }),
      );
      return markup`<tr><td><input type="checkbox" name="run" value="${id}" aria-label="compare ${id}"></td><th scope="row"><a href="/runs/${id}">${id}</a></th><td>${read.scenario}</td><td>${read.kind}</td><td>${read.kind === "unreadable" ? "" : markup`<a href="/playground?run=${id}">try</a>`}</td><td>${tags.join(" ")}</td><td>${read.verdict}</td></tr>`;
    }),
  );
  return String(markup`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Meridian runs</title><style>${raw(LIST_STYLE)}</style></head>
<body><main><h1>Runs</h1><p><a href="/playground">Playground</a>: a scenario with sliders, simulated in this browser</p><section id="running" aria-live="polite"></section>
${ids.length === 0 ? markup`<p>No run has been saved in ${root} yet: meridian simulate makes one.</p>` : markup`<form action="/compare" method="get"><p><button type="submit">Compare the ticked runs</button> <label><input type="checkbox" name="force" value="yes"> even unlike ones</label></p><div class="table"><table><thead><tr><th></th><th>Run</th><th>Scenario</th><th>Kind</th><th>Playground</th><th>Tags</th><th>Answer</th></tr></thead><tbody>${rows}</tbody></table></div></form>`}
</main><script src="/view.js"></script></body></html>`);
}

const LIST_STYLE = `:root{color-scheme:light dark}body{font:15px/1.5 "Helvetica Neue",Arial,sans-serif;margin:0}main{max-width:1200px;margin:0 auto;padding:24px}
.table{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:6px 10px;border-bottom:1px solid #8884}th[scope=row]{font-weight:600;white-space:nowrap}button{font:inherit;padding:6px 12px}progress{width:240px}`;

/**
 * Asks once a second what is running, and draws how p95 and throttles went since the page was opened. Texts are set as
 * text, never as markup.
 */
const SCRIPT = `(() => {
  const place = document.getElementById("running");
  const SVG = "http://www.w3.org/2000/svg";
  const history = new Map();
  const spark = (label, values) => {
    const known = values.filter((value) => typeof value === "number");
    if (known.length < 2) return [];
    const top = Math.max(...known) || 1;
    const svg = document.createElementNS(SVG, "svg");
    for (const [key, value] of Object.entries({ viewBox: "0 0 120 24", width: 120, height: 24, role: "img", "aria-label": label + ", since this page was opened" })) svg.setAttribute(key, value);
    const line = document.createElementNS(SVG, "polyline");
    line.setAttribute("points", known.map((value, i) => (i * 118 / (known.length - 1) + 1).toFixed(1) + "," + (22 - value / top * 20).toFixed(1)).join(" "));
    for (const [key, value] of Object.entries({ fill: "none", stroke: "currentColor", "stroke-width": 1.5 })) line.setAttribute(key, value);
    svg.append(line);
    return [" " + label + " ", svg];
  };
  const show = async () => {
    const { running } = await (await fetch("/running.json")).json();
    for (const name of history.keys()) if (!running.some((one) => one.name === name)) history.delete(name);
    place.replaceChildren(...running.map((one) => {
      const before = history.get(one.name) ?? [];
      before.push(one);
      history.set(one.name, before.slice(-120));
      const line = document.createElement("p");
      const bar = document.createElement("progress");
      bar.max = 1; bar.value = one.share;
      bar.setAttribute("aria-label", "share of " + one.name + " that is done");
      line.append(one.name + " ", bar, " " + one.text, ...spark("p95", before.map((each) => each.p95Ms)), ...spark("throttled", before.map((each) => each.throttled)));
      return line;
    }));
  };
  const again = () => show().catch(() => undefined).then(() => setTimeout(again, 1000));
  again();
})();`;

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
function addPlayground(app: Hono, places: PlaygroundPlaces): void {
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
