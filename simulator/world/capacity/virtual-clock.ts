/**
 * Virtual time of a shared server: V counts units of work done for each customer in service. It runs at rate
 * 1/unitMs while anybody is served; a customer who joins at V0 with w units leaves when V reaches V0 + w, whatever the
 * rate does in between. (Generalised processor sharing in virtual time: Parekh and Gallager 1993, IEEE/ACM ToN 1(3).)
 */
export class VirtualClock {
  /** V, in units of work. */
  units = 0;
  /** Time of a unit at the present rate, ms. */
  unitMs = 1;
  private lastMs = 0;

  /** Brings V up to now at the rate that has held since the last change. */
  synchronise(nowMs: number, isBusy: boolean): void {
    // Without this an instant of no length at a rate without limit (a step of 0 ms) would count 0 / 0 units.
    if (isBusy && nowMs > this.lastMs) this.units += (nowMs - this.lastMs) / this.unitMs;
    this.lastMs = nowMs;
  }

  /** What V will be at an instant if the rate holds and somebody is served; changes nothing. */
  unitsAt(nowMs: number): number {
    return nowMs > this.lastMs ? this.units + (nowMs - this.lastMs) / this.unitMs : this.units;
  }

  /** Lands exactly on a mark, so that no rounding piles up. */
  landOn(units: number, nowMs: number): void {
    this.units = units;
    this.lastMs = nowMs;
  }

  /** The rate from now on; synchronise first. */
  setUnitMs(unitMs: number): void {
    this.unitMs = unitMs;
  }

  /** When V reaches a mark at today's rate, ms. */
  reachMs(units: number): number {
    const left = units - this.units;
    return left <= 0 ? this.lastMs : this.lastMs + left * this.unitMs;
  }
}
