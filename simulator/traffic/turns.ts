/** The turns of a class's sessions, drawn from its laws or taken from its recording. */
import { purposeKey } from "../random/keyed-random.ts";
import { createLaw, type LawSpec } from "../random/laws/index.ts";
import { compileSampler } from "../random/sampler.ts";
import { keyedDraw, recordedTurns } from "./recorded-sessions.ts";
import { type DrawnSessions, type SessionTraffic, TURNS_MAX, type Turns } from "./sessions.ts";
import { type LengthSpec, lengthLaw } from "./tokens.ts";

/**
 * The turns of a class. Draws are keyed by (seed, class, session, turn), so that every strategy meets the same session.
 *
 * @throws MeridianError TRAFFIC_*, SESSIONS_* where what they need is missing
 */
export function createTurns(traffic: SessionTraffic, seed: number, replication = 0): Turns {
  const spec = traffic.sessions!;
  const keyOf = (what: string) => purposeKey(seed, `sessions/${replication}/${traffic.name}/${what}`);
  if (spec.kind === "drawn") return drawnTurns(traffic, spec, keyOf);
  const turns = recordedTurns(traffic, spec, keyOf("think"));
  const maxTokens = maxTokensOf(traffic, keyOf("maxTokens"));
  return maxTokens === undefined ? turns : { ...turns, maxTokens };
}

const TOKENS_MAX = 2 ** 31 - 1;

function drawnTurns(traffic: SessionTraffic, spec: DrawnSessions, keyOf: (what: string) => number): Turns {
  const drawOf = (what: string, law: LawSpec) => keyedDraw(compileSampler(createLaw(law)), keyOf(what));
  const turns = spec.turns === null ? null : drawOf("turns", spec.turns);
  const message = drawOf("message", spec.message);
  const output = drawOf("output", lengthOf(traffic, "output"));
  return {
    cache: spec.cache,
    endsOnFailure: spec.afterFailure === "end",
    contextMax: spec.contextMax ?? Number.POSITIVE_INFINITY,
    count: (session) => (turns === null ? TURNS_MAX : Math.max(1, Math.min(TURNS_MAX, Math.round(turns(session, 0))))),
    thinkMs: drawOf("think", spec.thinkMs),
    inputTokens: (session, turn, contextTokens) =>
      wholeTokens(contextTokens + wholeTokens(message(session, turn), 0), 1),
    outputTokens: (session, turn) => wholeTokens(output(session, turn), 1),
    maxTokens: maxTokensOf(traffic, keyOf("maxTokens")) ?? (() => 0),
    cacheableTokens: (_session, _turn, inputTokens) => inputTokens,
  };
}

/** The limits of later turns by the class's spec; undefined where it says nothing. */
function maxTokensOf(traffic: SessionTraffic, key: number): Turns["maxTokens"] | undefined {
  const spec = traffic.tokens?.maxTokens;
  if (spec === undefined) return undefined;
  if (spec.kind === "unset") return () => 0;
  if (spec.kind === "outputTimes") {
    return (_session, _turn, outputTokens) => Math.min(TOKENS_MAX, Math.ceil(spec.factor * outputTokens));
  }
  const draw = keyedDraw(compileSampler(createLaw(lengthOf(traffic, "maxTokens"))), key);
  return (session, turn) => wholeTokens(draw(session, turn), 1);
}

function wholeTokens(value: number, least: number): number {
  return Math.max(least, Math.min(TOKENS_MAX, Math.round(value)));
}

function lengthOf(traffic: SessionTraffic, what: "output" | "maxTokens"): LawSpec {
  const { name: className, recordings = {}, tokens = {} } = traffic;
  return lengthLaw(tokens[what] as LengthSpec | undefined, what, { className, recordings });
}
