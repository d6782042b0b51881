import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SERVICE_ERROR_NAMES, statusOf } from "../../../emulator/http/errors.ts";
import { ConstraintList } from "../../../emulator/http/request-body.ts";
import { apiModel, checkShape } from "../../../emulator/model/api-shapes.ts";

/** The service's refusal of a Converse body; "" where it takes it. */
function refusal(body: object): string {
  try {
    const constraints = new ConstraintList();
    checkShape({ messages: [user({ text: "hi" })], ...body }, "ConverseRequest", "", constraints);
    constraints.throwIfAny();
    return "";
  } catch (error) {
    const { name, message } = error as Error;
    return `${name}: ${message}`;
  }
}
const user = (...content: unknown[]) => ({ role: "user", content });
const tool = (spec: object) => ({
  toolConfig: { tools: [{ toolSpec: { name: "t", inputSchema: { json: {} }, ...spec } }] },
});
const image = (over: object) => ({
  messages: [user({ image: { format: "png", source: { bytes: "AAAA" }, ...over } })],
});

describe("bodies of Converse that the service model refuses", () => {
  it("for a number of another type, naming the type of the member", () => {
    const refused = (inferenceConfig: object) => refusal({ inferenceConfig });
    const texts = [refused({ maxTokens: "5" }), refused({ maxTokens: 1.5 }), refused({ temperature: "5" })];
    assert.deepEqual(texts, [
      "SerializationException: STRING_VALUE cannot be converted to Integer",
      "SerializationException: NUMBER_VALUE cannot be converted to Integer",
      "SerializationException: STRING_VALUE cannot be converted to Float",
    ]);
  });
  const constraint = (value: string, at: string, text: string) =>
    `ValidationException: 1 validation error detected: Value ${value} at '${at}' failed to satisfy constraint: ${text}`;
  const enumOf = (values: string) => `Member must satisfy enum value set: [${values}]`;
  for (const [what, body, wanted] of [
    [
      "a message without content",
      { messages: [{ role: "user" }] },
      constraint("null", "messages.1.member.content", "Member must not be null"),
    ],
    [
      "a message without a role",
      { messages: [{ content: [] }] },
      constraint("null", "messages.1.member.role", "Member must not be null"),
    ],
    [
      "a role",
      { messages: [{ role: "bot", content: [] }] },
      constraint("'bot'", "messages.1.member.role", enumOf("user, assistant")),
    ],
    [
      "maxTokens",
      { inferenceConfig: { maxTokens: 0 } },
      constraint("'0'", "inferenceConfig.maxTokens", "Member must have value greater than or equal to 1"),
    ],
    [
      "topP",
      { inferenceConfig: { topP: 1.5 } },
      constraint("'1.5'", "inferenceConfig.topP", "Member must have value less than or equal to 1"),
    ],
    [
      "a tool without a schema",
      tool({ inputSchema: undefined }),
      constraint("null", "toolConfig.tools.1.member.toolSpec.inputSchema", "Member must not be null"),
    ],
    [
      "a tool's name of 65 characters",
      tool({ name: "n".repeat(65) }),
      constraint(
        `'${"n".repeat(65)}'`,
        "toolConfig.tools.1.member.toolSpec.name",
        "Member must have length less than or equal to 64",
      ),
    ],
    [
      "a tool's name with a blank",
      tool({ name: "a b" }),
      constraint(
        "'a b'",
        "toolConfig.tools.1.member.toolSpec.name",
        "Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+",
      ),
    ],
    [
      "an empty description",
      tool({ description: "" }),
      constraint(
        "''",
        "toolConfig.tools.1.member.toolSpec.description",
        "Member must have length greater than or equal to 1",
      ),
    ],
    [
      "no tools",
      { toolConfig: { tools: [] } },
      constraint("'[]'", "toolConfig.tools", "Member must have length greater than or equal to 1"),
    ],
    [
      "an image's format",
      image({ format: "tiff" }),
      constraint("'tiff'", "messages.1.member.content.1.member.image.format", enumOf("png, jpeg, gif, webp")),
    ],
    [
      "an image without a source",
      image({ source: undefined }),
      constraint("null", "messages.1.member.content.1.member.image.source", "Member must not be null"),
    ],
    [
      "an image without a byte",
      image({ source: { bytes: "" } }),
      constraint(
        "''",
        "messages.1.member.content.1.member.image.source.bytes",
        "Member must have length greater than or equal to 1",
      ),
    ],
    [
      "a document without a name",
      { messages: [user({ document: { source: { text: "x" } } })] },
      constraint("null", "messages.1.member.content.1.member.document.name", "Member must not be null"),
    ],
    [
      "a tool result without content",
      { messages: [user({ toolResult: { toolUseId: "a" } })] },
      constraint("null", "messages.1.member.content.1.member.toolResult.content", "Member must not be null"),
    ],
    [
      "a status of a tool result",
      { messages: [user({ toolResult: { toolUseId: "a", content: [], status: "ok" } })] },
      constraint("'ok'", "messages.1.member.content.1.member.toolResult.status", enumOf("success, error")),
    ],
    [
      "a tier",
      { serviceTier: { type: "fast" } },
      constraint("'fast'", "serviceTier.type", enumOf("priority, default, flex, reserved")),
    ],
    ["no tier in serviceTier", { serviceTier: {} }, constraint("null", "serviceTier.type", "Member must not be null")],
    [
      "a latency",
      { performanceConfig: { latency: "low" } },
      constraint("'low'", "performanceConfig.latency", enumOf("standard, optimized")),
    ],
    [
      "a lifetime",
      { messages: [user({ cachePoint: { type: "default", ttl: "9m" } })] },
      constraint("'9m'", "messages.1.member.content.1.member.cachePoint.ttl", enumOf("5m, 1h")),
    ],
    [
      "an empty stop sequence",
      { inferenceConfig: { stopSequences: ["x", ""] } },
      constraint(
        "''",
        "inferenceConfig.stopSequences",
        "Member must satisfy constraint: [Member must have length greater than or equal to 1]",
      ),
    ],
    [
      "eleven response paths",
      { additionalModelResponseFieldPaths: Array(11).fill("/a") },
      constraint(
        '\'["/a","/a","/a"]\'',
        "additionalModelResponseFieldPaths",
        "Member must have length less than or equal to 10",
      ),
    ],
    [
      "empty metadata",
      { requestMetadata: {} },
      constraint("'{}'", "requestMetadata", "Member must have length greater than or equal to 1"),
    ],
  ] as const) {
    it(what, () => assert.equal(refusal(body), wanted));
  }

  it("several at once, in one message", () => {
    const found = refusal({ inferenceConfig: { maxTokens: 0, temperature: 2 }, serviceTier: { type: "x" } });
    assert.match(
      found,
      /^ValidationException: 3 validation errors detected: .*maxTokens.*temperature.*serviceTier\.type/,
    );
  });

  it("values of another type, as what cannot be read", () => {
    for (const body of [
      { inferenceConfig: { maxTokens: "5" } },
      { inferenceConfig: { maxTokens: 1.5 } },
      { inferenceConfig: [] },
      { messages: {} },
      { requestMetadata: { a: 1 } },
      { messages: [user({ image: { format: "png", source: { bytes: "not base64!" } } })] },
      tool({ strict: "yes" }),
    ])
      assert.match(refusal(body), /^SerializationException/, JSON.stringify(body));
  });

  it("unions with two members or none", () => {
    assert.match(
      refusal({ messages: [user({ text: "a", image: {} })] }),
      /messages\.1\.member\.content\.1\.member must set only one/,
    );
    assert.match(
      refusal(image({ source: {} })),
      /The ImageSource object at .*image\.source must set one of the following keys: bytes, s3Location/,
    );
    assert.match(refusal({ ...tool({}), toolConfig: { tools: [{}] } }), /The Tool object/);
  });

  it("takes what it should: null for absent, members it does not know, all kinds of content", () => {
    assert.equal(refusal({ system: null, inferenceConfig: { temperature: null }, newMember: { a: [1] } }), "");
    const messages = [
      user(
        { document: { name: "d", format: "pdf", source: { bytes: "QUJD" } } },
        { video: { format: "mp4", source: { s3Location: { uri: "s3://bucket/key.mp4" } } } },
      ),
      {
        role: "assistant",
        content: [
          { reasoningContent: { reasoningText: { text: "t", signature: "s" } } },
          { toolUse: { toolUseId: "tooluse_1", name: "t", input: {} } },
        ],
      },
      user({ toolResult: { toolUseId: "tooluse_1", content: [{ json: { a: 1 } }], status: "error" } }),
    ];
    assert.equal(refusal({ messages, ...tool({ strict: true }), requestMetadata: { "a b": "c@d,e-f" } }), "");
  });
});

it("errors have the statuses of the service model", () => {
  const { operations, shapes } = apiModel();
  const names = new Set(Object.values(operations).flatMap(({ errors }) => errors));
  assert.ok(names.size >= 11);
  for (const name of names) {
    const known = SERVICE_ERROR_NAMES.find((each) => each === name);
    assert.ok(known !== undefined, name);
    assert.equal(statusOf(known), shapes[name]!.status, name);
  }
});
