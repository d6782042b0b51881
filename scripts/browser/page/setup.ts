/** How the playground begins: from a server that has its worker and its data, or from a page that holds them packed. */

import type { ThemeName, WorkerInputs } from "../../playground/messages.ts";
import { unpackInputs } from "../../playground/pack-inputs.ts";

/** What the page says of itself, as JSON in the element `play-setup`. */
export interface Setup {
  readonly scenario: string;
  readonly file: string;
  readonly version: string;
  /** Of a page with a server. The inputs of another text are had by posting it there. */
  readonly workerUrl?: string;
  readonly inputsUrl?: string;
  /** Of a page that stands alone: gzip, base64. */
  readonly worker?: string;
  readonly inputs?: string;
}

export function setupOf(): Setup | undefined {
  const text = document.getElementById("play-setup")?.textContent;
  return text === undefined || text === null ? undefined : (JSON.parse(text) as Setup);
}

/** More workers than this have too little to do each. */
const WORKERS_MAX = 4;

/** @throws Error where the browser lacks something, or the server does not answer */
export async function beginning(
  from: Setup,
): Promise<{ readonly workers: readonly Worker[]; readonly inputs: WorkerInputs }> {
  const count = Math.min(WORKERS_MAX, Math.max(1, navigator.hardwareConcurrency));
  const started = (url: string) => Array.from({ length: count }, () => new Worker(url));
  if (from.workerUrl !== undefined) return { workers: started(from.workerUrl), inputs: await fetchInputs(from) };
  const code = await unzipped(from.worker ?? "");
  const url = URL.createObjectURL(new Blob([code as BlobPart], { type: "text/javascript" }));
  return { workers: started(url), inputs: unpackInputs(await unzipped(from.inputs ?? "")) };
}

/** The inputs of the page's own scenario, or of a text. */
export async function fetchInputs({ inputsUrl }: Setup, text?: string): Promise<WorkerInputs> {
  // A page from elsewhere cannot send this header without asking first, and is refused then.
  const asked = { method: "POST", headers: { "x-meridian": "playground" }, body: text ?? "" };
  const answer = await fetch(inputsUrl!, text === undefined ? {} : asked);
  if (!answer.ok) throw new Error(await answer.text());
  return unpackInputs(new Uint8Array(await answer.arrayBuffer()));
}

async function unzipped(base64: string): Promise<Uint8Array> {
  const packed = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** The theme that the page shows: the reader's choice, or the system's. */
export function themeName(): ThemeName {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === "light" || chosen === "dark") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** What a page says that cannot read files which the text names. */
export function missingText(names: readonly string[]): string {
  const verb = names.length === 1 ? "is" : "are";
  return `${names.join(", ")} ${verb} not on this page. It has the recordings, prices and strategy files of its own run only: use meridian simulate`;
}
