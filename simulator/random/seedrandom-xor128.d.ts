/** The one generator of seedrandom that is used, without the package's entry point, which loads Node's crypto. */
declare module "seedrandom/lib/xor128.js" {
  interface Xor128State {
    readonly x: number;
    readonly y: number;
    readonly z: number;
    readonly w: number;
  }
  /** Makes a generator of uniforms in [0, 1) with 32 random bits, whose state can be read. */
  const xor128: (seed: string, options: { state: true }) => { (): number; state(): Xor128State };
  export = xor128;
}
