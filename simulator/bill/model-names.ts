/** The model that a bill means: bills write `NovaLite` or `Claude Haiku 4.5 (Amazon Bedrock Edition)`, never an id. */

const MARKETPLACE = /\s*\(Amazon Bedrock Edition\)\s*$/i;

/** Whether a service of this name is a model sold through the marketplace. */
export function isMarketplaceModel(service: string | undefined): boolean {
  return service !== undefined && MARKETPLACE.test(service);
}

/** @example modelNameOf("Claude Haiku 4.5 (Amazon Bedrock Edition)") // => "Claude Haiku 4.5" */
export function modelNameOf(service: string): string {
  return service.replace(MARKETPLACE, "");
}

/** Ids of models by their names as bills write them. */
export interface ModelNames {
  /** Undefined for a name that fits no model, or more than one. */
  idOf(name: string): string | undefined;
}

/** @param models with their public names, e.g. `Claude Haiku 4.5` */
export function createModelNames(models: readonly { readonly id: string; readonly name: string }[]): ModelNames {
  const ids = new Map<string, string | undefined>();
  for (const { id, name } of models) {
    const key = keyOf(name);
    ids.set(key, ids.has(key) ? undefined : id);
  }
  return { idOf: (name) => ids.get(keyOf(name)) };
}

/** Words without order, digits in their order: `Claude4.6Opus` is `Claude Opus 4.6`, `Nova2.0Lite` is `Nova 2 Lite`. */
function keyOf(name: string): string {
  const plain = name.replace(/(\d)\.0(?!\d)/g, "$1").replace(/([a-z])([A-Z])/g, "$1 $2");
  const words = (plain.toLowerCase().match(/[a-z]+/g) ?? []).filter((word) => word !== "instruct").sort();
  return `${words.join(" ")} ${(plain.match(/\d+/g) ?? []).join("")}`;
}
