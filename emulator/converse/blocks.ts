/** What the content blocks of Converse weigh: texts, pictures and documents (also in the results of tools), cache checkpoints. */
import { ServiceError } from "../http/errors.ts";
import { asObject, asText, isObject, type JsonObject, optional } from "../http/request-body.ts";
import { documentTokens, meterImage } from "../model/media.ts";
import { BYTES_PER_TOKEN, type PromptMeter } from "../model/prompt.ts";

/** Members of a content block that count as JSON rather than as text or media. */
const JSON_BLOCKS = ["toolUse", "toolResult", "guardContent", "reasoningContent", "citationsContent", "searchResult"];
const MEDIA_BLOCKS = ["image", "document", "video", "audio"];

/** Adds a content block of `messages` or `system` to the meter. `at` is its path, such as `messages.0.content.1`. */
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
  if (meterMedia(block, meter)) return;
  const member = JSON_BLOCKS.find((name) => block[name] !== undefined);
  if (member === undefined) {
    throw new ServiceError(
      "ValidationException",
      `The ContentBlock object at ${at} must set one of the following keys: text, image, document, video, toolUse, toolResult, guardContent, cachePoint, reasoningContent.`,
    );
  }
  const content = asObject(block[member]);
  if (member !== "guardContent" || !meterMedia(content, meter)) meterJson(content, meter);
}

/** Adds a cache checkpoint, which may occur among content blocks and among tools. */
export function meterCachePoint(cachePoint: JsonObject, at: string, meter: PromptMeter): void {
  meter.mark(optional(cachePoint.ttl, asText), at);
}

/** Adds a block of media; false if it is none. */
function meterMedia(block: JsonObject, meter: PromptMeter): boolean {
  const member = MEDIA_BLOCKS.find((name) => block[name] !== undefined);
  if (member === undefined) return false;
  const media = asObject(block[member]);
  const source = isObject(media.source) ? media.source : media;
  if (member === "image") meterImage(source.bytes ?? source, meter);
  else if (typeof source.text === "string") meter.addText(source.text);
  else if (typeof source.bytes !== "string") meter.addJson(source);
  else meter.addTokens(tokensOf(member, source.bytes, media), source.bytes);
  return true;
}

/** A document that may be cited is read page by page. Base64 encodes three bytes in four characters. */
function tokensOf(member: string, bytes: string, { format, citations }: JsonObject): number {
  if (member !== "document") return Math.ceil((bytes.length * 3) / 4 / BYTES_PER_TOKEN);
  const isCited = isObject(citations) && citations.enabled === true;
  return documentTokens(bytes, String(format), isCited ? "pages" : "text");
}

/** Adds a block that counts as JSON, without the media in the result of a tool, which count as media. */
function meterJson(block: JsonObject, meter: PromptMeter): void {
  const content = Array.isArray(block.content) ? block.content.filter(isObject) : [];
  const media = content.filter((each) => MEDIA_BLOCKS.some((name) => each[name] !== undefined));
  if (media.length === 0) {
    meter.addJson(block);
    return;
  }
  meter.addJson({ ...block, content: content.filter((each) => !media.includes(each)) });
  for (const each of media) meterMedia(each, meter);
}
