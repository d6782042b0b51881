/** Tokens of what a prompt has besides text. Bytes of a picture or a packed document say little about what a model reads of it. */
import { BYTES_PER_TOKEN, IMAGE_TOKENS, type PromptMeter } from "./prompt.ts";

/** How a model gets a document: only its text, or a picture of every page as well. */
export type DocumentReading = "text" | "pages";

/** Formats of documents whose bytes are their text. */
const TEXT_FORMATS: readonly string[] = ["csv", "html", "md", "txt", "json", "markdown", "plain"];

/**
 * Tokens of a page, from what the vendor says of three: about 1,000 where only the text is read, about 7,000 where pages
 * are seen. Source: Anthropic's documentation, PDF support (Amazon Bedrock).
 */
const PAGE_TOKENS: Readonly<Record<DocumentReading, number>> = { text: 1000 / 3, pages: 7000 / 3 };
/** Packed documents that do not tell their pages have one for each of so many bytes. */
const PAGE_BYTES = 25_000;

/**
 * @param base64  the document
 * @param format  its file type, such as `pdf`
 * @param reading how the model gets it
 * @returns its tokens: one per four bytes of a text, so many a page of a PDF and of other packed formats
 * @example documentTokens("QUJDREVGRw==", "txt", "text") // => 2
 */
export function documentTokens(base64: string, format: string, reading: DocumentReading): number {
  const bytes = Math.floor((base64.replace(/=+$/, "").length * 3) / 4);
  if (TEXT_FORMATS.includes(format)) return Math.ceil(bytes / BYTES_PER_TOKEN);
  const marked = format === "pdf" ? markedPages(base64) : 0;
  const pages = marked === 0 ? Math.max(1, Math.ceil(bytes / PAGE_BYTES)) : marked;
  return Math.ceil(pages * PAGE_TOKENS[reading]);
}

const PAGE_MARK = /\/Type\s*\/Page(?![a-zA-Z])/g;

/** Pages that a PDF names in clear; 0 where it packs them. */
function markedPages(base64: string): number {
  return Buffer.from(base64, "base64").toString("latin1").match(PAGE_MARK)?.length ?? 0;
}

const DATA_URL = /^data:([^;,]*)[^,]*,/;

/** The base64 of a `data:` URL and the subtype of its media type; undefined for any other text. */
export function dataOf(url: unknown): { readonly base64: string; readonly format: string } | undefined {
  const head = typeof url === "string" ? DATA_URL.exec(url) : null;
  if (head === null) return undefined;
  return { base64: (url as string).slice(head[0].length), format: head[1]!.slice(head[1]!.indexOf("/") + 1) };
}

/** Adds a picture to a prompt; `content` tells it from others. */
export function meterImage(content: unknown, meter: PromptMeter): void {
  meter.addTokens(IMAGE_TOKENS, JSON.stringify(content) ?? "");
}
