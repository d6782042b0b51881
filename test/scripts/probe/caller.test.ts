import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { after, before, beforeEach, describe, it } from "node:test";
import { createFixedLatencyBackend } from "../../../emulator/backends/queue.ts";
import type { Fleet } from "../../../emulator/fleet.ts";
import type { ServiceErrorName } from "../../../emulator/http/errors.ts";
import {
  type Caller,
  type CallerOptions,
  type ConnectionWatch,
  http1Handler,
  openCaller,
  watchedConnection,
} from "../../../scripts/probe/caller.ts";
import { createRedactor } from "../../../scripts/probe/identity.ts";
import { type ProbeRecord, summariseProbes } from "../../../simulator/probe/summary.ts";
import { CLAUDE, CLAUDE_BASE, testFleet } from "../../emulator/support.ts";

const TTFT_MS = 120;
const GAP_MS = 20;
const SECRET = "CANARYsecretCANARYsecretCANARYsecret0000";
const never = new AbortController().signal;

describe("one call of a probe", () => {
  let fleet: Fleet;
  const callers: Caller[] = [];

  before(async () => {
    const physics = { firstTokenMs: TTFT_MS, perTokenMs: GAP_MS, outputTokens: 8 };
    fleet = await testFleet({ tls: true, backend: (clock) => createFixedLatencyBackend(clock, physics) });
  });
  beforeEach(() => fleet.faults.clear());
  after(async () => {
    for (const caller of callers) caller.close();
    await fleet.close(0);
  });

  async function open(options: Partial<CallerOptions> = {}): Promise<Caller> {
    const { accessKeyId, secretAccessKey } = fleet.credentials!;
    const caller = await openCaller({
      region: "us-east-1",
      url: fleet.endpoints[0]!.url,
      allowedHosts: [],
      wishes: true,
      identity: { credentials: { accessKeyId, secretAccessKey } },
      redact: createRedactor([SECRET]),
      ...options,
    });
    callers.push(caller);
    return caller;
  }

  const order = { model: CLAUDE, prompt: "x".repeat(80), inputTokens: 20, outputTokens: 8, timeoutMs: 10_000 };

  async function failureOf(options: Partial<CallerOptions>, changed: Partial<typeof order> = {}): Promise<ProbeRecord> {
    const probe = await (await open(options)).call({ ...order, ...changed }, never);
    assert.ok(probe !== undefined && probe.error !== null, "the call fails");
    return probe;
  }

  it("measures the physics that it meets: time to first token, gaps, the service's own latency", async () => {
    const caller = await open();
    const probes: ProbeRecord[] = [];
    for (let i = 0; i < 6; i++) probes.push((await caller.call(order, never))!);
    for (const probe of probes) {
      assert.equal(probe.error, null);
      assert.deepEqual([probe.inputTokens, probe.outputTokens, probe.status], [20, 8, 200]);
      assert.equal(probe.interTokenMs.length, 7);
      assert.equal(probe.serverLatencyMs, TTFT_MS + 7 * GAP_MS);
      assert.match(probe.requestId ?? "", /^[0-9a-f-]{36}$/);
      // No answer comes before its time; a timer may fire a fraction of a millisecond early.
      assert.ok(probe.ttftMs! > TTFT_MS - 2 && probe.headersMs! <= probe.ttftMs!, JSON.stringify(probe));
      assert.ok(Math.abs(probe.clockSkewMs!) < 1600, `the same machine, the same clock: ${probe.clockSkewMs}`);
    }
    // A busy machine delays many calls, and shortens the gaps behind a late token; the quickest call is hardly late.
    const quickest = (of: (probe: ProbeRecord) => number) => Math.min(...probes.map(of));
    const [ttftMs, e2eMs] = [quickest((probe) => probe.ttftMs!), quickest((probe) => probe.e2eMs!)];
    assert.ok(ttftMs < TTFT_MS + 60, `TTFT ${ttftMs}`);
    const wholeMs = TTFT_MS + 7 * GAP_MS;
    assert.ok(e2eMs > wholeMs - 3 && e2eMs < wholeMs + 60, `E2E ${e2eMs}`);
    const summary = summariseProbes(probes)[0]!;
    assert.equal(summary.gaps.n, 6 * 7);
    assert.ok(summary.tokensPerSP50.value! > 10, `${summary.tokensPerSP50.value} tokens/s`);
  });

  for (const [name, kind, status] of [
    ["ThrottlingException", "throttled", 429],
    ["ServiceUnavailableException", "unavailable", 503],
    ["AccessDeniedException", "no-model-access", 403],
    ["InternalServerException", "service-error", 500],
    ["ModelTimeoutException", "service-error", 408],
  ] as const satisfies readonly (readonly [ServiceErrorName, string, number])[]) {
    it(`says ${kind} to ${name}, after one attempt only`, async () => {
      fleet.faults.add({ effect: { name } });
      const before = fleet.log.recent.total;
      const probe = await failureOf({});
      assert.deepEqual([probe.error, probe.status, probe.ttftMs], [kind, status, null]);
      assert.equal(fleet.log.recent.total - before, 1);
    });
  }

  it("keeps what came before a stream broke off", async () => {
    fleet.faults.add({ effect: { name: "ModelStreamErrorException" }, afterTokens: 3 });
    const probe = await failureOf({});
    assert.deepEqual([probe.error, probe.status, probe.interTokenMs.length], ["service-error", 200, 2]);
    assert.ok(probe.ttftMs! >= TTFT_MS - 2);
    fleet.faults.clear();
    fleet.faults.add({ effect: "reset" });
    assert.equal((await failureOf({})).error, "broken-stream");
  });

  it("does not take a stream that was stopped at its time limit for an answer", async () => {
    fleet.faults.add({ effect: "silence", times: 1 });
    assert.equal((await failureOf({}, { timeoutMs: 150 })).error, "timeout");
    // In the middle of the stream the SDK ends without an error.
    const cut = await failureOf({}, { timeoutMs: TTFT_MS + 3 * GAP_MS });
    assert.equal(cut.error, "timeout");
  });

  it("records nothing of a call that Ctrl-C cut short", async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), TTFT_MS / 2);
    assert.equal(await (await open()).call(order, controller.signal), undefined);
  });

  it("distinguishes wrong credentials, unknown models, models sold through profiles only and ports without a listener", async () => {
    const { accessKeyId } = fleet.credentials!;
    const wrong = await failureOf({ identity: { credentials: { accessKeyId, secretAccessKey: SECRET } } });
    assert.deepEqual([wrong.error, wrong.status], ["wrong-credentials", 403]);
    assert.ok(!JSON.stringify(wrong).includes("CANARY"));
    assert.equal((await failureOf({}, { model: "amazon.nothing-v1:0" })).error, "model-not-here");
    assert.equal((await failureOf({}, { model: CLAUDE_BASE })).error, "needs-profile");
    const refused = await failureOf({ url: "http://127.0.0.1:1" });
    assert.deepEqual([refused.error, refused.status, refused.connectMs], ["unreachable", 0, null]);
  });

  it("never connects to where a name has come to lead meanwhile", async () => {
    const lookups: string[] = [];
    const url = "http://bedrock.test:80";
    const resolve = async (host: string) => {
      lookups.push(host);
      return ["169.254.169.254"];
    };
    const probe = await failureOf({ url, allowedHosts: ["bedrock.test"], resolve });
    assert.deepEqual([probe.error, lookups.length], ["unreachable", 1]);
    assert.match(probe.message!, /never called/);
    const unknown = await failureOf({ url, allowedHosts: ["bedrock.test"], resolve: async () => [] });
    assert.equal(unknown.error, "dns");
  });

  it("does not trust a certificate without a known authority", async () => {
    const probe = await failureOf({ url: fleet.endpoints[0]!.tlsUrl! });
    assert.deepEqual([probe.error, probe.connectMs], ["tls", null]);
  });

  it("takes no nonsense for an answer", async () => {
    for (const [status, body, kind] of [
      [200, "\u0000\u0000\u0000\u0020garbage that is no event stream at all, of some length", "broken-stream"],
      [200, "", "broken-stream"],
      [502, "<html>Bad Gateway</html>", "service-error"],
      [302, "", "unknown"],
    ] as const) {
      const server = createServer((_, response) => {
        response.writeHead(status, {
          "content-type": "application/vnd.amazon.eventstream",
          location: "http://10.0.0.1/",
        });
        response.end(body);
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const probe = await failureOf({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
      server.close();
      assert.deepEqual([probe.status, probe.error], [status, kind], probe.message ?? "");
    }
  });

  describe("an endpoint that speaks HTTP/1.1 only", () => {
    let server: Server;
    before(async () => {
      // Hands bytes of HTTP/1.1 on to the emulator; to HTTP/2 it answers as such a server does.
      server = createServer((request, response) => {
        const socket = connect(fleet.endpoints[0]!.port, "127.0.0.1");
        response.on("close", () => socket.destroy());
        // A call that is still on its way when the emulator has gone.
        socket.on("error", () => response.destroy());
        const head = [`${request.method} ${request.url} HTTP/1.1`];
        for (let i = 0; i < request.rawHeaders.length; i += 2) {
          head.push(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`);
        }
        socket.write(`${head.join("\r\n")}\r\n\r\n`);
        request.pipe(socket, { end: false });
        socket.pipe(response.socket!);
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    });
    after(() => void server.close());

    it("is probed in HTTP/1.1, and its failures are reported as well", async () => {
      const caller = await open({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
      const [first, second] = [await caller.call(order, never), await caller.call(order, never)];
      for (const probe of [first!, second!]) {
        assert.deepEqual([probe.error, probe.message, probe.interTokenMs.length], [null, null, 7]);
        assert.ok(probe.ttftMs! > TTFT_MS - 2);
      }
      fleet.faults.add({ effect: { name: "ThrottlingException" } });
      assert.equal((await caller.call(order, never))?.error, "throttled");
      fleet.faults.clear();
      assert.equal((await caller.call({ ...order, timeoutMs: TTFT_MS + GAP_MS }, never))?.error, "timeout");
    });
  });
});

const newWatch = (): ConnectionWatch => ({ startMs: 0, readyMs: undefined, error: undefined });

/** Connects to `url`, and waits for the end of the attempt. */
async function attempt(url: string, addresses: readonly string[], allowedHosts: readonly string[] = []) {
  const watch = newWatch();
  const resolve = async () => addresses;
  const options = { url, allowedHosts, resolve, protocol: "http/1.1", clockMs: () => performance.now() } as const;
  const socket = watchedConnection(options, watch);
  await new Promise<void>((resolve) => socket.once("connect", resolve).once("close", () => resolve()));
  socket.destroy();
  return watch;
}
const codeOf = ({ error }: ConnectionWatch) => (error as NodeJS.ErrnoException | undefined)?.code;

describe("a connection of a probe", () => {
  it("is timed from the wish to the ready socket, and carries a call in HTTP/1.1", async () => {
    const server = createServer((request, response) => {
      response.writeHead(418, { "x-path": request.url! });
      request.pipe(response);
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const watch = newWatch();
      let nowMs = 5;
      const options = { url, allowedHosts: [], protocol: "http/1.1", clockMs: () => nowMs++ } as const;
      const { handle } = http1Handler(() => watchedConnection(options, watch));
      const { response } = await handle({ method: "POST", path: "/tea", headers: {}, body: "water" });
      const chunks: Uint8Array[] = [];
      for await (const chunk of response.body) chunks.push(chunk as Uint8Array);
      assert.deepEqual([response.statusCode, response.headers["x-path"]], [418, "/tea"]);
      assert.equal(Buffer.concat(chunks).toString(), "water");
      assert.deepEqual([watch.startMs, watch.readyMs, watch.error], [5, 6, undefined]);
    } finally {
      server.close();
    }
  });

  it("goes to no address that must not be called, and to no host that was not allowed", async () => {
    assert.equal(
      codeOf(await attempt("http://cloud.example:80", ["169.254.169.254"], ["cloud.example"])),
      "EHOSTUNREACH",
    );
    assert.equal(codeOf(await attempt("http://other.example:80", ["192.0.2.1"])), "EHOSTUNREACH");
  });

  it("of a name without an address fails as a matter of DNS", async () => {
    assert.equal(codeOf(await attempt("http://nowhere.example:80", [])), "ENOTFOUND");
  });

  it("is refused where nothing listens", async () => {
    const server = createServer();
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    assert.equal(codeOf(await attempt(`http://127.0.0.1:${port}`, [])), "ECONNREFUSED");
  });
});
