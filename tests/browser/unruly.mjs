// A phone that sends what it should not: a negative index, a point that is not its own, a hazard, a find, and numbers with a gap between
// them. What the dispatcher then has to settle is what the console is tried on.
import { randomUUID } from 'node:crypto';

const DAY = 86_400_000;

async function ask(url, method, path, token, json) {
    const headers = { 'content-type': 'application/json', 'accept-language': 'zh-CN', ...(token ? { authorization: `Bearer ${token}` } : {}) };
    const reply = await fetch(url + path, { method, headers, body: json && JSON.stringify(json) });
    const text = await reply.text();
    if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${text}`);
    return text ? JSON.parse(text) : {};
}

/** Any id of version 7 will do. */
function id() {
    const time = Date.now().toString(16).padStart(12, '0');
    const rest = randomUUID().replaceAll('-', '');
    return `${time.slice(0, 8)}-${time.slice(8)}-7${rest.slice(13, 16)}-8${rest.slice(17, 20)}-${rest.slice(20)}`;
}

/** Returns a point the reader may be at, for who mends what was sent. */
export async function misbehave(url, password) {
    const desk = await ask(url, 'POST', '/v1/auth/login', undefined, { login: 'dispatcher', password });
    const dispatcher = (method, path, json) => ask(url, method, path, desk.access_token, json);
    const [reader] = (await dispatcher('GET', '/v1/accounts?role=reader')).items;
    const route = (await dispatcher('GET', '/v1/routes')).items.find(one => one.points > 5);
    const day = at => new Date(Date.now() + 8 * 3_600_000 + at * DAY).toISOString().slice(0, 10);
    const round = await dispatcher('POST', '/v1/rounds', { route_id: route.id, reader_id: reader.id, from_day: day(0), until_day: day(2), name: '补抄' });
    const [first, second, third] = (await dispatcher('GET', `/v1/rounds/${round.id}`)).stops.map(stop => stop.service_point_id);
    const { code } = await dispatcher('POST', '/v1/devices/activation-codes', { account_id: reader.id });
    const phone = await ask(url, 'POST', '/v1/auth/activate', undefined, { code, label: '备用手机', platform: 'android' });
    const readAt = new Date(Date.now() - 600_000).toISOString();
    const item = (seq, point, more) => ({ id: id(), device_seq: seq, read_at: readAt, service_point_id: point, ...more });
    const items = [
        item(1, first, { kind: 'reading', index: -5 }), item(2, 9_999_999, { kind: 'attempt', attempt_code: 'locked' }),
        item(5, second, { kind: 'hazard', hazard_code: 'leak', severity: 'critical', note: '厨房有气味' }),
        item(6, third, { kind: 'found', found_code: 'wrong_number', seen_number: '00180399999', note: '表号与档案不一致' }),
    ];
    const answer = await ask(url, 'POST', '/v1/sync/records', phone.access_token, { sent_at: new Date().toISOString(), items });
    if (answer.missing_seqs.join() !== '3,4') throw new Error(JSON.stringify(answer));
    return second;
}
