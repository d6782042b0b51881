import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { connect as connectHttp2, constants } from "node:http2";
import { connect, type Socket } from "node:net";
import { after, before, describe, it } from "node:test";
import {
  DEFAULT_LISTENER_LIMITS,
  type Listener,
  makeCertificate,
  startListener,
} from "../../../emulator/http/listener.ts";
import type { WireRequest, WireResponse } from "../../../emulator/http/wire.ts";

describe("makeCertificate", () => {
  it("covers loopback and the host, is self-signed and matches its key", async () => {
    const { certPem, keyPem } = await makeCertificate("10.1.2.3");
    const certificate = new X509Certificate(certPem);
    assert.equal(certificate.checkIP("127.0.0.1"), "127.0.0.1");
    assert.equal(certificate.checkIP("10.1.2.3"), "10.1.2.3");
    assert.equal(certificate.checkHost("localhost"), "localhost");
    assert.equal(certificate.verify(certificate.publicKey), true);
    assert.equal(certificate.checkPrivateKey(createPrivateKey(keyPem)), true);
    assert.ok(Date.parse(certificate.validFrom) < Date.now() && Date.parse(certificate.validTo) > Date.now());
  });
});

const LIMITS = { ...DEFAULT_LISTENER_LIMITS, headersTimeoutMs: 600, maxConnections: 4 };

/** Sends bytes and returns everything received until the connection closed. */
function talk(port: number, ...pieces: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const socket: Socket = connect(port, "127.0.0.1");
    let heard = "";
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => {
      heard += chunk.toString("latin1");
    });
    socket.on("close", () => resolve(heard));
    socket.on("error", () => {});
    socket.on("connect", async () => {
      for (const piece of pieces) {
        socket.write(piece);
        await new Promise((done) => setTimeout(done, 10));
      }
    });
  });
}

