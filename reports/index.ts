/** Reports: pure functions from a run record to text. Everything can be rebuilt from `result.json`. */
export { CHARTS } from "./charts/index.ts";
export { renderHtml } from "./html/report.ts";
export { renderMarkdown } from "./text/markdown.ts";
export { renderTerminal, type TerminalOptions } from "./text/terminal.ts";
