import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { runInNewContext } from "node:vm";
import { browserProgram, workerWith } from "../../../scripts/browser/bundle.ts";
import { prepareText } from "../../../scripts/io/experiment.ts";
import { inputsOfText } from "../../../scripts/playground/load.ts";
import type { Ask, Reply } from "../../../scripts/playground/messages.ts";
import { assembleResult, boundOf, planJobs, runJob } from "../../../simulator/experiment/index.ts";

const FILE = "small.yaml";
const SCENARIO = `
name: small
seed: 3
requests: 3000
replications: 2
world:
  regions: [us-east-1, eu-west-1]
  models:
    m:
      id: amazon.nova-pro-v1:0
      capacity: { kind: batching, stepBase: 9ms, stepPerSequence: 0.1ms, prefill: { base: 300ms }, maxBatch: 40 }
traffic:
  - class: chat
    arrivals: { poisson: 8/s }
    tokens: { input: 1200, output: { exponential: { mean: 250 } }, maxTokens: 800 }
    origin: { eu-west-1: 0.6, us-east-1: 0.4 }
strategies: [least-outstanding, { cheapest-within: { p95: 9s } }]
client: { timeout: 20s }
`;

/** A worker's global object and no more: what the engine would ask Node for is not there. */
function startWorker(text: string) {
  let heard: ((reply: Reply) => void) | undefined;
  const scope: { onmessage?: (event: { data: Ask }) => void } & Record<string, unknown> = {
    postMessage: (reply: Reply) => heard?.(JSON.parse(JSON.stringify(reply))),
    performance: { now: () => performance.now() },
    setTimeout,
    URL,
    TextEncoder,
    TextDecoder,
  };
  // What a page's policy refuses.
  runInNewContext(text, scope, { contextCodeGeneration: { strings: false, wasm: false } });
  return {
    post: (data: Ask) => scope.onmessage!({ data: structuredClone(data) }),
    /** The next reply of one of these kinds. */
    next: <K extends Reply["kind"]>(...kinds: readonly K[]) =>
      new Promise<Extract<Reply, { kind: K }>>((resolve) => {
        heard = (reply) => {
          if (kinds.includes(reply.kind as K)) resolve(reply as Extract<Reply, { kind: K }>);
        };
      }),
  };
}

describe("the playground's worker, bundled", () => {
  let text = "";
  let worker: ReturnType<typeof startWorker>;

  before(async () => {
    text = await browserProgram("worker");
    worker = startWorker(text);
    const { inputs } = await inputsOfText(SCENARIO, FILE);
    worker.post({ kind: "inputs", inputs, file: FILE, meridianVersion: "0" });
  });

  it("is small, and asks neither for Node nor for the right to make code of text", () => {
    assert.ok(text.length < 1_000_000, `${text.length} characters`);
    assert.doesNotMatch(text, /<\/script|<!--/);
  });

  it("gives the result of Node, to the last bit", async () => {
    const checked = worker.next("checked");
    worker.post({ kind: "scenario", id: 1, text: SCENARIO });
    assert.deepEqual((await checked).problems, []);
    const answered = worker.next("answer", "problems");
    worker.post({ kind: "run", id: 2, values: {}, theme: "light" });
    const answer = await answered;
    assert.ok(answer.kind === "answer", JSON.stringify(answer));
    const asked = worker.next("result");
    worker.post({ kind: "result", id: 3 });
    const { result } = await asked;

    const { plan } = (await prepareText(SCENARIO, FILE)).inputs;
    const outputs = planJobs({ plan }, 1).map((job) => {
      const steps = runJob({ plan }, job);
      for (;;) {
        const step = steps.next();
        if (step.done === true) return step.value;
      }
    });
    const here = assembleResult({ plan }, outputs, { scenarioSha256: "", meridianVersion: "0", traces: [] });
    const bound = boundOf(plan, outputs, null);
    assert.deepEqual(result, JSON.parse(JSON.stringify({ ...here, bound })));
    assert.equal(answer.answer.headline, here.verdictSentences![0]);
    assert.match(answer.answer.frontierSvg, /^<svg role="img" aria-label="[^"]+least-outstanding/);
  });

  it("answers a wrong scenario with the problems of check, each with its line", async () => {
    const checked = worker.next("checked");
    worker.post({
      kind: "scenario",
      id: 4,
      text: SCENARIO.replace("seed: 3", "seed: x").replace("8/s", "8 per second"),
    });
    const { problems, knobs } = await checked;
    assert.deepEqual(
      problems.map(({ line }) => line),
      [3, 14],
    );
    assert.ok(problems.every(({ fix }) => fix !== undefined));
    assert.deepEqual(knobs, []);
  });

  it("runs a strategy of the user's own that came with its script, and says so of one that did not", async () => {
    const folder = mkdtempSync(join(tmpdir(), "meridian-playground-"));
    const own = SCENARIO.replace("least-outstanding,", "least-outstanding, { file: ./last.ts },");
    const file = join(folder, FILE);
    try {
      writeFileSync(join(folder, "last.ts"), LAST);
      const { inputs } = await inputsOfText(own, file);
      for (const [script, isRun] of [
        [await workerWith(inputs.strategySources!), true],
        [text, false],
      ] as const) {
        const another = startWorker(script);
        another.post({ kind: "inputs", inputs, file, meridianVersion: "0" });
        const checked = another.next("checked");
        another.post({ kind: "scenario", id: 1, text: own });
        const { problems } = await checked;
        if (!isRun) {
          assert.match(problems[0]!.what, /runs no code that came after it was opened/);
          continue;
        }
        assert.deepEqual(problems, []);
        const answered = another.next("answer", "problems");
        another.post({ kind: "run", id: 2, values: {}, theme: "light" });
        assert.equal((await answered).kind, "answer");
        const asked = another.next("result");
        another.post({ kind: "result", id: 3 });
        const [, last] = (await asked).result!.strategies;
        assert.equal(last!.name, "last");
        // All of it goes to the last region.
        const here = last!.byRegion.map(({ name, counts }) => [name, counts.served > 0]);
        assert.deepEqual(here, [
          ["us-east-1", false],
          ["eu-west-1", true],
        ]);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** A strategy that imports from the package. */
const LAST = `import { defineStrategy } from "meridian/strategies";
export const last = defineStrategy({
  name: "last", summary: "The last target.", options: {}, signals: [],
  create: () => ({ choose: (_request, { eligible, eligibleCount }) => eligible[eligibleCount - 1]! }),
});
`;
