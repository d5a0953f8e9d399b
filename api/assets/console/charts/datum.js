// Where a place lies, whatever map it was read from (DOMAIN 9): Chinese web maps shift WGS-84 by 350–560 m. Drawn here is WGS-84 alone.

const AXIS = 6_378_245;
const ECCENTRICITY = 0.006_693_421_622_965_943;
const RADIANS = Math.PI / 180;

const isAbroad = (lat, lng) => lng < 72.004 || lng > 137.8347 || lat < 0.8293 || lat > 55.8271;

const waves = (value, first, second) => ((20 * Math.sin(value * Math.PI) + 40 * Math.sin((value / 3) * Math.PI)) * 2) / 3 + ((first * Math.sin((value / 12) * Math.PI) + second * Math.sin((value * Math.PI) / 30)) * 2) / 3;
const ripple = x => ((20 * Math.sin(6 * x * Math.PI) + 20 * Math.sin(2 * x * Math.PI)) * 2) / 3;

/** GCJ-02 less WGS-84, in degrees, at a place of WGS-84. */
function shift(lat, lng) {
    const [x, y] = [lng - 105, lat - 35];
    const root = Math.sqrt(Math.abs(x));
    const north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + ripple(x) + waves(y, 160, 320);
    const east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + ripple(x) + waves(x, 150, 300);
    const sine = Math.sin(lat * RADIANS);
    const flat = 1 - ECCENTRICITY * sine * sine;
    return [(north * 180) / (((AXIS * (1 - ECCENTRICITY)) / (flat * Math.sqrt(flat))) * Math.PI), (east * 180) / ((AXIS / Math.sqrt(flat)) * Math.cos(lat * RADIANS) * Math.PI)];
}

/** GCJ-02 to WGS-84, by looking for the place whose shift leads there. */
function fromGcj(lat, lng) {
    if (isAbroad(lat, lng)) return [lat, lng];
    let [north, east] = [lat, lng];
    for (let turn = 0; turn < 5; turn += 1) {
        const [dlat, dlng] = shift(north, east);
        [north, east] = [lat - dlat, lng - dlng];
    }
    return [north, east];
}

/** Baidu's BD-09 to GCJ-02. */
function fromBaidu(lat, lng) {
    const [x, y] = [lng - 0.0065, lat - 0.006];
    const turn = (Math.PI * 3000) / 180;
    const far = Math.hypot(x, y) - 0.00002 * Math.sin(y * turn);
    const angle = Math.atan2(y, x) - 0.000003 * Math.cos(x * turn);
    return [far * Math.sin(angle), far * Math.cos(angle)];
}

/** Degrees of WGS-84 of a place given in millionths of a degree of its own datum. */
export function wgs84({ lat_micro: lat, lng_micro: lng, datum }) {
    const given = [lat / 1e6, lng / 1e6];
    if (datum === 'gcj02') return fromGcj(...given);
    if (datum === 'bd09') return fromGcj(...fromBaidu(...given));
    return given;
}
