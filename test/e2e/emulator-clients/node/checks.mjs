/** Drives an emulator with Anthropic's Bedrock client and the AI SDK, and prints the results as one JSON object. */
import { createAmazonBedrock } from "@ai-sdk/amazon-bedrock";
import { AnthropicBedrock } from "@anthropic-ai/bedrock-sdk";
import { generateObject, generateText, jsonSchema, streamText, tool } from "ai";

const MODEL = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const { EMULATOR_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = process.env;
const messages = [{ role: "user", content: "Hello there" }];
const schema = {
  type: "object",
  properties: { city: { type: "string", minLength: 2 }, days: { type: "integer", minimum: 1, maximum: 30 } },
  required: ["city", "days"],
  additionalProperties: false,
};
const isTrip = (value) =>
  typeof value.city === "string" && Number.isInteger(value.days) && value.days >= 1 && value.days <= 30;

async function anthropicBedrock() {
  const client = new AnthropicBedrock({
    baseURL: EMULATOR_URL,
    awsRegion: "us-east-1",
    awsAccessKey: AWS_ACCESS_KEY_ID,
    awsSecretKey: AWS_SECRET_ACCESS_KEY,
    maxRetries: 0,
  });
  const whole = await client.messages.create({ model: MODEL, max_tokens: 5, messages });
  let streamed = "";
  for await (const event of await client.messages.create({ model: MODEL, max_tokens: 5, messages, stream: true })) {
    if (event.type === "content_block_delta") streamed += event.delta.text;
  }
  const tools = [{ name: "trip", input_schema: schema }];
  const tool_choice = { type: "tool", name: "trip" };
  const call = await client.messages.create({ model: MODEL, max_tokens: 500, messages, tools, tool_choice });
  const refused = await client.messages
    .create({ model: "unknown.model", max_tokens: 5, messages })
    .catch((error) => error.status);
  return { text: whole.content[0].text, streamed, trip: isTrip(call.content[0].input), refused };
}

async function aiSdk() {
  const bedrock = createAmazonBedrock({
    baseURL: EMULATOR_URL,
    region: "us-east-1",
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
  });
  const common = { model: bedrock(MODEL), prompt: "Hello there", maxRetries: 0 };
  const { text, usage } = await generateText({ ...common, maxOutputTokens: 5 });
  let streamed = "";
  for await (const part of streamText({ ...common, maxOutputTokens: 5 }).textStream) streamed += part;
  const { object } = await generateObject({ ...common, schema: jsonSchema(schema) });
  const tools = { trip: tool({ description: "d", inputSchema: jsonSchema(schema) }) };
  const { toolCalls } = await generateText({ ...common, tools, toolChoice: "required" });
  return { text, usage: usage.outputTokens, streamed, object: isTrip(object), tool: isTrip(toolCalls[0].input) };
}

const CHECKS = { anthropicBedrock, aiSdk };
const seen = {};
for (const name of process.argv.slice(2)) seen[name] = await CHECKS[name]();
console.log(JSON.stringify(seen));
