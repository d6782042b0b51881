/** The Messages API's requests: what they must have, what they may have, and what they ask. */
import { unansweredCalls } from "../converse/tool-blocks.ts";
import { isObject, type JsonObject } from "../http/request-body.ts";
import { documentTokens, meterImage } from "../model/media.ts";
import { CACHE_TTL_MS, nextTool, type ParsedPrompt, PromptMeter, type ToolAnswer } from "../model/prompt.ts";
import { sampleOfSchema } from "../model/schema-sample.ts";
import { integerOf, invalid, parseClaudeFields, refuseOthers, shareOf } from "./claude-fields.ts";

/** Fields of every request besides those of `claude-fields.ts`. */
const FIELDS: readonly string[] = [
  "max_tokens",
  "messages",
  "metadata",
  "stop_sequences",
  "system",
  "temperature",
  "top_p",
];
/** Versions of the API that bodies of InvokeModel state: Bedrock's own, and the one of Anthropic's clients since 2.10. */
const VERSIONS: readonly unknown[] = ["bedrock-2023-05-31", "2026-10-21"];
/** Fields of the paths that Anthropic's own client calls; the version is a header there. */
const DIRECT_FIELDS: readonly string[] = ["anthropic_version", "model", "service_tier", "stream"];

/** Where a request of the Messages API was sent. */
export interface MessagesRequest {
  /** InvokeModel's body, or the one of `/anthropic/v1/messages`. */
  readonly at: "invoke" | "messages";
  /** Value of the `anthropic-beta` header. */
  readonly betaHeader?: string | undefined;
}

/**
 * Parses a request of the Messages API.
 *
 * @throws ServiceError ValidationException with Anthropic's messages
 * Source: Amazon Bedrock User Guide, Anthropic Claude Messages API; Anthropic API reference, Messages and errors.
 */
export function parseMessages(body: JsonObject, { at, betaHeader }: MessagesRequest): ParsedPrompt {
  const isInvoke = at === "invoke";
  const required = isInvoke ? ["anthropic_version", "max_tokens", "messages"] : ["max_tokens", "messages"];
  for (const name of required) if (body[name] === undefined) throw invalid(`${name}: Field required`);
  if (isInvoke && !VERSIONS.includes(body.anthropic_version)) {
    throw invalid(`anthropic_version: Input should be '${VERSIONS.join("' or '")}'`);
  }
  const allowed = [...FIELDS, ...(isInvoke ? ["anthropic_version"] : DIRECT_FIELDS)];
  const { topK, ...fields } = parseClaudeFields(body, allowed, betaHeader);
  refuseOthers(body.metadata, "metadata", ["user_id"]);
  const maxTokens = integerOf(body.max_tokens, "max_tokens", 1);
  const sampling = {
    temperature: shareOf(body.temperature, "temperature"),
    topP: shareOf(body.top_p, "top_p"),
    topK,
  };
  const meter = new PromptMeter();
  const tools = toolsOf(body.tools, meter);
  meterContent(body.system, "system", meter);
  const messages = listOf(body.messages, "messages");
  meterMessages(messages, meter);
  return {
    ...fields,
    sampling,
    inputTokens: meter.tokens,
    cachePoints: meter.cachePoints,
    maxTokens,
    stopSequences: stopSequencesOf(body.stop_sequences),
    tool: forcedTool(body.tool_choice, tools, messages),
    toolNames: tools.map(({ name }) => String(name)),
    toolLoop: firstOfToolLoop(messages),
    prefill: prefillOf(messages.at(-1)),
  };
}

/** The first block of the message whose calls the last message answers. */
function firstOfToolLoop(messages: readonly unknown[]): ParsedPrompt["toolLoop"] {
  const [before, last] = messages.slice(-2);
  if (!isObject(before) || !isObject(last) || idsOf(last.content, "tool_result", "tool_use_id").length === 0) return;
  const first = Array.isArray(before.content) ? before.content[0] : undefined;
  return { at: `messages.${messages.length - 2}.content.0`, type: String(isObject(first) ? first.type : "text") };
}

