import type { AttemptRow } from "./rows.ts";

/** What an endpoint itself knows of an attempt, which its caller may not. One JSON object a line when written down. */
export interface EndpointRecord {
  /** Request and attempt, `17.0`. */
  readonly id: string;
  /** Region that ran it; null where nobody knows or none did. */
  readonly region: string | null;
  /** Tokens that it is billed for, in the order of `AttemptRow.u`; null where the answer says it, or there is none. */
  readonly usage: AttemptRow["u"];
}

export type EndpointRecords = ReadonlyMap<string, EndpointRecord>;

export function recordOf(records: EndpointRecords, { i, o }: Pick<AttemptRow, "i" | "o">): EndpointRecord | undefined {
  return records.get(`${i}.${o}`);
}

/**
 * Gives attempts that their caller gave up the tokens that the endpoint counted: the service runs such calls to their
 * end and bills them (docs/decisions/emulator-given-up-calls.md). What the end of the run cut off is billed by nobody.
 */
export function settled(attempts: readonly AttemptRow[], records: EndpointRecords): readonly AttemptRow[] {
  return attempts.map((attempt) => {
    if (attempt.u !== null || attempt.k !== "timeout") return attempt;
    const usage = recordOf(records, attempt)?.usage ?? null;
    return usage === null ? attempt : { ...attempt, u: usage };
  });
}
