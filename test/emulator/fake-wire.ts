import { EventEmitter } from "node:events";
import type { WireResponse } from "../../emulator/http/wire.ts";

/** A response that keeps what is written to it, and can be full, read out or gone. */
export class FakeResponse extends EventEmitter implements WireResponse {
  headersSent = false;
  writableEnded = false;
  writableFinished = false;
  destroyed = false;
  /** False makes the next writes report a full buffer. */
  hasRoom = true;
  status = 0;
  headers: Record<string, string | number> = {};
  readonly chunks: Buffer[] = [];

  writeHead(status: number, headers: Record<string, string | number>): void {
    this.headersSent = true;
    this.status = status;
    this.headers = headers;
  }
  write(chunk: Buffer): boolean {
    this.chunks.push(chunk);
    return this.hasRoom;
  }
  end(chunk?: Buffer | string): void {
    if (chunk !== undefined) this.chunks.push(Buffer.from(chunk));
    this.writableEnded = true;
    this.writableFinished = this.hasRoom;
    if (this.hasRoom) this.emit("finish");
  }
  destroy(): void {
    this.destroyed = true;
    this.emit("close");
  }
  drain(): void {
    this.hasRoom = true;
    this.emit("drain");
  }
  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
}
