import { ServiceError } from "../errors.ts";
import { CACHE_TTL_MS, type PromptMeter } from "../prompt.ts";
import { asObject, asText, ConstraintList, isObject, type JsonObject, optional } from "../shape.ts";
import { BYTES_PER_TOKEN, IMAGE_TOKENS } from "../tokens.ts";

/** Members of a content block that the model reads as JSON rather than as text or media. */
const JSON_BLOCKS = ["toolUse", "toolResult", "guardContent", "reasoningContent", "citationsContent", "searchResult"];
const MEDIA_BLOCKS = ["document", "video", "audio"];

/** Adds a content block of `messages` or `system` to the meter. `at` is its place, e.g. `messages.0.content.1`. */
export function meterBlock(block: JsonObject, at: string, meter: PromptMeter): void {
  if (block.text !== undefined && block.text !== null) {
    const text = asText(block.text);
    if (text.trim() === "") {
      throw new ServiceError(
        "ValidationException",
        `The text field in the ContentBlock object at ${at} is blank. Add text to the text field, and try again.`,
      );
    }
    meter.addText(text);
    return;
  }
  if (block.cachePoint !== undefined) {
    meterCachePoint(asObject(block.cachePoint), at, meter);
    return;
  }
  if (block.image !== undefined) {
    meter.addTokens(IMAGE_TOKENS, mediaKey(asObject(block.image)));
    return;
  }
  for (const member of MEDIA_BLOCKS) {
    if (block[member] === undefined) continue;
    const key = mediaKey(asObject(block[member]));
    // Base64 carries three bytes in four characters.
    meter.addTokens(Math.ceil((key.length * 3) / 4 / BYTES_PER_TOKEN), key);
    return;
  }
  for (const member of JSON_BLOCKS) {
    if (block[member] !== undefined) {
      meter.addJson(asObject(block[member]));
      return;
    }
  }
  throw new ServiceError(
    "ValidationException",
    `The ContentBlock object at ${at} must set one of the following keys: text, image, document, video, toolUse, toolResult, guardContent, cachePoint, reasoningContent.`,
  );
}

/** Also used by tool lists, where a checkpoint may stand among the tools. */
export function meterCachePoint(cachePoint: JsonObject, at: string, meter: PromptMeter): void {
  const ttl = optional(cachePoint.ttl, asText);
  const constraints = new ConstraintList();
  const type = cachePoint.type;
  constraints.check(type === "default", type, `${at}.cachePoint.type`, "Member must satisfy enum value set: [default]");
  const known = ttl === undefined || Object.hasOwn(CACHE_TTL_MS, ttl);
  constraints.check(known, ttl, `${at}.cachePoint.ttl`, "Member must satisfy enum value set: [1h, 5m]");
  constraints.throwIfAny();
  meter.mark(ttl);
}

function mediaKey(media: JsonObject): string {
  const source = media.source;
  if (!isObject(source)) return JSON.stringify(media);
  return typeof source.bytes === "string" ? source.bytes : JSON.stringify(source);
}
