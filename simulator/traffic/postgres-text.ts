/** Tables as Postgres writes them in its own text form: dumps of pg_dump, and what COPY and \copy write without `csv`. */

/** Of a dump, the table that holds requests. */
const TABLE = "LiteLLM_SpendLogs";
const COPY = /^COPY (?:\S+\.)?"?(\w+)"? \((.*)\) FROM stdin;\s*$/;
/** Ends the rows of a table. */
const END = "\\.";

/** A command that writes the table in a form that is read whatever its texts hold. */
export const COPY_COMMAND = String.raw`psql -c "\copy \"${TABLE}\" to 'spend.csv' csv header"`;

/** Whether a file with this first line is a dump of a database: those of pg_dump begin with a comment. */
export function isDump(firstLine: string): boolean {
  return /^(--$|-- PostgreSQL|COPY \S+ \()/.test(firstLine);
}

/** Finds the rows of spend logs in a dump. */
export class DumpLines {
  /** Columns of the table whose rows come, in the order of their cells. */
  columns: readonly string[] | undefined;
  private isOther = false;

  /** Cells of a row of the table; undefined for any other line. */
  take(line: string): readonly string[] | undefined {
    if (this.columns !== undefined || this.isOther) {
      if (line !== END) return this.isOther ? undefined : copyCells(line);
      this.columns = undefined;
      this.isOther = false;
      return undefined;
    }
    const match = COPY.exec(line);
    if (match === null) return undefined;
    if (match[1] === TABLE) this.columns = match[2]!.split(", ").map((name) => name.replace(/^"|"$/g, ""));
    else this.isOther = true;
    return undefined;
  }
}

/** Whether a line with tabs is a row as COPY writes it: nulls, or JSON without quotes around it. */
export function isCopyRow(line: string): boolean {
  return line.split("\t").some((cell) => cell === "\\N" || cell.startsWith('{"') || cell.startsWith('[{"'));
}

/**
 * The cells of a row in the text form of COPY; null is an empty cell.
 *
 * @example copyCells("a\\tb\t\\N\t1") // => ["a\tb", "", "1"]
 */
export function copyCells(line: string): string[] {
  return line
    .split("\t")
    .map((cell) => (cell === "\\N" ? "" : cell.includes("\\") ? cell.replace(/\\(.)/g, unescaped) : cell));
}

const SIGNS: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };

function unescaped(_escape: string, sign: string): string {
  return SIGNS[sign] ?? sign;
}
