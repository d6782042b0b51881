/** Lines of text put together as bytes, without a string for each: a million a second and more. */
import { closeSync, openSync, writeSync } from "node:fs";

const BUFFER_BYTES = 2 ** 20;
/** Room that a call needs at most for a number; texts are checked by their length. */
const NUMBER_BYTES = 24;

/** Appends to a file through one buffer. */
export class ByteLines {
  private readonly handle: number;
  private readonly bytes = new Uint8Array(BUFFER_BYTES);
  private at = 0;

  constructor(file: string) {
    this.handle = openSync(file, "w");
  }

  /** A piece of text that was encoded before. */
  text(piece: Uint8Array): void {
    if (this.at + piece.length > BUFFER_BYTES) this.flush();
    this.bytes.set(piece, this.at);
    this.at += piece.length;
  }

  /** A whole number below 2^53 in size. */
  whole(value: number): void {
    if (this.at + NUMBER_BYTES > BUFFER_BYTES) this.flush();
    let rest = value;
    if (rest < 0) {
      this.bytes[this.at++] = 45;
      rest = -rest;
    }
    this.digits(rest, digitsOf(rest));
  }

  /** A number of 0 or more with so many digits after the point. */
  fixed(value: number, digits: 3 | 6): void {
    const unit = digits === 3 ? 1e3 : 1e6;
    const scaled = Math.round(value * unit);
    const whole = Math.floor(scaled / unit);
    this.whole(whole);
    this.bytes[this.at++] = 46;
    this.digits(scaled - whole * unit, digits);
  }

  close(): void {
    this.flush();
    closeSync(this.handle);
  }

  private digits(value: number, count: number): void {
    let rest = value;
    let at = this.at + count;
    this.at = at;
    for (let i = 0; i < count; i++) {
      const next = Math.floor(rest / 10);
      this.bytes[--at] = 48 + (rest - next * 10);
      rest = next;
    }
  }

  private flush(): void {
    for (let from = 0; from < this.at; ) from += writeSync(this.handle, this.bytes, from, this.at - from);
    this.at = 0;
  }
}

/** @example bytesOf("a").length // => 1 */
export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function digitsOf(value: number): number {
  let count = 1;
  for (let limit = 10; value >= limit; limit *= 10) count++;
  return count;
}
