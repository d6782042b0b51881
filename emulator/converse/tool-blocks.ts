/** Calls of tools and their results in the messages of Converse: what must be there, and what goes together. */
import { ServiceError } from "../http/errors.ts";
import { asList, asObject, asText, type JsonObject, optional } from "../http/request-body.ts";

/** The content blocks of one message. */
export type Blocks = readonly JsonObject[];

/**
 * Refuses calls and results that do not belong together. Converse looks at neighbouring messages; Claude also at ids that
 * come again and at a call that nothing answers.
 *
 * @param messages the blocks of each message, in order
 * @throws ServiceError ValidationException
 * Source: texts as quoted in public issue threads (BerriAI/litellm#20047, continuedev/continue#11929).
 */
export function refuseToolBlocks(messages: readonly Blocks[], hasTools: boolean, isClaude: boolean): void {
  let open: readonly string[] = [];
  for (const [index, blocks] of messages.entries()) {
    const at = `messages.${index}.content`;
    refuseWithoutTools(blocks, hasTools);
    refuseDuplicates(blocks, at);
    refuseUnmatchedResults(blocks, open, at);
    open = idsOf(blocks, "toolUse");
  }
  if (isClaude) refuseForClaude(messages, open);
}

function refuseWithoutTools(blocks: Blocks, hasTools: boolean): void {
  if (hasTools || !blocks.some((block) => block.toolUse !== undefined || block.toolResult !== undefined)) return;
  throw invalid("The toolConfig field must be defined when using toolUse and toolResult content blocks.");
}

function refuseDuplicates(blocks: Blocks, at: string): void {
  for (const member of ["toolUse", "toolResult"] as const) {
    const ids = idsOf(blocks, member);
    const again = new Set(ids.filter((id, index) => ids.indexOf(id) < index));
    if (again.size > 0) throw invalid(`The ${member} blocks at ${at} contain duplicate Ids: ${[...again].join(", ")}`);
  }
}

function refuseUnmatchedResults(blocks: Blocks, toolUseIds: readonly string[], at: string): void {
  const answered = idsOf(blocks, "toolResult");
  const missing = toolUseIds.filter((id) => !answered.includes(id));
  if (missing.length > 0) {
    throw invalid(`Expected toolResult blocks at ${at} for the following Ids: ${missing.join(", ")}`);
  }
  if (answered.length > toolUseIds.length) {
    throw invalid(`The number of toolResult blocks at ${at} exceeds the number of toolUse blocks of previous turn.`);
  }
}

function refuseForClaude(messages: readonly Blocks[], open: readonly string[]): void {
  const seen = new Set<string>();
  for (const [index, blocks] of messages.entries()) {
    for (const [block, { toolUse }] of blocks.entries()) {
      for (const id of idOf(toolUse)) {
        if (seen.has(id)) throw refusedByModel(`messages.${index}.content.${block}: \`tool_use\` ids must be unique`);
        seen.add(id);
      }
    }
  }
  if (open.length > 0) throw refusedByModel(unansweredCalls(messages.length - 1, open));
}

/** Claude's words for calls that the next message does not answer. */
export function unansweredCalls(index: number, ids: readonly string[]): string {
  return `messages.${index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${ids.join(", ")}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`;
}

/** A block with which an assistant message begins. */
export interface FirstBlock {
  /** Its path, such as `messages.1.content.0`. */
  readonly at: string;
  /** Its type by Claude's name. */
  readonly type: string;
}

/** The first block of the message whose calls the last message answers; undefined where that answers none. */
export function firstOfToolLoop(messages: readonly Blocks[]): FirstBlock | undefined {
  const first = messages.at(-2)?.[0];
  if (first === undefined || idsOf(messages.at(-1)!, "toolResult").length === 0) return undefined;
  const type = first.reasoningContent === undefined ? (first.toolUse === undefined ? "text" : "tool_use") : "thinking";
  return { at: `messages.${messages.length - 2}.content.0`, type };
}

/** The blocks of each message of a body whose shape has been checked. */
export function blocksOfMessages(messages: readonly unknown[]): readonly Blocks[] {
  return messages.map((message) => asList(asObject(message).content).map(asObject));
}

/** Number of calls of tools in a message. */
export function callsOf(blocks: Blocks): number {
  return idsOf(blocks, "toolUse").length;
}

/** A message asks for something, and does not only answer calls or go on calling. */
export function isQuestion(blocks: Blocks): boolean {
  return callsOf(blocks) === 0 && idsOf(blocks, "toolResult").length === 0;
}

function idsOf(blocks: Blocks, member: "toolUse" | "toolResult"): readonly string[] {
  return blocks.flatMap((block) => idOf(block[member]));
}

function idOf(toolBlock: unknown): readonly string[] {
  const id = optional(toolBlock, asObject)?.toolUseId;
  return id === undefined ? [] : [asText(id)];
}

function refusedByModel(message: string): ServiceError {
  return invalid(`The model returned the following errors: ${message}`);
}

function invalid(message: string): ServiceError {
  return new ServiceError("ValidationException", message);
}
