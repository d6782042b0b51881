/** Loaded before all else of the worker: zod is not to compile parsers, which a page's policy would refuse and report. */
import { z } from "zod";

z.config({ jitless: true });
