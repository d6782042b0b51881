/** Anthropic's Messages API under its own path, as Anthropic's client calls it. */
import { messagesFormat } from "../bodies/anthropic.ts";
import { parseMessages } from "../bodies/anthropic-request.ts";
import { ServiceError } from "../http/errors.ts";
import type { JsonObject } from "../http/request-body.ts";
import type { WireRequest } from "../http/wire.ts";
import type { VendorApi } from "./vendor-api.ts";

/** Versions of the API; the first holds where none is stated. */
const VERSIONS: readonly unknown[] = ["2023-06-01", "2026-10-21"];

/** Source: Amazon Bedrock User Guide, Messages API; Anthropic API reference. */
export const messagesApi: VendorApi = {
  serves: (modelId) => modelId.startsWith("anthropic."),
  style: "anthropic",
  parse(body, headers) {
    const version = textOf(headers, "anthropic-version") ?? body.anthropic_version ?? VERSIONS[0];
    if (!VERSIONS.includes(version)) {
      throw new ServiceError(
        "ValidationException",
        `anthropic-version: "${String(version).slice(0, 40)}" is not a valid version`,
      );
    }
    const betaHeader = textOf(headers, "anthropic-beta");
    return {
      prompt: parseMessages(body, { at: "messages", betaHeader }),
      // Its tiers are `auto` and `standard_only`, which say nothing about the service's own.
      tier: undefined,
      metadata: undefined,
      format: messagesFormat,
    };
  },
};

/**
 * Input tokens of a request that is not run.
 *
 * @throws ServiceError ValidationException
 */
export function countTokensOf(body: JsonObject, headers: WireRequest["headers"]): { readonly input_tokens: number } {
  // Counting needs no limit on the answer.
  return { input_tokens: messagesApi.parse({ max_tokens: 1, ...body }, headers).prompt.inputTokens };
}

function textOf(headers: WireRequest["headers"], name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : undefined;
}
