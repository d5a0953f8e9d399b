// A reader's day with the generated TypeScript client. It ends with an error where an answer is not as expected.
import { v7 as uuidv7 } from 'uuid';
import {
    AccountsApi, Configuration, MetaApi, ProblemBodyFromJSON, ResponseError, SyncApi,
    type ProblemBody, type PulledStop, type PushAnswer, type PushItem, type PushRequest, type TokenAnswer,
} from './client/index.js';

declare const process: { env: Record<string, string | undefined> };

function told(name: string): string {
    const value = process.env[name];
    if (value === undefined) throw new Error(`${name} is not set`);
    return value;
}

function expect<T>(what: string, found: T, wanted: T): void {
    const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
    if (a !== b) throw new Error(`${what}: ${a}, expected ${b}`);
}

// Every failure is a problem (RFC 9457) with a stable code; this makes it one in the types.
async function problemOf(call: Promise<unknown>): Promise<ProblemBody> {
    try {
        await call;
    } catch (fault) {
        if (fault instanceof ResponseError) return ProblemBodyFromJSON(await fault.response.json());
        throw fault;
    }
    throw new Error('expected a problem');
}

const outcomes = (answer: PushAnswer): string[] => answer.items.map(item => item.outcome);

let tokens: TokenAnswer | undefined;
const configuration = new Configuration({ basePath: told('METERBOOK_URL'), accessToken: () => tokens?.accessToken ?? '' });
const [accounts, meta, sync] = [new AccountsApi(configuration), new MetaApi(configuration), new SyncApi(configuration)];

expect('without a token', (await problemOf(sync.pullChanges())).code, 'unauthenticated');

// Activation (激活): the code the dispatcher gave, once.
const code = told('METERBOOK_CODE');
const activateDeviceRequest = { code, label: 'TypeScript', platform: 'web' };
tokens = await accounts.activateDevice({ activateDeviceRequest });
expect('a code used twice', (await problemOf(accounts.activateDevice({ activateDeviceRequest }))).code, 'invalid_activation_code');

// Pull: rounds (抄表任务) until there is no more.
const stops: PulledStop[] = [];
for (let cursor: string | undefined, more = true; more;) {
    const answer = await sync.pullChanges({ cursor });
    stops.push(...answer.rounds.flatMap(round => round.stops));
    ({ cursor, more } = answer);
}
const bad = await problemOf(sync.pullChanges({ cursor: 'not one of yours' }));
expect('a bad cursor', [bad.status, bad.code, bad.retryable], [400, 'invalid_cursor', false]);

// One reading (抄见), one attempt (到访不遇); both keep their ids for ever.
const [read, locked] = stops.filter(stop => stop._class === 'residential_outdoor');
if (read?.meter === undefined || locked === undefined) throw new Error('no stops');
const { serverTime } = await meta.getMeta();
const item = (deviceSeq: number, stop: PulledStop): Omit<PushItem, 'kind'> => ({
    id: uuidv7(), deviceSeq, readAt: serverTime.toISOString(), servicePointId: stop.servicePointId,
});
const items: PushItem[] = [
    // The dial shows 1030 m³.
    { ...item(1, read), kind: 'reading', index: 1_030_000, note: '表箱在门左' },
    { ...item(2, locked), kind: 'attempt', attemptCode: 'locked' },
];
const push = (items: PushItem[]): Promise<PushAnswer> => {
    const pushRequest: PushRequest = { sentAt: serverTime, items };
    return sync.pushRecords({ pushRequest });
};
const first = await push(items);
expect('first', [outcomes(first), first.highestContiguousSeq], [['accepted', 'accepted'], 2]);
expect('the ids', first.items.map(receipt => receipt.id), items.map(item => item.id));
expect('again', outcomes(await push(items)), ['duplicate', 'duplicate']);

// What can't be taken as it is lies in quarantine, with its code and the whole of it.
const [refused] = (await push([{ ...item(3, read), kind: 'dance' }])).items;
expect('refused', [refused?.outcome, refused?.code, refused?.pointer], ['rejected', 'unknown_kind', '/kind']);

// New tokens; the old refresh token is spent.
tokens = await accounts.refreshTokens({ refreshTokensRequest: { refreshToken: tokens.refreshToken } });
const page = await sync.listQuarantine({ limit: 10 });
expect('quarantine', page.items.map(row => [row.code, JSON.parse(row.body).kind]), [['unknown_kind', 'dance']]);
console.log('as expected');
