// The service worker: keeps the app's shell, never its data. `FILES` (url → SHA-256) is put before this text by the server, so that
// a new file makes a new worker. A release is taken whole: each file is held against its hash, and one that does not fit fails the
// installation, which the browser tries again later. The release before stays in use until then.
const RELEASE = Object.values(FILES).join('').split('').reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) >>> 0, 7).toString(36);
const SHELL = `shell-${RELEASE}`;

const hex = bytes => Array.from(new Uint8Array(bytes), byte => byte.toString(16).padStart(2, '0')).join('');

async function bring(cache, url, hash) {
    const answer = await fetch(url, { cache: 'no-cache', credentials: 'omit' });
    if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
    const bytes = await answer.clone().arrayBuffer();
    if (hex(await crypto.subtle.digest('SHA-256', bytes)) !== hash) throw new Error(`${url} is of another release`);
    await cache.put(url, new Response(bytes, { headers: answer.headers }));
}

self.addEventListener('install', event => {
    event.waitUntil((async () => {
        const cache = await caches.open(SHELL);
        await Promise.all(Object.entries(FILES).map(([url, hash]) => bring(cache, url, hash)));
    })());
});

self.addEventListener('activate', event => {
    event.waitUntil((async () => {
        const names = await caches.keys();
        await Promise.all(names.filter(name => name.startsWith('shell-') && name !== SHELL).map(name => caches.delete(name)));
        await self.clients.claim();
    })());
});

// The page says when it suits it: not while somebody types.
self.addEventListener('message', event => {
    if (event.data === 'take over') self.skipWaiting();
});

self.addEventListener('fetch', event => {
    const url = new URL(event.request.url);
    if (event.request.method !== 'GET' || url.origin !== self.location.origin) return;
    const path = event.request.mode === 'navigate' && url.pathname.startsWith('/app') ? '/app/' : url.pathname;
    // Whatever is not of the shell, /v1 above all, is the network's business alone.
    if (!(path in FILES)) return;
    event.respondWith((async () => {
        const cache = await caches.open(SHELL);
        return (await cache.match(path)) ?? fetch(event.request);
    })());
});