/** The text with which a conversation ends that the caller has begun to answer. */
function prefillOf(last: unknown): string | undefined {
  if (!isObject(last) || last.role !== "assistant") return undefined;
  const block = Array.isArray(last.content) ? last.content.at(-1) : { text: last.content };
  return isObject(block) && typeof block.text === "string" ? block.text : "";
}

function stopSequencesOf(value: unknown): readonly string[] {
  return listOf(value, "stop_sequences").map((sequence, index) => {
    if (typeof sequence !== "string") throw invalid(`stop_sequences.${index}: Input should be a valid string`);
    if (sequence.trim() === "") throw invalid("stop_sequences: each stop sequence must contain non-whitespace");
    return sequence;
  });
}

const TOOL_NAME = /^[a-zA-Z0-9_-]{1,128}$/;

function toolsOf(value: unknown, meter: PromptMeter): readonly JsonObject[] {
  return listOf(value, "tools").map((tool, index) => {
    if (!isObject(tool)) throw invalid(`tools.${index}: Input should be a valid dictionary`);
    // Tools of Anthropic's own have a type and no schema.
    const isCustom = tool.type === undefined || tool.type === "custom";
    if (typeof tool.name !== "string") throw invalid(`tools.${index}.custom.name: Field required`);
    if (isCustom && !TOOL_NAME.test(tool.name)) {
      throw invalid(`tools.${index}.custom.name: String should match pattern '${TOOL_NAME.source}'`);
    }
    if (isCustom && !isObject(tool.input_schema)) throw invalid(`tools.${index}.custom.input_schema: Field required`);
    // Schemas that leave the type out are taken: a root that is a reference or a combination has none.
    const { type = "object" } = isObject(tool.input_schema) ? tool.input_schema : {};
    if (type !== "object") {
      throw invalid(`tools.${index}.custom.input_schema.type: Input should be 'object'`);
    }
    meterPart(tool, `tools.${index}`, meter);
    return tool;
  });
}

function meterMessages(messages: readonly unknown[], meter: PromptMeter): void {
  if (messages.length === 0) throw invalid("messages: at least one message is required");
  let toolUses: readonly string[] = [];
  const seen = new Set<string>();
  for (const [index, message] of messages.entries()) {
    const at = `messages.${index}`;
    if (!isObject(message)) throw invalid(`${at}: Input should be a valid dictionary`);
    for (const name of Object.keys(message)) {
      if (name !== "role" && name !== "content") throw invalid(`${at}.${name}: Extra inputs are not permitted`);
    }
    const role = message.role;
    if (role !== "user" && role !== "assistant") throw invalid(`${at}.role: Input should be 'user' or 'assistant'`);
    if (index === 0 && role !== "user") throw invalid('messages: first message must use the "user" role');
    if (message.content === undefined) throw invalid(`${at}.content: Field required`);
    if (message.content === "" || (Array.isArray(message.content) && message.content.length === 0)) {
      throw invalid(`${at}: ${role} messages must have non-empty content`);
    }
    meterContent(message.content, `${at}.content`, meter);
    refuseUnmatchedResults(message.content, toolUses, index);
    refuseRepeatedCalls(message.content, seen, index);
    toolUses = idsOf(message.content, "tool_use", "id");
  }
  if (toolUses.length > 0) throw unanswered(messages.length - 1, toolUses);
}

/** Ids of calls are unique in the whole conversation. */
function refuseRepeatedCalls(content: unknown, seen: Set<string>, index: number): void {
  for (const [block, each] of (Array.isArray(content) ? content : []).entries()) {
    for (const id of idsOf([each], "tool_use", "id")) {
      if (seen.has(id)) throw invalid(`messages.${index}.content.${block}: \`tool_use\` ids must be unique`);
      seen.add(id);
    }
  }
}

