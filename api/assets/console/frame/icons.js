// Small pictures beside words; no word is left to a picture alone.
import { html } from '/assets/lib/html.js';

const PATHS = {
    overview: 'M3 11l9-7 9 7v9h-6v-6H9v6H3z',
    cases: 'M12 3l10 18H2zM12 10v5M12 18v.5',
    suspects: 'M4 6h16M4 12h8M4 18h6M16.500 18a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM19 17l2.500 3',
    coverage: 'M12 3v9l7 5A9 9 0 1 1 12 3zM15 3.5A9 9 0 0 1 20.5 9',
    unseen: 'M3 12s3.5-6 9-6 9 6 9 6-3.5 6-9 6-9-6-9-6zM4 4l16 16',
    plans: 'M4 5h16v14H4zM4 10h16M10 10v9M15 10v9',
    readers: 'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM3 20c0-4 3-6 6-6s6 2 6 6M16 11a3 3 0 1 0-1-5.800M17 14c2.500.400 4 2.500 4 6',
    rounds: 'M6 5a2 2 0 1 0 .01 0M18 19a2 2 0 1 0 .01 0M6 9v4a3 3 0 0 0 3 3h3a3 3 0 0 1 3 3',
    calendar: 'M4 6h16v14H4zM4 11h16M8 3v5M16 3v5',
    devices: 'M7 3h10v18H7zM11 18h2',
    quarantine: 'M5 8h14v12H5zM8 8V6a4 4 0 0 1 8 0v2M12 13v3',
    gaps: 'M4 6h5M13 6h7M4 12h9M17 12h3M4 18h3M11 18h9',
    decide: 'M5 12l4 4 10-10',
    month: 'M6 3h9l4 4v14H6zM9 12h7M9 16h7M9 8h3',
    daily: 'M4 20V10M10 20V4M16 20v-7M21 20H3',
    rules: 'M9 3v6L4 19a1.5 1.5 0 0 0 1.4 2h13.2A1.5 1.5 0 0 0 20 19L15 9V3M8 3h8M7 15h10',
    appraisals: 'M12 3l2.7 5.6 6.1.9-4.4 4.3 1 6.1L12 17l-5.4 2.9 1-6.1L3.200 9.500l6.100-.9z',
    points: 'M12 21s7-6.500 7-11.500a7 7 0 1 0-14 0C5 14.500 12 21 12 21zM12 12a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z',
    search: 'M10.500 17a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13zM15.500 15.500L21 21',
    light: 'M12 4v16a8 8 0 0 0 0-16zM12 4a8 8 0 0 0 0 16',
    lock: 'M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3',
};

export const Icon = ({ name }) => html`<svg class="icon" viewBox="0 0 24 24" width="18" height="18" aria-hidden="true" focusable="false">
    <path d=${PATHS[name] ?? ''} /></svg>`;
