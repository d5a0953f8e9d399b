// What is on the screen is a function of one object, the state; this is what every app of ours does with it.

/**
 * Drawing, changing and telling. `held` is the member of `state` that holds what the open screen holds, `noticeMs` how long a sentence
 * stays.
 * @param {any} state
 * @param {{held: string, noticeMs: number}} how
 */
export function screenOf(state, { held, noticeMs }) {
    let show = () => {};
    let asked = false;

    /** Who draws. */
    function onDraw(work) {
        show = work;
    }

    /** Draws once after all that happens now. */
    function draw() {
        if (asked) return;
        asked = true;
        queueMicrotask(() => {
            asked = false;
            show();
        });
    }

    /** Changes what the open screen holds. */
    function set(changes) {
        Object.assign(state[held], changes);
        draw();
    }

    /** A sentence at the foot of the screen, read aloud; an alarm interrupts, and stays: it must not be missed. */
    function tell(text, alarm = false) {
        const notice = { text, alarm, at: Date.now() };
        state.notice = notice;
        draw();
        if (alarm) return;
        setTimeout(() => {
            if (state.notice === notice) state.notice = undefined;
            draw();
        }, noticeMs);
    }

    return { onDraw, draw, set, tell };
}
