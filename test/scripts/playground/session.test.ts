import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { prepareText } from "../../../scripts/io/experiment.ts";
import { parseScenario } from "../../../scripts/io/scenario-text.ts";
import { explorableOf, inputsOfText, playgroundOf } from "../../../scripts/playground/load.ts";
import type { Ask, Reply, RunAsk } from "../../../scripts/playground/messages.ts";
import { packInputs, unpackInputs } from "../../../scripts/playground/pack-inputs.ts";
import { adjusted, partOf, REQUESTS_AT_FIRST } from "../../../scripts/playground/part-of-run.ts";
import { missingNames, PlaygroundSession } from "../../../scripts/playground/session.ts";
import { scenarioSchema } from "../../../simulator/scenario/schema.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");
const FILE = "small.yaml";
const TEXT = `
name: small
duration: 10m
replications: 3
world:
  regions: [us-east-1, eu-west-1]
  models: { m: { id: amazon.nova-pro-v1:0, capacity: { kind: slots, servers: 12, service: { exponential: { mean: 1s } } } } }
traffic:
  - class: chat
    arrivals: { poisson: 5/s }
    tokens: { input: 1200, output: 100, maxTokens: 800 }
    slo: { e2e: 5s }
strategies: [{ single: { target: us-east-1 } }, round-robin]
`;

/** A session whose replies are kept; `during` is called at each pause of a run. */
function session(during: () => void = () => {}) {
  const replies: Reply[] = [];
  const one = new PlaygroundSession({
    post: (reply) => replies.push(structuredClone(reply)),
    nowMs: () => performance.now(),
    pause: async () => during(),
  });
  const ask = async <K extends Reply["kind"]>(message: Ask, kind: K): Promise<Extract<Reply, { kind: K }>> => {
    await one.handle(structuredClone(message));
    const found = replies.findLast((reply) => reply.kind === kind);
    assert.ok(found !== undefined, `the last reply is ${replies.at(-1)?.kind}`);
    return found as Extract<Reply, { kind: K }>;
  };
  return { one, ask, replies };
}

const PART = { requestsMax: 20_000, workers: 1 };
const run = (more: Partial<RunAsk>): RunAsk => ({
  kind: "run",
  id: 2,
  values: {},
  part: PART,
  theme: "light",
  ...more,
});

describe("a session of the playground", () => {
  const { ask, one, replies } = session();

  before(async () => {
    const { inputs } = await inputsOfText(TEXT, FILE);
    await one.handle({ kind: "inputs", inputs: unpackInputs(packInputs(inputs)), file: FILE, meridianVersion: "0" });
    const { problems, knobs, missing } = await ask({ kind: "scenario", id: 1, text: TEXT }, "checked");
    assert.deepEqual([problems, missing, knobs.length], [[], [], 5]);
  });

  it("a part is the first replication, whole where it is short", async () => {
    const { answer, extent } = await ask(run({}), "answer");
    assert.deepEqual([extent.replications, extent.replicationsAsked, extent.firstRequests], [1, 3, undefined]);
    assert.ok(Math.abs(extent.requests - 3_000) < 4 * Math.sqrt(3_000), String(extent.requests));
    assert.match(answer.classesSvg, /objective 5 s/);
  });

  it("twice the load is twice the requests, shown from where it was", async () => {
    const { answer, extent } = await ask(run({ id: 3, values: { load: 2 } }), "answer");
    assert.ok(Math.abs(extent.requests - 6_000) < 4 * Math.sqrt(6_000), String(extent.requests));
    assert.match(answer.frontierSvg, /opacity="0.55"/);
    assert.match(answer.tablesHtml, /id="table-live-strategies"/);
    const drawn = await ask({ kind: "draw", theme: "dark" }, "drawn");
    assert.notEqual(drawn.answer.frontierSvg, answer.frontierSvg);
    assert.equal(drawn.answer.headline, answer.headline);
  });

  it("helpers change nothing but who does the work", async () => {
    const helper = session();
    const { inputs } = await inputsOfText(TEXT, FILE);
    await helper.one.handle({ kind: "inputs", inputs, file: FILE, meridianVersion: "0" });
    await helper.one.handle({ kind: "scenario", id: 1, text: TEXT });
    const alone = await ask(run({ id: 4, values: { load: 1.5 } }), "answer");
    const part = { ...PART, workers: 2 };
    const { output } = await helper.ask({ kind: "help", id: 5, values: { load: 1.5 }, place: 1, ...part }, "helped");
    const together = one.handle(run({ id: 5, values: { load: 1.5 }, part }));
    await one.handle({ kind: "helped", id: 5, output });
    await together;
    const last = replies.at(-1)!;
    assert.ok(last.kind === "answer" && last.id === 5);
    assert.deepEqual(last.answer, alone.answer);
  });

  it("a whole run gives what Node gives, and the file that is saved is that run", async () => {
    const { extent } = await ask(run({ id: 6, values: { load: 1.2 }, part: undefined as never }), "answer");
    assert.equal(extent.replications, 3);
    const { result } = await ask({ kind: "result", id: 7 }, "result");
    const { text } = await ask({ kind: "save", id: 8, values: { load: 1.2 } }, "saved");
    const { plan } = (await prepareText(text, FILE)).inputs;
    assert.match(JSON.stringify(plan.traffic), /"ratePerS":6/);
    assert.equal(result!.strategies.length, 2);
  });

  it("a later message ends a run", async () => {
    const busy = session(() => void busy.one.handle({ kind: "scenario", id: 9, text: TEXT }));
    const { inputs } = await inputsOfText(TEXT, FILE);
    await busy.one.handle({ kind: "inputs", inputs, file: FILE, meridianVersion: "0" });
    const text = TEXT.replace("duration: 10m", "duration: 20h").replace("replications: 3", "replications: 40");
    await busy.one.handle({ kind: "scenario", id: 1, text });
    await busy.one.handle(run({ id: 2, part: undefined as never }));
    assert.deepEqual(
      busy.replies.filter(({ kind }) => kind === "answer"),
      [],
    );
  });

  it("names what it lacks, and every problem with its line", async () => {
    const lacking = TEXT.replace("{ poisson: 5/s }", "{ trace: mine.csv }");
    const checked = await ask({ kind: "scenario", id: 10, text: lacking }, "checked");
    assert.deepEqual(checked.missing, ["mine.csv"]);
    const wrong = TEXT.replace("single: { target: us-east-1 }", "single: { target: us-esat-1 }");
    const { problems } = await ask({ kind: "scenario", id: 11, text: wrong }, "checked");
    assert.deepEqual([problems[0]!.line, problems[0]!.where!.split(" ")[0]], [13, "small.yaml:13"]);
    const refused = await ask(run({ id: 12 }), "problems");
    assert.equal(refused.id, 12);
    await ask({ kind: "scenario", id: 13, text: "a: [" }, "checked");
    assert.equal((await ask({ kind: "save", id: 14, values: {} }, "problems")).problems[0]!.code, "SCENARIO_SYNTAX");
  });
});

