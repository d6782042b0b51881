/** Reference data and recordings as one block of bytes for a page: JSON, and the columns of recordings as they lie in memory. */
import type { WorkerInputs } from "./messages.ts";

/** A typed array in the JSON: its kind, where its bytes begin behind the JSON, and how many items it has. */
interface Reference {
  readonly $column: keyof typeof COLUMNS;
  readonly at: number;
  readonly length: number;
}

const COLUMNS = { Float64Array, Int32Array, Uint16Array } as const;
/** Every column begins at a multiple of the largest item. */
const ALIGNMENT = 8;

/** @throws RangeError where an array is of a kind that no recording has */
export function packInputs(inputs: WorkerInputs): Uint8Array {
  const parts: Uint8Array[] = [];
  let at = 0;
  const json = JSON.stringify(inputs, (_key, value: unknown) => {
    if (!ArrayBuffer.isView(value)) return value;
    const kind = value.constructor.name as keyof typeof COLUMNS;
    if (!Object.hasOwn(COLUMNS, kind)) throw new RangeError(`no column of a recording is a ${kind}`);
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice();
    const reference: Reference = { $column: kind, at, length: bytes.length / COLUMNS[kind].BYTES_PER_ELEMENT };
    const padded = new Uint8Array(aligned(bytes.length));
    padded.set(bytes);
    parts.push(padded);
    at += padded.length;
    return reference;
  });
  const text = new TextEncoder().encode(json);
  const head = aligned(4 + text.length);
  const packed = new Uint8Array(head + at);
  new DataView(packed.buffer).setUint32(0, text.length);
  packed.set(text, 4);
  let end = head;
  for (const part of parts) {
    packed.set(part, end);
    end += part.length;
  }
  return packed;
}

/** What `packInputs` packed; the columns are copies. */
export function unpackInputs(packed: Uint8Array): WorkerInputs {
  const length = new DataView(packed.buffer, packed.byteOffset).getUint32(0);
  const start = aligned(4 + length);
  const text = new TextDecoder().decode(packed.subarray(4, 4 + length));
  return JSON.parse(text, (_key, value: unknown) => {
    if (typeof value !== "object" || value === null || !("$column" in value)) return value;
    const { $column, at, length: items } = value as Reference;
    const Column = COLUMNS[$column];
    return new Column(packed.slice(start + at, start + at + items * Column.BYTES_PER_ELEMENT).buffer);
  }) as WorkerInputs;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
