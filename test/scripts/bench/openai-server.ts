import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** What a stub of an OpenAI-compatible server was asked, and what it did. */
export interface ServedCall {
  /** As the caller names it. */
  readonly id: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: ChatRequest;
  readonly atMs: number;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly outputTokens: number;
  readonly did: string;
}

export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly max_tokens?: number;
  readonly min_tokens?: number;
  readonly ignore_eos?: boolean;
  readonly temperature?: number;
}

export type Misdeed =
  | { readonly status: number; readonly error: object; readonly headers?: Readonly<Record<string, string>> }
  /** The connection is closed after so many tokens, with or without an error in the stream. */
  | { readonly tokens: number; readonly error?: object };

export interface ServerOptions {
  readonly model: string;
  readonly key?: string;
  /** From the call to the first token, and between tokens. */
  readonly firstMs: number;
  readonly tokenMs: number;
  /** Sends a stream's headers as soon as it has the call, as ASGI servers do, or with the first token. */
  readonly headers: "at once" | "with the first token";
  readonly misdeed?: (id: string, earlierCalls: number) => Misdeed | undefined;
}

export interface OpenAiServer {
  /** Ends in `/v1`. */
  readonly url: string;
  readonly calls: readonly ServedCall[];
  close(): Promise<void>;
}

/** Its model stops by itself after so many tokens. */
export const NATURAL_LENGTH = 7;
/** vLLM caches prompts by blocks of tokens; a token is four characters here. */
const BLOCK_CHARS = 64;
const BLOCK_TOKENS = 16;

/**
 * A server of chat completions written from the API's documents: OpenAI's reference and error codes; of vLLM the forced
 * lengths, the cache of prompts' beginnings, the role in a chunk of its own and the shape of errors.
 */
export async function startOpenAiServer(options: ServerOptions): Promise<OpenAiServer> {
  const calls: ServedCall[] = [];
  const blocks = new Set<string>();
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const atMs = performance.now();
    let text = "";
    for await (const part of request) text += String(part);
    const { authorization } = request.headers;
    const path = request.url ?? "";
    if (request.method !== "POST" || path !== "/v1/chat/completions") {
      return refuse(response, { status: 404, error: { message: "Not Found", type: "NotFoundError", code: 404 } });
    }
    const body = JSON.parse(text) as ChatRequest;
    const id = String(request.headers["x-client-request-id"]);
    const refusal = refusalOf(body, authorization) ?? options.misdeed?.(id, calls.length);
    const prompt = body.messages.map(({ role, content }) => `${role}:${content}`).join("");
    const promptTokens = Math.ceil(body.messages.reduce((sum, { content }) => sum + content.length, 0) / 4);
    const cachedTokens = Math.min(promptTokens, BLOCK_TOKENS * cachedBlocks(prompt));
    const limit = body.max_tokens ?? 10_000;
    const outputTokens = body.ignore_eos === true ? limit : Math.min(limit, NATURAL_LENGTH);
    const note = (did: string): void => {
      calls.push({ id, path, authorization, body, atMs, promptTokens, cachedTokens, outputTokens, did });
    };
    if (refusal !== undefined && "status" in refusal) {
      note(String(refusal.status));
      return refuse(response, refusal);
    }
    const usage = {
      prompt_tokens: promptTokens,
      completion_tokens: outputTokens,
      total_tokens: promptTokens + outputTokens,
      ...(cachedTokens > 0 ? { prompt_tokens_details: { cached_tokens: cachedTokens } } : {}),
    };
    note(refusal === undefined ? "ok" : "broke off");
    if (body.stream === true) return stream(response, { body, outputTokens, usage, atMs, breakOff: refusal });
    await sleep(options.firstMs + (outputTokens - 1) * options.tokenMs);
    response.writeHead(200, { "content-type": "application/json", "x-request-id": `req-${id}` });
    const choice = { index: 0, message: { role: "assistant", content: "tok ".repeat(outputTokens) } };
    response.end(JSON.stringify({ ...shell(body, "chat.completion"), choices: [choice], usage }));
  }

  function refusalOf(body: ChatRequest, authorization: string | undefined): Misdeed | undefined {
    if (options.key !== undefined && authorization !== `Bearer ${options.key}`) {
      return { status: 401, error: { message: `Incorrect API key: ${authorization}`, code: "invalid_api_key" } };
    }
    if (body.model !== options.model) {
      return { status: 404, error: { message: `no model ${body.model}`, type: "NotFoundError", code: 404 } };
    }
    const isWrong = body.messages.length === 0 || (body.min_tokens ?? 0) > (body.max_tokens ?? Infinity);
    return isWrong ? { status: 400, error: { message: "x", type: "BadRequestError", code: 400 } } : undefined;
  }

  /** Blocks that this prompt begins with and an earlier one did too. */
  function cachedBlocks(prompt: string): number {
    let cached = 0;
    let isKnown = true;
    for (let end = BLOCK_CHARS; end <= prompt.length; end += BLOCK_CHARS) {
      const hash = createHash("sha256").update(prompt.slice(0, end)).digest("hex");
      isKnown &&= blocks.has(hash);
      if (isKnown) cached++;
      blocks.add(hash);
    }
    return cached;
  }

  async function stream(response: ServerResponse, job: StreamJob): Promise<void> {
    const { body, outputTokens, usage, atMs, breakOff } = job;
    const send = (data: object): void => void response.write(`data: ${JSON.stringify(data)}\n\n`);
    const chunk = (delta: object): object => ({
      ...shell(body, "chat.completion.chunk"),
      choices: [{ index: 0, delta, finish_reason: null }],
    });
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    if (options.headers === "at once") response.flushHeaders();
    const tokens = breakOff !== undefined && "tokens" in breakOff ? breakOff.tokens : outputTokens;
    for (let i = 0; i < tokens; i++) {
      const waitMs = atMs + options.firstMs + i * options.tokenMs - performance.now();
      if (waitMs > 0) await sleep(waitMs);
      if (i === 0) send(chunk({ role: "assistant", content: "" }));
      send(chunk({ content: "tok " }));
    }
    if (breakOff !== undefined && breakOff.error !== undefined) send({ error: breakOff.error });
    else if (breakOff !== undefined) {
      response.destroy();
      return;
    }
    if (breakOff === undefined && body.stream_options?.include_usage === true) {
      send({ ...shell(body, "chat.completion.chunk"), choices: [], usage });
    }
    response.end("data: [DONE]\n\n");
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    calls,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface StreamJob {
  readonly body: ChatRequest;
  readonly outputTokens: number;
  readonly usage: object;
  readonly atMs: number;
  readonly breakOff: Misdeed | undefined;
}

function refuse(response: ServerResponse, { status, error, headers }: Extract<Misdeed, { status: number }>): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify({ error }));
}

function shell({ model }: ChatRequest, object: string): object {
  return { id: "chatcmpl-stub", object, created: 1_777_777_777, model };
}
