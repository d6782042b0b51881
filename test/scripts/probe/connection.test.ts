import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { type ConnectionWatch, http1Handler, watchedConnection } from "../../../scripts/probe/connection.ts";

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
