/** Types of `compiler-options.mjs`. */
export function tuneCompiler(): void;
