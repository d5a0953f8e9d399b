// The service worker and its updates. A new release is taken when nobody types; the outbox lies in the database and does not care.
import { draw, state } from './state.js';

/** Whether it runs by itself, from the home screen. */
export const isInstalled = () => matchMedia('(display-mode: standalone)').matches || /** @type {any} */ (navigator).standalone === true;

/** On iOS a Safari tab loses its storage after seven days, and what is installed does not see it: install first, activate then. */
export const isTabOnIos = () => /iphone|ipad/i.test(navigator.userAgent) && !isInstalled();

export async function watchShell(isBusy) {
    if (!('serviceWorker' in navigator)) return;
    let controlled = Boolean(navigator.serviceWorker.controller);
    navigator.serviceWorker.addEventListener('controllerchange', () => {
        // The very first worker takes over a page that is of its own release.
        if (controlled) location.reload();
        controlled = true;
    });
    let registration;
    try {
        registration = await navigator.serviceWorker.register('/app/worker.js', { scope: '/app/' });
    } catch {
        // Without a worker the app works while there is a network; the self-test says so.
        return;
    }
    const offer = worker => {
        const take = () => worker.postMessage('take over');
        // At the start of the app, with nothing begun, there is nobody to ask.
        if (!isBusy() && performance.now() < 10_000) return take();
        state.update = take;
        return draw();
    };
    if (registration.waiting && controlled) offer(registration.waiting);
    registration.addEventListener('updatefound', () => {
        const worker = registration.installing;
        worker?.addEventListener('statechange', () => {
            if (worker.state === 'installed' && navigator.serviceWorker.controller) offer(worker);
        });
    });
    document.addEventListener('visibilitychange', () => {
        if (document.visibilityState === 'visible') registration.update().catch(() => {});
    });
}
