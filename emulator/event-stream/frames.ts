import { exceptionType, faultBody, type ServiceFault } from "../errors.ts";
import { encodeFrame, eventHeaders, exceptionHeaders } from "./encoder.ts";

/**
 * Frames of Bedrock's two stream shapes. Order of a ConverseStream: messageStart; per block [contentBlockStart, only
 * for tool use], contentBlockDelta..., contentBlockStop; messageStop; metadata.
 * Source: Amazon Bedrock API reference, ConverseStreamOutput and ResponseStream.
 */
const CONVERSE_EVENTS = [
  "messageStart",
  "contentBlockStart",
  "contentBlockDelta",
  "contentBlockStop",
  "messageStop",
  "metadata",
] as const;
export type ConverseEventType = (typeof CONVERSE_EVENTS)[number];

const CONVERSE_HEADERS = Object.fromEntries(
  CONVERSE_EVENTS.map((type) => [type, eventHeaders(type)]),
) as unknown as Readonly<Record<ConverseEventType, Buffer>>;
const CHUNK_HEADERS = eventHeaders("chunk");

export function converseFrame(type: ConverseEventType, payload: unknown): Buffer {
  return encodeFrame(CONVERSE_HEADERS[type], JSON.stringify(payload));
}

/** One chunk of an InvokeModelWithResponseStream: the model's own JSON in base64. */
export function chunkFrame(body: unknown): Buffer {
  const bytes = Buffer.from(JSON.stringify(body)).toString("base64");
  return encodeFrame(CHUNK_HEADERS, `{"bytes":"${bytes}"}`);
}

/** An exception that ends a stream which has already begun. */
export function exceptionFrame(fault: ServiceFault): Buffer {
  return encodeFrame(exceptionHeaders(exceptionType(fault.name)), faultBody(fault));
}
