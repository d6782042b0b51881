/** Reports of a validation: pure functions of `validation.json`. */
export { renderValidationHtml } from "./html.ts";
export { renderValidationMarkdown } from "./markdown.ts";
export { renderValidationTerminal } from "./terminal.ts";
