import { adapters } from "../../../../simulator/bench/adapters/index.ts";
import { conforms } from "./conformance.ts";

for (const adapter of adapters) conforms(adapter);