describe("listener", { timeout: 30_000 }, () => {
  let listener: Listener;
  let seen: string[] = [];
  const slow: WireResponse[] = [];
  const onRequest = (request: WireRequest, response: WireResponse): void => {
    seen.push(`${request.method} ${request.url}`);
    if (request.url === "/slow") {
      slow.push(response);
      return;
    }
    response.writeHead(200, { "content-length": 2 });
    response.end("ok");
  };

  before(async () => {
    listener = await startListener({ host: "127.0.0.1", port: 0, certificate: undefined, limits: LIMITS, onRequest });
  });
  after(() => listener.drain(0));

  it("speaks HTTP/1.1, also when the first bytes arrive one by one", async () => {
    const answer = await talk(
      listener.port,
      "P",
      "O",
      "ST /a HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
    );
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
    assert.ok(answer.endsWith("ok"));
  });

  it("speaks HTTP/2 with prior knowledge on the same port", async () => {
    const session = connectHttp2(`http://127.0.0.1:${listener.port}`);
    const status = await new Promise((resolve, reject) => {
      session.on("error", reject);
      const stream = session.request({ ":method": "POST", ":path": "/b" });
      stream.on("response", (headers) => resolve(headers[":status"]));
      stream.resume();
      stream.end();
    });
    session.close();
    assert.equal(status, 200);
  });

  it("refuses headers beyond 16 KiB on both protocols", async () => {
    const big = "x".repeat(17 * 1024);
    assert.match(await talk(listener.port, `GET /c HTTP/1.1\r\nhost: x\r\na: ${big}\r\n\r\n`), /^HTTP\/1\.1 431/);
    seen = [];
    // A body that is held back takes another way through Node.
    for (const expect of [{}, { expect: "100-continue" }]) {
      const session = connectHttp2(`http://127.0.0.1:${listener.port}`);
      const code = await new Promise((resolve) => {
        session.on("error", () => resolve("session"));
        const stream = session.request({ ":method": "POST", ":path": "/c", a: big, ...expect });
        stream.on("error", () => {});
        stream.on("close", () => resolve(stream.rstCode));
      });
      session.destroy();
      assert.notEqual(code, constants.NGHTTP2_NO_ERROR);
    }
    assert.deepEqual(seen, []);
  });

  it("closes connections that send nothing or never finish their headers", async () => {
    const startMs = performance.now();
    const [silent, endless] = await Promise.all([
      talk(listener.port),
      talk(listener.port, "GET / HTTP/1.1\r\nhost: x\r\n"),
    ]);
    assert.equal(silent, "");
    assert.match(endless, /^HTTP\/1\.1 408/);
    assert.ok(performance.now() - startMs < 20_000);
  });

  it("closes connections that are not HTTP, and TLS without a certificate", async () => {
    assert.match(await talk(listener.port, "\u0000\u0001\u0002garbage\r\n\r\n"), /^HTTP\/1\.1 400/);
    assert.equal(await talk(listener.port, "\u0016\u0003\u0001"), "");
    assert.equal(
      await talk(listener.port, "PRI * HTTP/2.0\r\n\r\nnonsense-nonsense-nonsense").then((text) =>
        text.includes("HTTP/1.1"),
      ),
      false,
    );
  });

  it("refuses connections beyond its limit", async () => {
    const held = Array.from({ length: LIMITS.maxConnections }, () => connect(listener.port, "127.0.0.1"));
    await Promise.all(held.map((socket) => new Promise((resolve) => socket.once("connect", resolve))));
    assert.equal(await talk(listener.port, "GET / HTTP/1.1\r\nhost: x\r\n\r\n"), "");
    for (const socket of held) socket.destroy();
  });

  it("drains: refuses new connections, lets a running request finish", async () => {
    const own = await startListener({ host: "127.0.0.1", port: 0, certificate: undefined, limits: LIMITS, onRequest });
    const running = talk(own.port, "GET /slow HTTP/1.1\r\nhost: x\r\n\r\n");
    while (slow.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const drained = own.drain(5000);
    const response = slow.pop()!;
    assert.equal(await talk(own.port, "GET / HTTP/1.1\r\nhost: x\r\n\r\n"), "");
    response.writeHead(200, { "content-length": 4 });
    response.end("done");
    assert.ok((await running).endsWith("done"));
    await drained;
    assert.equal(own.connections(), 0);
  });

  it("does not wait for an idle HTTP/2 session", async () => {
    const own = await startListener({ host: "127.0.0.1", port: 0, certificate: undefined, limits: LIMITS, onRequest });
    const session = connectHttp2(`http://127.0.0.1:${own.port}`);
    session.on("error", () => {});
    const stream = session.request({ ":method": "GET", ":path": "/" });
    stream.resume();
    await once(stream, "close");
    const startMs = performance.now();
    await own.drain(10_000);
    assert.ok(performance.now() - startMs < 8000, "the drain would wait ten seconds");
    session.destroy();
  });

  it("lets a request on HTTP/2 finish before it disconnects", async () => {
    const own = await startListener({ host: "127.0.0.1", port: 0, certificate: undefined, limits: LIMITS, onRequest });
    const session = connectHttp2(`http://127.0.0.1:${own.port}`);
    session.on("error", () => {});
    const stream = session.request({ ":method": "GET", ":path": "/slow" });
    let heard = "";
    stream.on("data", (chunk: Buffer) => {
      heard += chunk.toString();
    });
    while (slow.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const drained = own.drain(10_000);
    const response = slow.pop()!;
    setTimeout(() => {
      response.writeHead(200, {});
      response.end("x".repeat(100_000));
    }, 100);
    await once(stream, "close");
    await drained;
    assert.equal(heard.length, 100_000);
    session.destroy();
  });

  it("disconnects what does not finish within the grace period", async () => {
    const own = await startListener({ host: "127.0.0.1", port: 0, certificate: undefined, limits: LIMITS, onRequest });
    const running = talk(own.port, "GET /slow HTTP/1.1\r\nhost: x\r\n\r\n");
    while (slow.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await own.drain(50);
    assert.equal(await running, "");
    slow.pop();
  });
});
