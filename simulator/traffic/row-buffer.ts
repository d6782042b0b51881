import { MeridianError } from "../errors.ts";
import type { RecordedColumns } from "./recording.ts";
import type { RowPlace } from "./trace-format.ts";
import { rowError } from "./trace-format.ts";

/** One recorded request; what a format does not have is left out in every row. */
export interface RecordedRow {
  readonly timeMs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly maxTokens?: number;
  readonly prefixTokens?: number;
  readonly prefixId?: number;
  readonly className?: string;
  readonly originName?: string;
}

/** Most different labels of one kind: what a column of 16-bit indices can tell apart. */
const LABELS_MAX = 65_536;

/** Collects rows and gives them back as columns, ascending in time (rows of equal time stay in the file's order). */
export class RowBuffer {
  private readonly timeMs: number[] = [];
  private readonly inputTokens: number[] = [];
  private readonly outputTokens: number[] = [];
  private readonly maxTokens: number[] = [];
  private readonly prefixTokens: number[] = [];
  private readonly prefixId: number[] = [];
  private readonly classes = new Labels();
  private readonly origins = new Labels();

  private readonly source: string;

  constructor(source: string) {
    this.source = source;
  }

  add(row: RecordedRow, place: RowPlace): void {
    this.timeMs.push(row.timeMs);
    this.inputTokens.push(row.inputTokens);
    this.outputTokens.push(row.outputTokens);
    if (row.maxTokens !== undefined) this.maxTokens.push(row.maxTokens);
    if (row.prefixTokens !== undefined) this.prefixTokens.push(row.prefixTokens);
    if (row.prefixId !== undefined) this.prefixId.push(row.prefixId);
    if (row.className !== undefined) this.classes.add(row.className, place);
    if (row.originName !== undefined) this.origins.add(row.originName, place);
  }

  /** @throws MeridianError TRACE_EMPTY if there is no row */
  finish(): RecordedColumns {
    const rows = this.timeMs.length;
    if (rows === 0) {
      throw new MeridianError("data", {
        code: "TRACE_EMPTY",
        where: this.source,
        what: "the recording has no requests",
        fix: "a trace needs at least one row below its header",
      });
    }
    const order = this.timeOrder();
    const column = (values: readonly number[]) => Int32Array.from({ length: rows }, (_, i) => values[order(i)]!);
    const labels = (list: Labels) => Uint16Array.from({ length: rows }, (_, i) => list.indices[order(i)]!);
    return {
      arrivalMs: Float64Array.from({ length: rows }, (_, i) => this.timeMs[order(i)]!),
      inputTokens: column(this.inputTokens),
      outputTokens: column(this.outputTokens),
      ...(this.maxTokens.length === rows ? { maxTokens: column(this.maxTokens) } : {}),
      ...(this.prefixTokens.length === rows ? { prefixTokens: column(this.prefixTokens) } : {}),
      ...(this.prefixId.length === rows ? { prefixId: column(this.prefixId) } : {}),
      ...(this.classes.hasNames && this.classes.indices.length === rows
        ? { classIndex: labels(this.classes), classNames: this.classes.names }
        : {}),
      ...(this.origins.hasNames && this.origins.indices.length === rows
        ? { originIndex: labels(this.origins), originNames: this.origins.names }
        : {}),
    };
  }

  private timeOrder(): (i: number) => number {
    const { timeMs } = this;
    const isSorted = timeMs.every((time, i) => i === 0 || time >= timeMs[i - 1]!);
    if (isSorted) return (i) => i;
    const order = timeMs.map((_, i) => i).sort((a, b) => timeMs[a]! - timeMs[b]! || a - b);
    return (i) => order[i]!;
  }
}

/** Text labels as indices, in order of first appearance. */
class Labels {
  readonly names: string[] = [];
  readonly indices: number[] = [];
  private readonly known = new Map<string, number>();

  /** Whether any row has a label that is not empty. */
  get hasNames(): boolean {
    return this.names.some((name) => name !== "");
  }

  add(name: string, place: RowPlace): void {
    let index = this.known.get(name);
    if (index === undefined) {
      index = this.names.length;
      if (index === LABELS_MAX) {
        throw rowError(place, "TRACE_TOO_MANY_LABELS", `more than ${LABELS_MAX} different labels`, "use fewer classes");
      }
      this.names.push(name);
      this.known.set(name, index);
    }
    this.indices.push(index);
  }
}