/** Every result answers a tool call of the message before, and every call is answered at once. */
function refuseUnmatchedResults(content: unknown, toolUses: readonly string[], index: number): void {
  const results = idsOf(content, "tool_result", "tool_use_id");
  const orphan = results.find((id) => !toolUses.includes(id));
  if (orphan !== undefined) {
    const block = listOf(content, "").findIndex((each) => isObject(each) && each.tool_use_id === orphan);
    throw invalid(
      `messages.${index}.content.${block}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${orphan}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
    );
  }
  const again = results.findIndex((id, position) => results.indexOf(id) < position);
  if (again >= 0) {
    throw invalid(
      `messages.${index}.content.${again}: each tool_use must have a single result. Found multiple \`tool_result\` blocks with id: ${results[again]}`,
    );
  }
  const open = toolUses.filter((id) => !results.includes(id));
  if (open.length > 0) throw unanswered(index - 1, open);
}

function unanswered(index: number, ids: readonly string[]) {
  return invalid(unansweredCalls(index, ids));
}

function idsOf(content: unknown, type: string, member: string): readonly string[] {
  if (!Array.isArray(content)) return [];
  return content.filter((block) => isObject(block) && block.type === type).map((block) => String(block[member]));
}

const BLOCK_TYPES: readonly string[] = [
  "text",
  "image",
  "document",
  "tool_use",
  "tool_result",
  "thinking",
  "redacted_thinking",
  "search_result",
  "server_tool_use",
  "web_search_tool_result",
  "container_upload",
  "compaction",
];
/** Members that a block of a type must have, as texts. */
const REQUIRED_TEXTS: Readonly<Record<string, readonly string[]>> = {
  text: ["text"],
  tool_use: ["id", "name"],
  tool_result: ["tool_use_id"],
  thinking: ["thinking", "signature"],
};

/** All members of the blocks that requests are made of; others are not looked into. */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  text: ["type", "text", "cache_control", "citations"],
  image: ["type", "source", "cache_control"],
  tool_use: ["type", "id", "name", "input", "cache_control", "caller"],
  tool_result: ["type", "tool_use_id", "content", "is_error", "cache_control"],
  thinking: ["type", "thinking", "signature"],
};

function meterContent(content: unknown, at: string, meter: PromptMeter): void {
  if (content === undefined || content === null) return;
  if (typeof content === "string") {
    meter.addText(content);
    return;
  }
  for (const [index, block] of listOf(content, at).entries()) {
    if (!isObject(block)) throw invalid(`${at}.${index}: Input should be a valid dictionary`);
    const type = String(block.type);
    if (block.type === undefined) throw invalid(`${at}.${index}.type: Field required`);
    if (!BLOCK_TYPES.includes(type)) {
      throw invalid(
        `${at}.${index}: Input tag '${type.slice(0, 60)}' found using 'type' does not match any of the expected tags: ${BLOCK_TYPES.map((tag) => `'${tag}'`).join(", ")}`,
      );
    }
    for (const member of REQUIRED_TEXTS[type] ?? []) {
      if (block[member] === undefined) throw invalid(`${at}.${index}.${type}.${member}: Field required`);
      if (typeof block[member] !== "string") {
        throw invalid(`${at}.${index}.${type}.${member}: Input should be a valid string`);
      }
    }
    const unknown = Object.keys(block).find((name) => MEMBERS[type]?.includes(name) === false);
    if (unknown !== undefined) throw invalid(`${at}.${index}.${type}.${unknown}: Extra inputs are not permitted`);
    if (type === "text") refuseBlank(String(block.text));
    if (type === "image") refuseMediaType(block.source, `${at}.${index}`);
    meterPart(block, `${at}.${index}`, meter);
  }
}

function refuseBlank(text: string): void {
  if (text === "") throw invalid("messages: text content blocks must be non-empty");
  if (text.trim() === "") throw invalid("messages: text content blocks must contain non-whitespace text");
}

const MEDIA_TYPES: readonly unknown[] = ["image/jpeg", "image/png", "image/gif", "image/webp"];

function refuseMediaType(source: unknown, at: string): void {
  if (!isObject(source) || source.type !== "base64" || MEDIA_TYPES.includes(source.media_type)) return;
  const [last, ...others] = [...MEDIA_TYPES].reverse();
  const list = `${others
    .reverse()
    .map((type) => `'${type}'`)
    .join(", ")} or '${last}'`;
  throw invalid(`${at}.image.source.base64.media_type: Input should be ${list}`);
}

