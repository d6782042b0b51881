/**
 * The page of the playground: an editor and sliders on one side, the answer on the other, and a worker that simulates.
 * At most one question is open at a time; while it is, only the newest values are kept for the next.
 */

import type { LiveAnswer } from "../../../reports/live/answer.ts";
import type { Ask, Completion, Extent, PlacedProblem, Reply } from "../../playground/messages.ts";
import { createEditor, createSliders } from "./controls.ts";
import { beginning, fetchInputs, missingText, type Setup, setupOf, themeName } from "./setup.ts";

/** After the last change of the text, ms. */
const TYPING_MS = 300;
/** After the last move of a slider, ms. */
const IDLE_MS = 600;
/** A whole run that takes longer is simulated when asked, s. */
const WHOLE_S_MAX = 10;
const WARM_ANSWERS = 3;
const REQUESTS_AT_FIRST = 20_000;
const COMPLETION_MS = 3_000;

const setup = setupOf();
if (setup !== undefined) whenSeen(document.getElementById("playground")!, () => void start(setup));

/** Reports are long: the worker starts when the reader gets there. */
function whenSeen(section: HTMLElement, then: () => void): void {
  const watch = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watch.disconnect();
    then();
  });
  watch.observe(section);
}

const place = (id: string) => document.getElementById(`play-${id}`)!;

async function start(from: Setup): Promise<void> {
  const needs = place("needs");
  try {
    needs.textContent = "Starting the simulator …";
    const { workers, inputs } = await beginning(from);
    new Playground(from, workers).begin(inputs);
    needs.hidden = true;
    document.getElementById("play")!.hidden = false;
    document.getElementById("play-source")!.hidden = true;
  } catch (error) {
    needs.textContent = `The simulator cannot start in this browser: ${error instanceof Error ? error.message : String(error)}`;
  }
}

interface Question {
  readonly id: number;
  readonly askedMs: number;
  readonly extent: "part" | "whole";
  /** It is about the scenario as it is written, and only so that changes can be shown from there. */
  readonly isBefore: boolean;
}

class Playground {
  private readonly from: Setup;
  /** The first one answers; the others simulate some of the strategies for it. */
  private readonly workers: readonly Worker[];
  private readonly editor;
  private readonly sliders;
  private lastId = 0;
  private checkId = 0;
  /** The question that is open, and when it was asked. */
  private open: Question | undefined;
  private requestsMax = REQUESTS_AT_FIRST;
  /** How many requests the part had that shows the scenario as it is written. */
  private beforeMax = 0;
  private hasAskedBefore = false;
  /** When a slider was moved to where no question has asked yet. */
  private movedMs: number | undefined;
  private warm = 0;
  private asked = "";
  private timer = 0;
  private readonly waiting = new Map<number, (reply: Reply | null) => void>();

  constructor(from: Setup, workers: readonly Worker[]) {
    this.from = from;
    this.workers = workers;
    for (const [i, worker] of workers.entries()) {
      worker.onmessage = ({ data }: MessageEvent<Reply>) => {
        if (i === 0) this.take(data);
        else if (data.kind === "helped") this.post(data);
      };
      worker.onerror = (event) => this.say(`The simulator stopped: ${event.message}`);
    }
    this.sliders = createSliders(place("knobs"), (isDone) => this.moved(isDone));
    this.editor = createEditor({
      place: place("editor"),
      text: from.scenario,
      onChange: () => this.later(() => this.check(), TYPING_MS),
      complete: (text, offset) => this.completions(text, offset),
    });
    place("reset").addEventListener("click", () => this.sliders.reset());
    place("write").addEventListener(
      "click",
      () => void this.written().then((text) => text !== null && this.editor.setText(text)),
    );
    place("save").addEventListener(
      "click",
      () => void this.written().then((text) => text !== null && download(from.file, text)),
    );
    place("whole").addEventListener("click", () => this.ask("whole"));
    const redraw = () => this.post({ kind: "draw", theme: themeName() });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
    new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  }

  begin(inputs: Extract<Ask, { kind: "inputs" }>["inputs"]): void {
    this.postAll({ kind: "inputs", inputs, file: this.from.file, meridianVersion: this.from.version });
    this.check();
  }

