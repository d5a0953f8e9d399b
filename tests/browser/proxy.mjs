// The way between the phone and the server, as bad as it gets: it can be cut, lose answers after the server has done its work, and
// serve a newer release of the app.
import { createHash } from 'node:crypto';
import http from 'node:http';

const sha256 = bytes => createHash('sha256').update(bytes).digest('hex');

export class Proxy {
    /** Nothing gets through. */
    cut = false;
    /** Requests that never arrive, of those that do otherwise. */
    swallowed = undefined;
    /** How many answers to paths that match are lost yet. */
    losses = [];
    /** Paths that came through, with their methods. */
    seen = [];
    /** Pieces of photos the server took: where each begins, and its bytes. */
    pieces = [];
    /** Appended to the style sheet, as a new release would. */
    release = '';

    static async start(target) {
        const proxy = new Proxy();
        proxy.target = new URL(target);
        proxy.server = http.createServer((request, answer) => proxy.pass(request, answer));
        await new Promise(done => proxy.server.listen(0, '127.0.0.1', done));
        proxy.url = `http://127.0.0.1:${proxy.server.address().port}`;
        return proxy;
    }

    lose(pattern, times = 1) {
        this.losses.push({ pattern, times });
    }

    pass(request, answer) {
        const line = `${request.method} ${request.url}`;
        if (this.cut || this.swallowed?.test(line)) return request.socket.destroy();
        this.seen.push(line);
        const loss = this.losses.find(one => one.times > 0 && one.pattern.test(line));
        const rewrites = this.release && /^\/app\/(worker\.js|style\.css)$/.test(request.url);
        const headers = { ...request.headers, host: this.target.host };
        if (rewrites) {
            delete headers['accept-encoding'];
            delete headers['if-none-match'];
        }
        const onward = http.request({ host: this.target.hostname, port: this.target.port, method: request.method, path: request.url, headers }, reply => {
            if (request.method === 'PATCH' && reply.statusCode === 204) this.pieces.push([Number(request.headers['upload-offset']), Number(request.headers['content-length'])]);
            if (loss) {
                loss.times -= 1;
                // The server has done it; the answer never arrives.
                reply.resume();
                reply.on('end', () => request.socket.destroy());
                return;
            }
            if (!rewrites) {
                answer.writeHead(reply.statusCode, reply.headers);
                reply.pipe(answer);
                return;
            }
            const chunks = [];
            reply.on('data', chunk => chunks.push(chunk));
            reply.on('end', () => this.renew(request.url, Buffer.concat(chunks), reply, answer));
        });
        onward.on('error', () => request.socket.destroy());
        answer.on('close', () => answer.writableFinished || loss || onward.destroy());
        request.pipe(onward);
    }

    /** The next release: another style sheet, and a worker that names its hash. */
    renew(path, body, reply, answer) {
        if (path.endsWith('.css')) {
            this.style = body;
            body = Buffer.concat([body, Buffer.from(this.release)]);
        } else {
            const [line] = body.toString().split('\n');
            const files = JSON.parse(line.replace(/^const FILES = /, '').replace(/;$/, ''));
            files['/app/style.css'] = sha256(Buffer.concat([this.style, Buffer.from(this.release)]));
            body = Buffer.from(body.toString().replace(line, `const FILES = ${JSON.stringify(files)};`));
        }
        const headers = { ...reply.headers };
        delete headers['content-length'];
        delete headers['transfer-encoding'];
        delete headers.etag;
        answer.writeHead(reply.statusCode, { ...headers, 'content-length': body.length });
        answer.end(body);
    }

    stop() {
        this.server.closeAllConnections();
        this.server.close();
    }
}
