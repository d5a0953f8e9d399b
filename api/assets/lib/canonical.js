// Ids and hashes as the protocol wants them (PROTOCOL "Ids").

/** The one text of an item: members in order, no white space. It is stored and sent as it is, so that a resend is the same bytes. */
export function canonical(value) {
    if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
    if (value === null || typeof value !== 'object') return JSON.stringify(value);
    const members = Object.keys(value).filter(name => value[name] !== undefined).sort();
    return `{${members.map(name => `${JSON.stringify(name)}:${canonical(value[name])}`).join(',')}}`;
}

const hex = bytes => Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');

/** SHA-256 in hex, of a text or of bytes. */
export async function sha256(content) {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}

/** A UUIDv7. Its time orders nothing; it only keeps ids apart. */
export function uuidv7(now = Date.now()) {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    let time = Math.max(0, now);
    for (let at = 5; at >= 0; at -= 1) {
        bytes[at] = time % 256;
        time = Math.floor(time / 256);
    }
    bytes[6] = (bytes[6] & 0x0f) | 0x70;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const text = hex(bytes);
    return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join('-');
}
