import { EventEmitter } from "node:events";
import type { WireResponse } from "../../emulator/http/wire.ts";

/** A response that records what is written to it; its buffer can be full or drained, and its client disconnected. */
export class FakeResponse extends EventEmitter implements WireResponse {
  headersSent = false;
  writableEnded = false;
  writableFinished = false;
  destroyed = false;
  /** If false, writes report a full buffer. */
  hasRoom = true;
  status = 0;
  headers: Record<string, string | number> = {};
  readonly chunks: Buffer[] = [];

  writeHead(status: number, headers: Record<string, string | number>): void {
    this.headersSent = true;
    this.status = status;
    this.headers = headers;
  }
  write(chunk: Buffer, done?: () => void): boolean {
    this.chunks.push(chunk);
    done?.();
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
