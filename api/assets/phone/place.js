// Where the phone is, for the records made there (DOMAIN 9). It is never waited for: a record without a place is as good as one with.
// The receiver empties the battery, so it is on only while a stop is on the screen; and it is the reader's to switch off.
import { state } from './state.js';

/** An older fix is of another door. */
const FRESH_MS = 120_000;
/** A fix as vague as this tells one quarter from another at best. */
const VAGUE_M = 2_000;
const DENIED = 1;

const micro = degrees => Math.round(degrees * 1e6);

/** What browsers give is WGS-84, in China too. */
export const placeOf = ({ latitude, longitude }) => ({ lat_micro: micro(latitude), lng_micro: micro(longitude), datum: 'wgs84' });

let watch;
let fix;

function note({ coords }) {
    state.place = 'found';
    if (coords.accuracy <= VAGUE_M) fix = { ...state.clocks.now(), place: { ...placeOf(coords), place_accuracy_m: Math.ceil(coords.accuracy) } };
}

/** Switches the receiver on where it is wanted and allowed, and off elsewhere. The browser asks the reader the first time. */
export function watchPlace(wanted) {
    const { geolocation } = navigator;
    const on = Boolean(wanted && state.settings.place && geolocation);
    if (on === (watch !== undefined)) return;
    if (on) {
        watch = geolocation.watchPosition(note, fault => {
            state.place = fault.code === DENIED ? 'denied' : 'searching';
        }, { enableHighAccuracy: true, maximumAge: 30_000, timeout: 60_000 });
        return;
    }
    geolocation.clearWatch(watch);
    watch = undefined;
}

/** The members that say where a record was made; none where that is not known now. */
export function placeNow() {
    const now = state.clocks.now();
    // Another stretch of the clocks: the phone slept in between, for nobody knows how long.
    const isFresh = state.settings.place && fix && fix.boot_id === now.boot_id && now.elapsed_ms - fix.elapsed_ms <= FRESH_MS;
    return isFresh ? fix.place : {};
}