describe("how much of a run a part is", () => {
  it("is cut by time, so that costs per month are right, and has no warm-up then", async () => {
    const { plan } = (await prepareText(`warmup: 1m\n${TEXT}`, FILE)).inputs;
    const part = partOf(plan, 1_000);
    assert.deepEqual([part.plan.replications, part.plan.warmup.kind, part.firstRequests], [1, "none", 1_000]);
    assert.ok(Math.abs(part.plan.durationMs - 200_000) < 4 * 6_400, String(part.plan.durationMs));
    assert.ok(Math.abs(part.share! - 1 / 3) < 0.05);
    assert.equal(partOf(plan, 50_000).plan.warmup.kind, "duration");
  });

  it("shrinks where answers take too long, and grows where there is time to spare", () => {
    const done = (tookMs: number, sent: number, answers = 5) => ({
      ...{ tookMs, simulatedMs: tookMs - 20, answers },
      result: { strategies: [{ total: { counts: { sent } } }] } as never,
    });
    assert.equal(adjusted(REQUESTS_AT_FIRST, done(1_000, 20_000, 1)), REQUESTS_AT_FIRST, "a cold start says nothing");
    assert.ok(adjusted(20_000, done(500, 20_000)) < 10_000);
    assert.equal(adjusted(20_000, done(200, 20_000)), 20_000);
    assert.ok(adjusted(20_000, done(50, 20_000)) > 40_000);
    assert.equal(adjusted(20_000, done(50, 3_000)), 20_000, "it was all there is");
    assert.equal(adjusted(2_000, done(5_000, 2_000)), 2_000);
  });
});

describe("what a page starts with", () => {
  it("columns of recordings come out of the package as they went in", async () => {
    const { inputs, text } = await playgroundOf(join(ROOT, "scenarios", "quota-squeeze.yaml"));
    const [name] = Object.keys(inputs.recordings);
    const back = unpackInputs(packInputs(inputs));
    assert.deepEqual(back.recordings[name!], inputs.recordings[name!]);
    assert.equal(JSON.stringify(back.prices), JSON.stringify(inputs.prices));
    assert.deepEqual(
      missingNames(parseScenario(text, FILE, scenarioSchema).value, { ...inputs, models: {} as never }),
      [],
    );
    assert.throws(() => packInputs({ ...inputs, notes: [new Uint8Array(1)] as never }), RangeError);
  });

  it("a file with mistakes is a beginning too; one that is not there is none", async () => {
    await assert.rejects(playgroundOf(join(ROOT, "none.yaml")), /SCENARIO_NOT_FOUND/);
    const { inputs, problems } = await inputsOfText("name: x", FILE);
    assert.deepEqual([Object.keys(inputs.recordings), problems], [[], []]);
  });

  it("a report grows by less than 1.5 MB, or says why it has no playground", async () => {
    const file = join(ROOT, "scenarios", "flagship.yaml");
    const one = await explorableOf(readFileSync(file, "utf8"), file);
    assert.ok("pageScript" in one);
    const bytes = one.pageScript.length + one.worker.length + one.inputs.length;
    assert.ok(bytes < 1_400_000, `${bytes} bytes`);
    assert.doesNotMatch(one.pageScript, /<\/script|<!--/);
    const lacking = await explorableOf(TEXT.replace("{ poisson: 5/s }", "{ trace: mine.csv }"), FILE);
    assert.ok("absence" in lacking && /^traffic\[0\]\.arrivals: there is no/.test(lacking.absence));
  });
});
