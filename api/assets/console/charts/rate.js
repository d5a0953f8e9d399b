// A rate as a bar: seen, tried, the rest; and where the target stands.
import { html } from '/assets/lib/html.js';
import { t } from '/assets/lib/texts.js';
import { count, percent } from '../format.js';

/** The buckets of D in the order they are drawn (DOMAIN 3). */
export const BUCKETS = ['seen', 'time_review', 'customer_only', 'estimate_only', 'rejected_only', 'no_access', 'unattempted'];

export function Rate({ line, small = false }) {
    const whole = Math.max(1, line.denominator);
    let at = 0;
    const parts = BUCKETS.filter(bucket => line[bucket]).map(bucket => {
        const part = { bucket, from: at, width: (1000 * line[bucket]) / whole };
        at += part.width;
        return part;
    });
    const words = `${percent(line.rate_bp)}; ${t('coverage.target',
        { rate: percent(line.target_bp) })}; ${BUCKETS.map(bucket => `${t(`bucket.${bucket}`)} ${line[bucket]}`).join(', ')}`;
    return html`<svg class=${`rate${small ? ' small' : ''}`} viewBox="0 0 1000 24" preserveAspectRatio="none" role="img" aria-label=${words}>
        <rect class="rest" width="1000" height="24" />
        ${parts.map(part => html`<rect key=${part.bucket} class=${part.bucket} x=${part.from} width=${part.width} height="24">
            <title>${t(`bucket.${part.bucket}`)} ${count(line[part.bucket])}</title></rect>`)}
        <rect class="target" x=${Math.min(994, line.target_bp / 10 - 3)} width="6" height="24" />
    </svg>`;
}
