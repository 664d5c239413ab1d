// A circuit breaker for each autopilot (https://martinfowler.com/bliki/CircuitBreaker.html): one that has failed five
// times in a row is left alone for a while, then asked by one task alone. The twin of orchestrator/dispatch/circuit.py.
//
// It is the isolate's own knowledge: shared state would cost a storage read for each task. Pure: the time is passed in,
// in milliseconds.

const FAILURES = 5;
const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 16 * FIRST_PAUSE_MS;

export class Circuit {
  private failures = 0;
  private pauseMs = FIRST_PAUSE_MS;
  private pausedUntil = 0;

  /** Whether a task that is sent at `now` would have to wait. */
  isPaused(now: number): boolean {
    return this.failures >= FAILURES && now < this.pausedUntil;
  }

  /** How long from `now` no task may be sent; 0: this one may, and `succeeded` or `failed` says what became of it. */
  waitMs(now: number): number {
    if (this.failures < FAILURES) return 0;
    if (this.isPaused(now)) return this.pausedUntil - now;
    this.pausedUntil = now + this.pauseMs; // this task tries it out; the others wait for what becomes of it
    return 0;
  }

  succeeded(): void {
    this.failures = 0;
    this.pauseMs = FIRST_PAUSE_MS;
  }

  /** A task that was sent at `sentAt` failed; of those sent before the last pause began, nothing new is learnt. */
  failed(sentAt: number, now: number): void {
    if (this.failures >= FAILURES && sentAt < this.pausedUntil - this.pauseMs) return;
    this.failures++;
    if (this.failures < FAILURES) return;
    if (this.failures > FAILURES) this.pauseMs = Math.min(2 * this.pauseMs, LONGEST_PAUSE_MS);
    this.pausedUntil = now + this.pauseMs;
  }
}
