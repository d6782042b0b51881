import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { END } from "../../../simulator/client/request-rules.ts";
import { FIELD } from "../../../simulator/engine/recorder.ts";
import { MeridianError } from "../../../simulator/errors.ts";
import type { GroupStats } from "../../../simulator/experiment/group-stats.ts";
import { checkInvariants } from "../../../simulator/experiment/invariants.ts";
import type { Plan } from "../../../simulator/scenario/plan.ts";
import { createLedger } from "../../../simulator/world/pricing/ledger.ts";
import { group, latency } from "./fixtures.ts";

type Checked = Parameters<typeof checkInvariants>[0];

const half = () => group({ sent: 500, served: 450, usd: 2.5 });

function checked(): Checked {
  return {
    plan: { durationMs: 3_600_000 } as Plan,
    total: group({ sent: 1000, served: 900, usd: 5 }),
    byClass: [half(), half()],
    byRegion: [half(), half()],
    byHour: [half(), half()],
    ledger: createLedger({ epochs: 1, placements: 1, classes: 1 }),
    arrived: Float64Array.of(500, 500),
  };
}

function broken(damage: (it: Checked) => Checked | undefined): string {
  const it = checked();
  const damaged = damage(it) ?? it;
  try {
    checkInvariants(damaged);
  } catch (error) {
    assert.ok(error instanceof MeridianError && error.kind === "internal");
    return error.message;
  }
  return "";
}

const withTotal = (over: Partial<GroupStats>) => (it: Checked) => ({ ...it, total: { ...it.total, ...over } });

describe("what must hold in every run", () => {
  it("holds here", () =>
    assert.equal(
      broken(() => undefined),
      "",
    ));

  it("each invariant stops the run by its name when it is broken", () => {
    const set = (index: number, by: number) => (it: Checked) => {
      it.total.fields[index]! += by;
      return undefined;
    };
    assert.match(broken(set(END.served, 1)), /I1 /);
    assert.match(broken(withTotal({ e2e: latency(899, 1) })), /I2 /);
    assert.match(broken(set(FIELD.attemptsThrottled, 5000)), /I3 /);
    assert.match(broken(withTotal({ wait: { ...latency(900, 1), mean: -0.5 } })), /I4 /);
    assert.match(broken(withTotal({ ttft: { ...latency(900, 1), mean: 1e9 } })), /I5 /);
    assert.match(
      broken((it) => void (it.ledger.tokens[0] = -1)),
      /I6 /,
    );
    assert.match(
      broken((it) => void (it.ledger.tokens[1] = 0.5)),
      /I6 /,
    );
    assert.match(broken(set(FIELD.retried, 1)), /I7 .*classes/);
    assert.match(
      broken((it) => ({ ...it, byRegion: [half()] })),
      /I7 .*regions/,
    );
    assert.match(
      broken((it) => ({ ...it, byHour: [half()] })),
      /I7 .*hours/,
    );
    assert.match(
      broken((it) => ({ ...it, byClass: [half(), group({ sent: 500, served: 450, usd: 2.6 })] })),
      /I8 .*classes/,
    );
    assert.match(
      broken((it) => ({ ...it, arrived: Float64Array.of(500, 501) })),
      /I9 /,
    );
  });

  it("a run longer than the hours that are kept has no sum over hours", () => {
    assert.equal(
      broken((it) => ({ ...it, byHour: [], plan: { durationMs: Number.POSITIVE_INFINITY } as Plan })),
      "",
    );
  });
});
