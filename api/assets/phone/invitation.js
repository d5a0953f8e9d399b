// An activation link, `https://server/app#activate=CODE`: the code stands in the fragment, which no server sees. Pure.

/** The code in a fragment; `null`: none. */
export const codeIn = hash => new URLSearchParams(hash.replace(/^#/, '')).get('activate');

/**
 * What was scanned, pasted or typed: `{code}`, of a link to this server or by itself; `{elsewhere}`, the server another link leads to; `{}`
 * of something that is neither.
 * @param {string} text
 * @param {string} origin
 */
export function readInvitation(text, origin) {
    const plain = text.trim();
    if (!/^https?:\/\//i.test(plain)) return /^[\w-]{1,64}$/.test(plain.replace(/\s/g, '')) ? { code: plain } : {};
    let url;
    try {
        url = new URL(plain);
    } catch {
        return {};
    }
    const code = codeIn(url.hash);
    if (!code) return {};
    return url.origin === origin ? { code } : { elsewhere: url.origin };
}
