/** The local page over saved runs: a list, comparisons by ticking, reports, and what is running now. Loopback only. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { renderComparisonHtml } from "../../reports/compare/index.ts";
import { markup, raw } from "../../reports/html/elements.ts";
import { MeridianError } from "../../simulator/base/errors.ts";
import { compareRuns } from "../../simulator/compare/compare.ts";
import { loadRun } from "../compare/load.ts";
import { runFolder } from "../io/run-store.ts";
import { findRuns, idsByAge } from "../store/find-runs.ts";
import { tagsOf } from "../store/labels.ts";
import { addPlayground } from "./playground.ts";
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
  return String(markup`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Meridian runs</title><style>${raw(STYLE)}</style></head>
<body><main><h1>Runs</h1><p><a href="/playground">Playground</a>: a scenario with sliders, simulated in this browser</p><section id="running" aria-live="polite"></section>
${ids.length === 0 ? markup`<p>No run has been saved in ${root} yet: meridian simulate makes one.</p>` : markup`<form action="/compare" method="get"><p><button type="submit">Compare the ticked runs</button> <label><input type="checkbox" name="force" value="yes"> even unlike ones</label></p><div class="table"><table><thead><tr><th></th><th>Run</th><th>Scenario</th><th>Kind</th><th>Playground</th><th>Tags</th><th>Answer</th></tr></thead><tbody>${rows}</tbody></table></div></form>`}
</main><script src="/view.js"></script></body></html>`);
}

const STYLE = `:root{color-scheme:light dark}body{font:15px/1.5 "Helvetica Neue",Arial,sans-serif;margin:0}main{max-width:1200px;margin:0 auto;padding:24px}
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
