/** The formats of `meridian strategy export`; a new one is one file and one line here. */
import { envoy } from "./export-envoy.ts";
import type { ExportFormat } from "./export-format.ts";
import { litellmFormat } from "./export-litellm.ts";
import { moduleFormat } from "./export-module.ts";

export const EXPORT_FORMATS: readonly ExportFormat[] = [litellmFormat, envoy, moduleFormat];
