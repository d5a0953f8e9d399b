// The phone's two clocks (DOMAIN 2). The wall clock may be wrong and may jump; the monotonic one never jumps, but browsers stop it
// while a phone sleeps. A difference of it across a sleep would date a reading wrongly and with certainty, so whenever the two clocks
// have moved apart a new stretch begins, with a name of its own: the server compares monotonic times within one stretch only.
import { uuidv7 } from '/assets/lib/canonical.js';

/** They may drift apart by this many ms within one stretch. */
const DRIFT = 1500;

export class Clocks {
    /** `wall` and `elapsed` may be given for tests. */
    constructor(wall = () => Date.now(), elapsed = () => performance.now()) {
        this.wall = wall;
        this.elapsed = elapsed;
        this.begin();
    }

    begin() {
        this.stretch = uuidv7(this.wall());
        this.apart = this.wall() - this.elapsed();
    }

    /** Both clocks now, and the stretch they belong to. */
    now() {
        if (Math.abs(this.wall() - this.elapsed() - this.apart) > DRIFT) this.begin();
        return { at: new Date(this.wall()).toISOString(), elapsed_ms: Math.round(this.elapsed()), boot_id: this.stretch };
    }
}
