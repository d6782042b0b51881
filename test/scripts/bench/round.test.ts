import assert from "node:assert/strict";
import { test } from "node:test";
import { type Program, runRounds } from "../../../scripts/bench/round.ts";

test("programs take turns, each round has its own seed, answers are compared at equal length", async () => {
  const calls: string[] = [];
  const program =
    (name: string): Program =>
    async (model, requests, seed) => {
      calls.push(`${name} ${model} ${requests}`);
      return { seconds: seed, requests, meanMs: 1, p95Ms: 1, throttledShare: 0, failedShare: 0 };
    };
  const plan = { rounds: 2, engineRequests: 40, peerRequests: 10 };
  const done: string[] = [];
  const rounds = await runRounds("r2", plan, program("engine"), program("peer"), (text) => done.push(text));
  assert.deepEqual(calls, ["engine r2 40", "peer r2 10", "engine r2 10", "engine r2 40", "peer r2 10", "engine r2 10"]);
  const seeds = [...rounds.engine, ...rounds.peer, ...rounds.engineShort].map((round) => round.seconds);
  assert.equal(new Set(seeds).size, 6);
  assert.deepEqual(done, ["r2 round 1 of 2", "r2 round 2 of 2"]);
});
