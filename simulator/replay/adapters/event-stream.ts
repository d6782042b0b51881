/** A frame of an AWS event stream. */
export interface StreamFrame {
  readonly headers: Readonly<Record<string, string>>;
  /** The payload byte for byte: as good as UTF-8 where only ASCII matters, as in the JSON of counts. */
  readonly payload: string;
}

const PRELUDE_BYTES = 12;
const CRC_BYTES = 4;
const STRING_TYPE = 7;

/**
 * The last frame of a whole event stream, found by walking the frames' lengths: only that one is decoded, since all
 * that a benchmark needs (token counts, or the exception that broke the stream off) is in it. Checksums are not
 * verified. Source: Smithy, Amazon Event Stream Specification.
 *
 * @returns undefined for a stream that is empty, cut short, or not an event stream
 */
export function lastFrame(bytes: ArrayBuffer): StreamFrame | undefined {
  const view = new DataView(bytes);
  let at = 0;
  let last = -1;
  while (at + PRELUDE_BYTES + CRC_BYTES <= bytes.byteLength) {
    const total = view.getUint32(at);
    const headers = view.getUint32(at + 4);
    if (total < PRELUDE_BYTES + headers + CRC_BYTES || at + total > bytes.byteLength) return undefined;
    last = at;
    at += total;
  }
  return last < 0 || at !== bytes.byteLength ? undefined : decodeFrame(view, last);
}

function decodeFrame(view: DataView, at: number): StreamFrame {
  const end = at + view.getUint32(at) - CRC_BYTES;
  const headersEnd = at + PRELUDE_BYTES + view.getUint32(at + 4);
  return { headers: decodeHeaders(view, at + PRELUDE_BYTES, headersEnd), payload: textOf(view, headersEnd, end) };
}

/** Headers of string type, which is all that Bedrock sends; decoding stops at any other. */
function decodeHeaders(view: DataView, from: number, to: number): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  let at = from;
  while (at < to) {
    const nameEnd = at + 1 + view.getUint8(at);
    if (nameEnd + 3 > to || view.getUint8(nameEnd) !== STRING_TYPE) break;
    const valueEnd = nameEnd + 3 + view.getUint16(nameEnd + 1);
    if (valueEnd > to) break;
    headers[textOf(view, at + 1, nameEnd)] = textOf(view, nameEnd + 3, valueEnd);
    at = valueEnd;
  }
  return headers;
}

function textOf(view: DataView, from: number, to: number): string {
  let text = "";
  for (let i = from; i < to; i++) text += String.fromCharCode(view.getUint8(i));
  return text;
}