  private post(ask: Ask): void {
    this.workers[0]!.postMessage(ask);
  }

  private postAll(ask: Ask): void {
    for (const worker of this.workers) worker.postMessage(ask);
  }

  private later(then: () => void, ms: number): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(then, ms);
  }

  private check(): void {
    this.open = undefined;
    this.movedMs = undefined;
    this.checkId = ++this.lastId;
    this.postAll({ kind: "scenario", id: this.checkId, text: this.editor.text() });
  }

  private moved(isDone: boolean): void {
    this.hasAskedBefore = false;
    this.movedMs ??= performance.now();
    place("answer").classList.add("stale");
    if (this.open?.extent !== "part") this.ask("part");
    if (isDone) this.later(() => this.whole(), IDLE_MS);
  }

  private ask(extent: "part" | "whole", isBefore = false): void {
    const askedMs = this.movedMs ?? performance.now();
    this.movedMs = undefined;
    const id = ++this.lastId;
    this.open = { id, askedMs, extent, isBefore };
    const values = isBefore ? {} : this.sliders.values();
    const part = { requestsMax: this.requestsMax, workers: this.workers.length };
    this.post({ kind: "run", id, values, theme: themeName(), ...(extent === "part" ? { part } : {}) });
    const bar = place("progress") as HTMLProgressElement;
    bar.hidden = extent === "part";
    bar.value = 0;
    if (extent === "whole") return;
    if (Object.keys(values).length === 0) this.beforeMax = this.requestsMax;
    for (const [at, worker] of this.workers.entries())
      if (at > 0) worker.postMessage({ kind: "help", id, values, place: at, ...part } satisfies Ask);
  }

  /** The whole run, where nothing has been moved meanwhile and it takes no longer than a person waits. */
  private whole(): void {
    const takes = Number(place("whole").dataset.seconds ?? Number.NaN);
    if (this.open === undefined && takes <= WHOLE_S_MAX && !place("whole").hidden) this.ask("whole");
  }

  private take(reply: Reply): void {
    if (reply.kind === "completions" || reply.kind === "saved") this.waiting.get(reply.id)?.(reply);
    else if (reply.kind === "checked" && reply.id === this.checkId) this.checked(reply);
    else if (reply.kind === "drawn") this.show(reply.answer);
    else if (reply.kind === "progress" && reply.id === this.open?.id)
      (place("progress") as HTMLProgressElement).value = reply.share;
    else if (reply.kind === "answer" && reply.id === this.open?.id) this.answered(reply.answer, reply.extent);
    else if (reply.kind === "problems") this.refused(reply);
  }

  private checked(reply: Extract<Reply, { kind: "checked" }>): void {
    if (reply.missing.length > 0 && this.fetchMissing(reply.missing)) return;
    const missing: readonly PlacedProblem[] =
      reply.missing.length === 0 ? [] : [{ code: "PLAYGROUND_MISSING", what: missingText(reply.missing) }];
    const problems = [...reply.problems, ...missing];
    this.editor.mark(problems);
    this.complain(problems, reply.notes);
    this.sliders.show(reply.knobs);
    this.warm = 0;
    if (problems.length === 0) this.ask("part");
    else place("answer").classList.add("stale");
  }

  /** Asks the server for files that the text names; once for the same names. */
  private fetchMissing(names: readonly string[]): boolean {
    const key = names.join("\n");
    if (this.from.inputsUrl === undefined || key === this.asked) return false;
    this.asked = key;
    fetchInputs(this.from, this.editor.text()).then(
      (inputs) => this.begin(inputs),
      (error: unknown) => this.complain([{ code: "PLAYGROUND_MISSING", what: String(error) }], []),
    );
    return true;
  }

  private refused({ id, problems }: Extract<Reply, { kind: "problems" }>): void {
    this.waiting.get(id)?.(null);
    if (id !== this.open?.id) return;
    this.open = undefined;
    this.complain(problems, []);
  }

  private answered(answer: LiveAnswer, extent: Extent): void {
    const { askedMs, extent: asked, isBefore } = this.open!;
    this.open = undefined;
    // Not for a before alone: it would have to be asked for again, and again.
    if (asked === "part" && !isBefore && !this.hasAskedBefore) this.requestsMax = extent.requestsMax;
    const tookMs = performance.now() - askedMs;
    if (!isBefore) this.shown(answer, extent, tookMs, asked);
    if (this.movedMs !== undefined || isBefore) this.ask("part");
    // The first answers are those of code that is not compiled yet, and decide how much the next ones may simulate.
    else if (asked === "part" && ++this.warm < WARM_ANSWERS) this.ask("part");
    else if (asked === "part" && this.beforeMax !== this.requestsMax) {
      this.hasAskedBefore = true;
      this.ask("part", true);
    } else if (asked === "part") this.later(() => this.whole(), IDLE_MS);
    if (this.movedMs === undefined && this.open === undefined) place("answer").classList.remove("stale");
  }

  private shown(answer: LiveAnswer, extent: Extent, tookMs: number, asked: Question["extent"]): void {
    this.show(answer);
    place("answer").dataset.tookMs = String(Math.round(tookMs));
    place("answer").dataset.extent = asked;
    const isWhole = extent.replications === extent.replicationsAsked && extent.firstRequests === undefined;
    place("progress").hidden = true;
    const button = place("whole");
    button.hidden = isWhole;
    button.dataset.seconds = String(extent.wholeMs / 1_000);
    const takes = extent.wholeMs < 1_000 ? "a second" : `${Math.round(extent.wholeMs / 1_000)} s`;
    button.textContent = `Simulate the whole run (about ${takes})`;
    this.say(`${extentText(extent, isWhole)}, answered in ${Math.round(tookMs)} ms.`);
  }

  private show({ headline, reasons, frontierSvg, classesSvg, tablesHtml }: LiveAnswer): void {
    place("verdict").textContent = headline;
    place("reasons").textContent = reasons.join(" ");
    // Drawn by the worker from escaped texts.
    place("frontier").innerHTML = frontierSvg;
    place("classes").innerHTML = classesSvg;
    place("tables").innerHTML = tablesHtml;
  }

  private complain(problems: readonly PlacedProblem[], notes: readonly string[]): void {
    const lines = [
      ...problems.map(({ line, what, fix }) => ({
        text: `${line === undefined ? "" : `Line ${line}: `}${what}${fix === undefined ? "" : `. ${fix}`}`,
        name: "alarm",
      })),
      ...notes.map((text) => ({ text, name: "subtitle" })),
    ];
    place("problems").replaceChildren(
      ...lines.map(({ text, name }) =>
        Object.assign(document.createElement("p"), { textContent: text, className: name }),
      ),
    );
    if (problems.length > 0)
      this.say(`${problems.length} ${problems.length === 1 ? "problem" : "problems"} in the scenario.`);
  }

  private say(text: string): void {
    place("status").textContent = text;
  }

  private reply(ask: (id: number) => Ask): Promise<Reply | null> {
    const id = ++this.lastId;
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle(null), COMPLETION_MS);
      const settle = (reply: Reply | null) => {
        clearTimeout(timer);
        this.waiting.delete(id);
        resolve(reply);
      };
      this.waiting.set(id, settle);
      this.post(ask(id));
    });
  }

  private async completions(
    text: string,
    offset: number,
  ): Promise<{ readonly from: number; readonly options: readonly Completion[] } | null> {
    const reply = await this.reply((id) => ({ kind: "complete", id, text, offset }));
    return reply?.kind === "completions" ? reply : null;
  }

  /** The scenario with the sliders' values; null where it has mistakes. */
  private async written(): Promise<string | null> {
    const reply = await this.reply((id) => ({ kind: "save", id, values: this.sliders.values() }));
    return reply?.kind === "saved" ? reply.text : null;
  }
}

function extentText({ replications, replicationsAsked, firstRequests, requests }: Extent, isWhole: boolean): string {
  const count = requests.toLocaleString("en");
  if (isWhole)
    return `The whole run: ${count} requests per strategy in ${replications === 1 ? "1 replication" : `${replications} replications`}`;
  const cut = firstRequests === undefined ? `${count} requests` : `the first ${count} requests`;
  return `A part: ${cut} of 1 of ${replicationsAsked} replications`;
}

function download(file: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/yaml" }));
  link.download = `${file.replace(/^.*[\\/]/, "").replace(/\.ya?ml$/, "")}-changed.yaml`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
}
