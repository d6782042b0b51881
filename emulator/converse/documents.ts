/** What Converse asks of the documents in a request's messages. */
import { ServiceError } from "../http/errors.ts";
import { asText, isObject, type JsonObject } from "../http/request-body.ts";

const DOCUMENTS_MAX = 5;
/**
 * What the service takes is wider than what it says: underscores, and a blank at either end, pass; a tab or a wide blank
 * does not.
 */
const NAME = /^[A-Za-z0-9_()[\] -]*$/;

/**
 * Refuses documents by name, number and company. The blocks' shapes have been checked.
 *
 * @param messages their content blocks
 * @throws ServiceError ValidationException with the service's words
 * Source: Amazon Bedrock API reference, DocumentBlock and Message; texts and the blanks that pass as quoted and measured in
 * public issue threads (vercel/ai#20365, aws-samples/generative-ai-use-cases#1671 and #1685, maximhq/bifrost#5817).
 */
export function refuseDocuments(messages: readonly (readonly JsonObject[])[]): void {
  const names = messages.flatMap((blocks) => {
    const documents = blocks.flatMap(({ document }) => (isObject(document) ? [asText(document.name)] : []));
    const hasText = blocks.some(({ text }) => text !== undefined && text !== null);
    if (documents.length > 0 && !hasText) throw invalid("A text block must be included when using documents.");
    return documents;
  });
  if (names.some((name) => !isName(name))) {
    throw invalid(
      "The document file name can only contain alphanumeric characters, whitespace characters, hyphens, parentheses, and square brackets. The name can't contain more than one consecutive whitespace character. Check that the file name conforms to these restrictions and retry your request.",
    );
  }
  if (new Set(names).size < names.length) throw invalid("Messages can't contain duplicate document names.");
  if (names.length > DOCUMENTS_MAX) throw invalid("You can't include more than 5 documents in a request.");
}

/** One blank may stand between words, not two. */
function isName(name: string): boolean {
  return NAME.test(name) && !name.includes("  ");
}

function invalid(message: string): ServiceError {
  return new ServiceError("ValidationException", message);
}
