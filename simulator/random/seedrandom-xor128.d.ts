/** The one generator of seedrandom that is used, without the package's entry point, which loads Node's crypto. */
declare module "seedrandom/lib/xor128.js" {
  /** Makes a generator of uniforms in [0, 1) with 32 random bits. */
  const xor128: (seed: string) => () => number;
  export = xor128;
}