/** Adds a content block or a tool, and its cache checkpoint if it has one. */
function meterPart(part: JsonObject, at: string, meter: PromptMeter): void {
  const { cache_control: cacheControl, ...rest } = part;
  if (rest.type === "text" && typeof rest.text === "string") meter.addText(rest.text);
  else if (!meterMedia(rest, meter)) meterJson(rest, meter);
  if (cacheControl === undefined || cacheControl === null) return;
  if (!isObject(cacheControl)) throw invalid(`${at}.cache_control: Input should be a valid dictionary`);
  const { type, ttl = "5m" } = cacheControl;
  if (type !== "ephemeral") {
    throw invalid(`${at}.cache_control.type: Input should be 'ephemeral'`);
  }
  if (typeof ttl !== "string" || !Object.hasOwn(CACHE_TTL_MS, ttl)) {
    throw invalid(`${at}.cache_control.ttl: Input should be '5m' or '1h'`);
  }
  refuseOthers(cacheControl, `${at}.cache_control.ephemeral`, ["type", "ttl"]);
  meter.mark(ttl, at);
}

/** Adds a picture, or a document in base64, of which Claude sees the pages; false for any other block. */
function meterMedia(block: JsonObject, meter: PromptMeter): boolean {
  const source = isObject(block.source) ? block.source : {};
  if (block.type === "image") meterImage(block, meter);
  else if (block.type !== "document" || source.type !== "base64" || typeof source.data !== "string") return false;
  else meter.addTokens(documentTokens(source.data, "pdf", "pages"), source.data);
  return true;
}

/** Adds a block as JSON, without the media in the result of a tool, which count as media. */
function meterJson(block: JsonObject, meter: PromptMeter): void {
  const content = Array.isArray(block.content) ? block.content : [];
  const media = content.filter((each): each is JsonObject => isObject(each) && MEDIA.includes(each.type));
  if (media.length === 0) {
    meter.addJson(block);
    return;
  }
  meter.addJson({ ...block, content: content.filter((each) => !media.includes(each)) });
  for (const each of media) if (!meterMedia(each, meter)) meter.addJson(each);
}

const MEDIA: readonly unknown[] = ["image", "document"];

const CHOICES: readonly unknown[] = ["auto", "any", "tool", "none"];

function forcedTool(
  choice: unknown,
  tools: readonly JsonObject[],
  messages: readonly unknown[],
): ToolAnswer | undefined {
  if (choice === undefined || choice === null) return undefined;
  if (!isObject(choice)) throw invalid("tool_choice: Input should be a valid dictionary");
  if (!CHOICES.includes(choice.type)) {
    throw invalid(
      `tool_choice: Input tag '${String(choice.type).slice(0, 60)}' found using 'type' does not match any of the expected tags: 'auto', 'any', 'tool', 'none'`,
    );
  }
  if (tools.length === 0) throw invalid("tool_choice may only be specified while providing tools.");
  refuseOthers(choice, `tool_choice.${choice.type}`, ["type", "name", "disable_parallel_tool_use"]);
  if (choice.type !== "any" && choice.type !== "tool") return undefined;
  const calls = (message: unknown) => idsOf(isObject(message) ? message.content : [], "tool_use", "id").length;
  const isQuestion = (message: unknown) =>
    isObject(message) && message.role === "user" && idsOf(message.content, "tool_result", "tool_use_id").length === 0;
  const next = nextTool(tools, messages, calls, isQuestion);
  const tool = choice.type === "any" ? next : tools.find((candidate) => candidate.name === choice.name);
  if (tool === undefined || typeof tool.name !== "string") {
    throw invalid("tool_choice: the tool is not among the tools of the request");
  }
  return { name: tool.name, input: sampleOfSchema(tool.input_schema) };
}

function listOf(value: unknown, at: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalid(`${at}: Input should be a valid list`);
  return value;
}
