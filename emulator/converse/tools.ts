import { ServiceError } from "../errors.ts";
import type { PromptMeter } from "../prompt.ts";
import { asList, asObject, asText, ConstraintList, isObject, type JsonObject, optional } from "../shape.ts";
import { sampleOfSchema, type ToolAnswer } from "../tool-answer.ts";
import { meterCachePoint } from "./blocks.ts";

const TOOL_NAME = /^[a-zA-Z0-9_-]{1,64}$/;

/**
 * Reads `toolConfig`, adding its tools to the meter.
 *
 * @returns the tool call that the choice forces (`any` takes the first tool); undefined where it is the model's
 *          choice: then the emulator answers in words
 */
export function meterToolConfig(config: JsonObject, meter: PromptMeter): ToolAnswer | undefined {
  const tools = asList(config.tools);
  const specs: JsonObject[] = [];
  const constraints = new ConstraintList();
  constraints.check(tools.length > 0, "[]", "toolConfig.tools", "Member must have length greater than or equal to 1");
  for (const [index, value] of tools.entries()) {
    const tool = asObject(value);
    const at = `toolConfig.tools.${index + 1}.member`;
    if (tool.cachePoint !== undefined) {
      meterCachePoint(asObject(tool.cachePoint), at, meter);
      continue;
    }
    meter.addJson(tool);
    if (tool.toolSpec === undefined) continue;
    const spec = asObject(tool.toolSpec);
    const name = asText(spec.name);
    const pattern = "Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+";
    constraints.check(TOOL_NAME.test(name), name, `${at}.toolSpec.name`, pattern);
    specs.push(spec);
  }
  constraints.throwIfAny();
  return forcedTool(optional(config.toolChoice, asObject), specs);
}

function forcedTool(choice: JsonObject | undefined, specs: readonly JsonObject[]): ToolAnswer | undefined {
  if (choice === undefined || choice.auto !== undefined) return undefined;
  const named = optional(choice.tool, asObject);
  const spec = named === undefined ? specs[0] : specs.find((candidate) => candidate.name === asText(named.name));
  if (spec === undefined) {
    throw new ServiceError(
      "ValidationException",
      "The tool in toolConfig.toolChoice is not among toolConfig.tools. Choose a tool that is defined and try again.",
    );
  }
  const schema = isObject(spec.inputSchema) ? spec.inputSchema.json : undefined;
  return { name: asText(spec.name), input: sampleOfSchema(schema) };
}
