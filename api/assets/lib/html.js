// Templates for all apps: htm on Preact, without a build.
import { h, render } from '/assets/vendor/preact.js';
import htm from '/assets/vendor/htm.js';

export const html = htm.bind(h);
export { render };
