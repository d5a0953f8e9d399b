// A code in words, where there are words for it; a code from a newer server shows itself.
import { t } from '/assets/lib/texts.js';

export function named(family, code) {
    if (!code) return '';
    const key = `${family}.${code}`;
    const text = t(key);
    return text === key ? code : text;
}
