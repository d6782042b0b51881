/** A terminal that shows nothing, for tests of work that reports its progress. */
import type { Terminal } from "../../scripts/io/terminal.ts";

export const SILENT: Terminal = {
  out: () => {},
  note: () => {},
  problem: () => {},
  colour: false,
  width: 80,
  live: false,
  quiet: true,
};
