// The yardstick: push and pull as a good Node engineer writes them in an hour. One insert a batch, one read a pull, no checks.
// The caller's token is believed unread; nothing is weighed, counted or kept aside.

import cluster from 'node:cluster';
import { hash } from 'node:crypto';
import Fastify from 'fastify';
import pg from 'pg';

const WORKERS = Number(process.env.WORKERS ?? 1);

const INSERT = `
  INSERT INTO records (id, kind, code, point_id, reader_id, device_id, device_seq, observed_at, received_at, grade,
                       figure_index, cumulative, balance, flags, body_hash, body)
  SELECT id, kind, 'field', point_id, $1::bigint, $2::bigint, device_seq, observed_at, $3::bigint, 'B',
         figure_index, cumulative, balance, '', decode(body_hash, 'hex'), body
  FROM unnest($4::uuid[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[],
              $12::text[], $13::text[])
       AS item (id, kind, point_id, device_seq, observed_at, figure_index, cumulative, balance, body_hash, body)
  ON CONFLICT DO NOTHING
  RETURNING id`;

const CHANGES = `
  SELECT version, kind, subject, change, reason FROM feed_entries
  WHERE reader_id = $1 AND version > $2 ORDER BY version LIMIT 500`;

const strings = { type: 'array', items: { type: 'string' } };
const RECEIPTS = {
  type: 'object',
  properties: {
    items: {
      type: 'array',
      items: {
        type: 'object',
        properties: { id: { type: 'string' }, outcome: { type: 'string' }, flags: strings },
      },
    },
    server_time: { type: 'string' },
  },
};
const CHANGED = {
  type: 'object',
  properties: {
    cursor: { type: 'string' },
    more: { type: 'boolean' },
    changes: { type: 'array', items: { type: 'object', additionalProperties: true } },
  },
};

function claims(request) {
  return JSON.parse(Buffer.from(request.headers.authorization.split('.')[1], 'base64url').toString());
}

async function serve() {
  const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: Math.ceil(12 / WORKERS) });
  const app = Fastify({ logger: false, bodyLimit: 2 << 20 });

  app.post('/v1/sync/records', { schema: { response: { 200: RECEIPTS } } }, async (request) => {
    const { sub, dev } = claims(request);
    const now = Date.now();
    const columns = Array.from({ length: 10 }, () => []);
    for (const item of request.body.items) {
      const body = JSON.stringify(item);
      columns[0].push(item.id);
      columns[1].push(item.kind);
      columns[2].push(item.service_point_id);
      columns[3].push(item.device_seq);
      columns[4].push(Date.parse(item.read_at));
      columns[5].push(item.index ?? null);
      columns[6].push(item.cumulative ?? null);
      columns[7].push(item.balance ?? null);
      columns[8].push(hash('sha256', body, 'hex'));
      columns[9].push(body);
    }
    const { rows } = await pool.query({ name: 'insert', text: INSERT, values: [sub, dev, now, ...columns] });
    const stored = new Set(rows.map((row) => row.id));
    return {
      items: request.body.items.map(({ id }) => ({ id, outcome: stored.has(id) ? 'accepted' : 'duplicate', flags: [] })),
      server_time: new Date(now).toISOString(),
    };
  });

  app.get('/v1/sync/changes', { schema: { response: { 200: CHANGED } } }, async (request) => {
    const position = request.query.cursor ?? '0';
    const { rows } = await pool.query({ name: 'changes', text: CHANGES, values: [claims(request).sub, position] });
    const last = rows.at(-1);
    return { cursor: last ? String(last.version) : position, more: rows.length === 500, changes: rows };
  });

  return app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 0) });
}

if (WORKERS > 1 && cluster.isPrimary) {
  let told = false;
  cluster.on('listening', (_, { address, port }) => {
    if (!told) console.log(`the yardstick is at http://${address}:${port}`);
    told = true;
  });
  for (let n = 0; n < WORKERS; n += 1) cluster.fork();
} else {
  const url = await serve();
  if (!cluster.isWorker) console.log(`the yardstick is at ${url}`);
}
