/** Which tool is called where the caller demands any of several. */

/**
 * Tools take turns, so that a loop ends in which one of them is the answer (agent frameworks offer their output as a tool).
 *
 * @param tools    those on offer, at least one
 * @param messages the conversation, oldest first
 * @param callsOf  number of calls in a message
 * @param isAsked  a message is the caller's own, and not the result of a tool
 * @returns the first tool for a new question, after each call the next one
 * @example nextTool(["a", "b"], ["call"], () => 1, () => false) // => "b"
 */
export function nextTool<Tool, Message>(
  tools: readonly Tool[],
  messages: readonly Message[],
  callsOf: (message: Message) => number,
  isAsked: (message: Message) => boolean,
): Tool | undefined {
  const since = messages.slice(messages.findLastIndex(isAsked) + 1);
  const calls = since.reduce((sum, message) => sum + callsOf(message), 0);
  return tools[calls % tools.length];
}
