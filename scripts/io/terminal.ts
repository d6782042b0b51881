/** What a command writes and asks on a terminal: results on stdout, everything else on stderr. */
import { interrupted } from "./worker-pool.ts";

/**
 * Where a command writes. Results go to `out` (stdout); everything else, progress and notes and problems, goes to
 * `note` and `problem` (stderr), so that `meridian ... --json | jq` always reads exactly one document.
 */
export interface Terminal {
  /** A result, on stdout. */
  out(text: string): void;
  /** A remark, on stderr; silent under --quiet. */
  note(text: string): void;
  /** Something is wrong, on stderr; never silent. */
  problem(text: string): void;
  /** Colour on stdout. */
  readonly colour: boolean;
  /** Columns of stdout, 80 when it is not a terminal or does not know its width. */
  readonly width: number;
  /** True when stderr can redraw a line. */
  readonly live: boolean;
  readonly quiet: boolean;
}

export interface TerminalOptions {
  readonly quiet?: boolean | undefined;
  /** False for --no-color. */
  readonly color?: boolean | undefined;
}

/** A stream as far as a terminal needs it: process.stdout, or a collector in a test. */
export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface TerminalStreams {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Precedence for colour: --no-color, then NO_COLOR (any non-empty value), then FORCE_COLOR, then "is it a TTY". */
export function createTerminal(options: TerminalOptions, streams: TerminalStreams = process): Terminal {
  const { stdout, stderr, env } = streams;
  const quiet = options.quiet === true;
  const colour = wantsColour(options, stdout, env);
  return {
    out: (text) => void stdout.write(`${safeText(text, colour)}\n`),
    note: (text) => {
      if (!quiet) stderr.write(`${safeText(text, false)}\n`);
    },
    problem: (text) => void stderr.write(`${safeText(text, false)}\n`),
    colour,
    width: stdout.isTTY === true ? Math.max(40, stdout.columns || 80) : 80,
    live: stderr.isTTY === true && !isSet(env.CI) && env.TERM !== "dumb",
    quiet,
  };
}

/** Control characters but for line ends (of CSV, too) and tabs; the first alternative is a colour of our own. */
const CONTROLS = new RegExp(`(${"\u001b"}\\[[\\d;]*m)|(?![\\n\\t]|\\r\\n)[\\p{Cc}\\p{Cf}\\u2028\\u2029]`, "gu");

/**
 * Text that cannot command who reads it: no escape codes of a terminal, and no workflow commands of GitHub's runners,
 * which read every line for a leading `::` and for `##[`. Names come from files, and files from anywhere.
 *
 * @param keepsColours whether colours stay; names were cleaned before they were put among them
 * @example safeText("::error::x", false) // => ":·:error::x"
 * @example safeText("a\u001b]0;title\u0007b", true) // => "a·]0;title·b"
 */
export function safeText(text: string, keepsColours: boolean): string {
  // Of a JSON document the values must stay: they are escaped, not replaced.
  if (text.startsWith("{")) return text.replaceAll("##[", "##\\u005b").replace(CONTROLS, escaped);
  return text
    .replace(CONTROLS, (found, colour?: string) => (keepsColours && colour !== undefined ? found : "·"))
    .replace(/^(\s*):(?=:)/gm, "$1:·")
    .replaceAll("##[", "##·[");
}

function escaped(found: string): string {
  return [...found].map((each) => `\\u${each.codePointAt(0)!.toString(16).padStart(4, "0")}`).join("");
}

function wantsColour(options: TerminalOptions, stdout: OutputStream, env: TerminalStreams["env"]): boolean {
  if (options.color === false || isSet(env.NO_COLOR)) return false;
  if (isSet(env.FORCE_COLOR)) return env.FORCE_COLOR !== "0";
  return stdout.isTTY === true && env.TERM !== "dumb";
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== "";
}

/**
 * Asks a question on stderr and waits for a line of stdin; undefined where one of the two is no terminal.
 *
 * @throws MeridianError INTERRUPTED from the question, when the signal fires while it waits
 */
export function terminalAsk(
  signal: AbortSignal,
  streams: { readonly stdin: NodeJS.ReadStream; readonly stderr: NodeJS.WriteStream } = process,
): ((question: string) => Promise<string>) | undefined {
  const { stdin, stderr } = streams;
  if (stdin.isTTY !== true || stderr.isTTY !== true) return undefined;
  return async (question) => {
    const { createInterface } = await import("node:readline/promises");
    const lines = createInterface({ input: stdin, output: stderr });
    try {
      // A closed input (Ctrl-D) is no answer.
      const closed = new Promise<string>((resolve) => lines.once("close", () => resolve("")));
      const interrupt = new Promise<never>((_, reject) => lines.once("SIGINT", () => reject(interrupted())));
      return await Promise.race([lines.question(question, { signal }), closed, interrupt]);
    } catch (error) {
      throw signal.aborted ? interrupted() : error;
    } finally {
      lines.close();
    }
  };
}
