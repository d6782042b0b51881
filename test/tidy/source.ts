import { type Comment, parseSync } from "oxc-parser";

/** A node of the syntax tree, as far as the rules look at it. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly [field: string]: unknown;
}

export interface SourceFile {
  /** From the project's root, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly body: readonly SyntaxNode[];
  readonly nodes: readonly SyntaxNode[];
  readonly comments: readonly Comment[];
  /** What the file imports or re-exports from. */
  readonly imports: readonly Import[];
  lineAt(offset: number): number;
}

export interface Import {
  readonly from: string;
  readonly start: number;
  /** It asks for types alone, of which nothing runs. */
  readonly isTypes: boolean;
}

/** @throws Error when the file is no TypeScript */
export function parseSource(path: string, text: string): SourceFile {
  const { program, comments, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]!.message}`);
  const nodes: SyntaxNode[] = [];
  collect(program, nodes);
  return {
    path,
    text,
    body: program.body as unknown as readonly SyntaxNode[],
    nodes,
    comments,
    imports: nodes.flatMap(importOf),
    lineAt: (offset) => text.slice(0, offset).split("\n").length,
  };
}

/** Name of an identifier node; undefined for any other node. */
export function nameOf(node: unknown): string | undefined {
  return isNode(node) && node.type === "Identifier" ? String(node.name) : undefined;
}

function collect(value: unknown, into: SyntaxNode[]): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) for (const each of value) collect(each, into);
  else if (isNode(value)) {
    into.push(value);
    for (const key of Object.keys(value)) collect(value[key], into);
  }
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && typeof (value as SyntaxNode).type === "string";
}

const IMPORTING = new Set([
  "ImportDeclaration",
  "ExportNamedDeclaration",
  "ExportAllDeclaration",
  "ImportExpression",
  "TSImportType",
]);

function importOf(node: SyntaxNode): readonly Import[] {
  const source = IMPORTING.has(node.type) ? (node.source as SyntaxNode | null | undefined) : undefined;
  if (typeof source?.value !== "string") return [];
  return [{ from: source.value, start: node.start, isTypes: isOfTypes(node) }];
}

function isOfTypes({ type, importKind, exportKind, specifiers }: SyntaxNode): boolean {
  if (type === "TSImportType" || importKind === "type" || exportKind === "type") return true;
  if (!Array.isArray(specifiers) || specifiers.length === 0) return false;
  return specifiers.every((each) => each.importKind === "type" || each.exportKind === "type");
}
