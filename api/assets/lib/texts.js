// What a person reads, in Chinese and in English: two catalogues with the same keys (a test holds them equal).
const catalogues = {};
let language = 'zh';

/** Loads both catalogues of a folder, so that the language can be changed out of reach. `fetch` may be given for tests. */
export async function loadTexts(fetch = globalThis.fetch, folder = '/assets/texts') {
    await Promise.all(['zh', 'en'].map(async name => {
        catalogues[name] = await (await fetch(`${folder}/${name}.json`)).json();
    }));
}

export const languageOf = wanted => (String(wanted).toLowerCase().startsWith('en') ? 'en' : 'zh');
export const currentLanguage = () => language;

export function useLanguage(wanted) {
    language = languageOf(wanted);
    document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
}

/** The text of a key, its `{placeholders}` filled. A key nobody wrote shows itself, so that it is found. */
export function t(key, values = {}) {
    const text = catalogues[language]?.[key] ?? key;
    return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Of something that brings both languages itself, as the server's code lists do. */
export const both = row => row?.[language] ?? '';
