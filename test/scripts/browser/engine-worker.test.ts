import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { runInNewContext } from "node:vm";
import { parse } from "yaml";
import { bundleEngine } from "../../../scripts/browser/bundle-engine.ts";
import type { Job, Reply } from "../../../scripts/browser/engine-worker.ts";
import { prepareText } from "../../../scripts/io/experiment.ts";
import { loadModelFactsData, loadScenarioInputs } from "../../../scripts/io/scenario-inputs.ts";
import { assembleResult, planJobs, runJob } from "../../../simulator/experiment/index.ts";
import { scenarioSchema } from "../../../simulator/scenario/schema.ts";

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
  const replies: Reply[] = [];
  const scope: { onmessage?: (event: { data: Job }) => void } & Record<string, unknown> = {
    postMessage: (reply: Reply) => replies.push(JSON.parse(JSON.stringify(reply))),
    performance: { now: () => performance.now() },
    URL,
    TextEncoder,
    TextDecoder,
  };
  runInNewContext(text, scope);
  return { replies, post: (data: Job) => scope.onmessage!({ data: structuredClone(data) }) };
}

async function jobOf(id: number, scenario: unknown): Promise<Job> {
  const { inputs } = await loadScenarioInputs(scenarioSchema.parse(parse(SCENARIO)), FILE);
  return { id, scenario, inputs: { ...inputs, models: await loadModelFactsData() }, meridianVersion: "0" };
}

describe("the engine in a browser's worker", () => {
  let text = "";

  before(async () => {
    text = await bundleEngine();
  });

  it("gives the result of Node, to the last bit", async () => {
    const worker = startWorker(text);
    worker.post(await jobOf(7, parse(SCENARIO)));
    const last = worker.replies.at(-1)!;
    assert.equal(last.kind, "result", JSON.stringify(last).slice(0, 300));
    assert.equal(last.id, 7);

    const { plan } = (await prepareText(SCENARIO, FILE)).inputs;
    const outputs = planJobs(plan, 1).map((job) => {
      const steps = runJob({ plan }, job);
      for (;;) {
        const step = steps.next();
        if (step.done === true) return step.value;
      }
    });
    const here = assembleResult({ plan }, outputs, { scenarioSha256: "", meridianVersion: "0", traces: [] });
    assert.deepEqual(last.kind === "result" && last.result, JSON.parse(JSON.stringify(here)));
  });

  it("answers a failure of its own too, so that a page never waits for nothing", async () => {
    await import("../../../scripts/browser/engine-worker.ts");
    const replies: Reply[] = [];
    const scope = globalThis as unknown as { onmessage: (event: { data: Job }) => void; postMessage: unknown };
    scope.postMessage = (reply: Reply) => replies.push(reply);
    const job = await jobOf(9, parse(SCENARIO));
    scope.onmessage({ data: { ...job, inputs: { ...job.inputs, models: null as never } } });
    assert.ok(replies[0]?.kind === "problems");
    assert.deepEqual([replies[0].id, replies[0].problems[0]!.code], [9, "INTERNAL"]);
  });

  it("answers a wrong scenario with its problems", async () => {
    const worker = startWorker(text);
    worker.post(await jobOf(8, { ...parse(SCENARIO), seed: "x", requests: -1 }));
    const [reply] = worker.replies;
    assert.ok(reply?.kind === "problems");
    assert.deepEqual(reply.problems.map(({ where }) => where).sort(), ["requests", "seed"]);
  });
});
